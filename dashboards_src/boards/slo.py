"""LLM objectives: what was promised, how much of the error budget is left, how fast it burns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dashboards_src import config, records
from dashboards_src.boards import grafana
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import About, Panel
from dashboards_src.boards.scope import where
from dashboards_src.boards.targets import Prom
from dashboards_src.boards.thresholds import bad_above, bad_below
from dashboards_src.config import Burn

MONTH: Final = config.MONTH.production
ALERTS: Final = tuple(slo.alert for slo in config.SLOS)
SCOPE: Final = f"{{{where(('service', 'endpoint'))}}}"
NAMED: Final = "{{slo}} {{service}} {{endpoint}}"
OBJECTIVES: Final = "; ".join(
    f"{slo.name}: {slo.objective * 100:g} % ({slo.events} are bad if they {slo.failure})" for slo in config.SLOS
)


def _times_too_fast(window: str) -> str:
    """The bad share of a window over the share that the objective allows."""
    return f"{records.slo_bad_ratio(window)}{SCOPE} / on (slo) group_left () (1 - {records.SLO_OBJECTIVE})"


def objectives() -> Panel:
    return grafana.stat(
        About(
            "Objectives",
            f"Share of good events that is promised over {MONTH}, at every service and endpoint. {OBJECTIVES}.",
            grafana.SHARE,
            size=(12, 5),
            decimals=1,
        ),
        Prom(f"max by (slo) ({records.SLO_OBJECTIVE})", "{{slo}}"),
    )


def budget_left() -> Panel:
    return grafana.bar_gauge(
        About(
            "Error budget left",
            f"1 is untouched, 0 is spent, below 0 the promise is broken for these {MONTH}. Red: no risky deployments,"
            " work on what fails until it recovers. It recovers by itself as bad days leave the window.",
            grafana.SHARE,
            size=(24, 10),
            decimals=1,
            minimum=0,
            maximum=1,
            thresholds=bad_below(0, 1 - config.BUDGET_WARNING),
            alerts=ALERTS,
        ),
        Prom(f"sort({records.SLO_BUDGET_LEFT}{SCOPE})", NAMED),
    )


def bad_events() -> Panel:
    events = f"{records.slo_events(MONTH)}{SCOPE}"
    return grafana.stat(
        About(
            "Bad events of 30 days",
            "How many events were bad: the error budget in things that happened to people.",
            grafana.COUNT,
            size=(12, 5),
            decimals=0,
        ),
        Prom(f"sum by (slo) ({records.slo_bad_ratio(MONTH)}{SCOPE} * {events})", "{{slo}}"),
    )


def _burn(burn: Burn) -> Callable[[], Panel]:
    long, short, factor = burn.long.production, burn.short.production, burn.factor.production

    def panel() -> Panel:
        what = "calls someone" if burn.severity == "critical" else "makes a ticket"
        return grafana.time_series(
            About(
                f"Burn rate over {long}",
                f"How many times too fast the budget is spent: 1 spends it in exactly {MONTH}. Above {factor:g}, over"
                f" {long} and still over {short}, it {what}. Open Incident with the service and endpoint of the line.",
                grafana.TIMES,
                size=(12, 8),
                decimals=2,
                thresholds=bad_above(factor),
                alerts=ALERTS,
                see=[grafana.dashboard(config.INCIDENT_BOARD, "Incident")],
            ),
            Prom(_times_too_fast(long), NAMED),
        )

    panel.__name__ = f"burn_over_{long}"
    return panel


def budget_over_time() -> Panel:
    return grafana.time_series(
        About(
            "Error budget left over 30 days",
            "Steep falls are incidents: compare them with deployments (blue marks) and with what was written down.",
            grafana.SHARE,
            size=(24, 9),
            maximum=1,
            thresholds=bad_below(0),
            time_from="30d",
            interval="1h",
            alerts=ALERTS,
        ),
        Prom(f"{records.SLO_BUDGET_LEFT}{SCOPE}", NAMED),
    )


BOARD: Final = Board(
    config.SLO_BOARD,
    "LLM objectives",
    f"What was promised, how much of the error budget is left, how fast it burns. {OBJECTIVES}.",
    "dashboards_src/boards/slo.py",
    variables=("service", "endpoint"),
    since="now-24h",
    refresh="1m",
    rows=[
        Row("Budgets", [objectives, bad_events, budget_left]),
        Row("Burn rates", [_burn(burn) for burn in config.BURNS]),
        Row("History", [budget_over_time]),
    ],
)
