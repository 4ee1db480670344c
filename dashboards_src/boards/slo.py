"""LLM objectives: what was promised, how much of the error budget is left, how fast it burns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions
from dashboards_src.boards.queries import matchers
from dashboards_src.boards.targets import PrometheusQuery
from dashboards_src.boards.thresholds import red_above, red_below
from dashboards_src.config import Burn
from dashboards_src.records import slo as slo_records

MONTH: Final = config.MONTH.production
ALERTS: Final = tuple(slo.alert for slo in config.SLOS)
SCOPE: Final = f"{{{matchers(('service', 'endpoint'))}}}"
NAMED: Final = "{{slo}} {{service}} {{endpoint}}"
OBJECTIVES: Final = "; ".join(
    f"{slo.name}: {slo.objective * 100:g} % ({slo.events} are bad if they {slo.failure})" for slo in config.SLOS
)


def _times_too_fast(window: str) -> str:
    """The bad share of a window over the share that the objective allows."""
    return f"{slo_records.bad_ratio(window)}{SCOPE} / on (slo) group_left () (1 - {slo_records.OBJECTIVE})"


def objectives() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Objectives",
            f"Share of good events that is promised over {MONTH}, at every service and endpoint. {OBJECTIVES}.",
            grafana.SHARE,
            size=(12, 5),
            decimals=1,
        ),
        PrometheusQuery(f"max by (slo) ({slo_records.OBJECTIVE})", "{{slo}}"),
    )


def budget_left() -> Panel:
    return grafana.bar_gauge(
        PanelOptions(
            "Error budget left",
            f"1 is untouched, 0 is spent, below 0 the promise is broken for these {MONTH}. Red: no risky deployments,"
            " work on what fails until it recovers. It recovers by itself as bad days leave the window.",
            grafana.SHARE,
            size=(24, 10),
            decimals=1,
            minimum=0,
            maximum=1,
            thresholds=red_below(0, 1 - config.BUDGET_WARNING),
            alerts=ALERTS,
        ),
        PrometheusQuery(f"sort({slo_records.BUDGET_LEFT}{SCOPE})", NAMED),
    )


def bad_events() -> Panel:
    events = f"{slo_records.events_in(MONTH)}{SCOPE}"
    return grafana.stat(
        PanelOptions(
            "Bad events of 30 days",
            "How many events were bad: the error budget in things that happened to people.",
            grafana.COUNT,
            size=(12, 5),
            decimals=0,
        ),
        PrometheusQuery(f"sum by (slo) ({slo_records.bad_ratio(MONTH)}{SCOPE} * {events})", "{{slo}}"),
    )


def _burn(burn: Burn) -> Callable[[], Panel]:
    long, short, factor = burn.long.production, burn.short.production, burn.factor.production

    def panel() -> Panel:
        what = "calls someone" if burn.severity == "critical" else "makes a ticket"
        return grafana.time_series(
            PanelOptions(
                f"Burn rate over {long}",
                f"How many times too fast the budget is spent: 1 spends it in exactly {MONTH}. Above {factor:g}, over"
                f" {long} and still over {short}, it {what}. Open Incident with the service and endpoint of the line.",
                grafana.TIMES,
                size=(12, 8),
                decimals=2,
                thresholds=red_above(factor),
                alerts=ALERTS,
                links=[grafana.dashboard(config.INCIDENT_BOARD, "Incident")],
            ),
            PrometheusQuery(_times_too_fast(long), NAMED),
        )

    panel.__name__ = f"burn_over_{long}"
    return panel


def budget_over_time() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Error budget left over 30 days",
            "Steep falls are incidents: compare them with deployments (blue marks) and with what was written down.",
            grafana.SHARE,
            size=(24, 9),
            maximum=1,
            thresholds=red_below(0),
            time_from="30d",
            interval="1h",
            alerts=ALERTS,
        ),
        PrometheusQuery(f"{slo_records.BUDGET_LEFT}{SCOPE}", NAMED),
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
