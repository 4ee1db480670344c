"""LLM objectives: service level objectives, error budgets, and how fast the budgets burn."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel
from dashboards_src.boards.panels import legend
from dashboards_src.boards.queries import PrometheusQuery, matchers
from dashboards_src.boards.thresholds import red_above, red_below
from dashboards_src.config import Burn
from dashboards_src.records import slo as slo_records

MONTH: Final = config.MONTH.production
ALERTS: Final = tuple(slo.alert for slo in config.SLOS)
FILTER: Final = f"{{{matchers(('service', 'endpoint'))}}}"
EVENTS: Final = f"{slo_records.events_in(MONTH)}{FILTER}"
LEGEND: Final = legend("slo, service, endpoint")
OBJECTIVES: Final = "; ".join(
    f"{slo.name}: {slo.objective * 100:g} % ({slo.events} are bad if they {slo.failure})" for slo in config.SLOS
)


def burn_rate(burn: Burn) -> Panel:
    long, short, factor = burn.long.production, burn.short.production, burn.factor.production
    return grafana.time_series(
        f"Burn rate over {long}",
        f"At 1 the error budget is spent in exactly {MONTH}. Above {factor:g}, over both {long} and {short}, a"
        f" {burn.severity} alert fires. Open Incident with the service and endpoint of the line.",
        grafana.TIMES,
        PrometheusQuery(
            f"{slo_records.bad_ratio(long)}{FILTER} / on (slo) group_left () (1 - {slo_records.OBJECTIVE})", LEGEND
        ),
        size=(12, 8),
        decimals=2,
        thresholds=red_above(factor),
        alerts=ALERTS,
        links=[grafana.dashboard(config.INCIDENT_BOARD, "Incident")],
    )


BUDGETS: Final = Row(
    "Error budgets",
    grafana.stat(
        "Objectives",
        f"Share of good events that every service and endpoint must reach over {MONTH}. {OBJECTIVES}.",
        grafana.SHARE,
        PrometheusQuery(f"max by (slo) ({slo_records.OBJECTIVE})", legend("slo")),
        size=(12, 5),
        decimals=1,
    ),
    grafana.stat(
        "Bad events in 30 days",
        "The number of bad events per objective: how many failures, slow answers and bad answers users got. Look at"
        " the largest number first.",
        grafana.COUNT,
        PrometheusQuery(f"sum by (slo) ({slo_records.bad_ratio(MONTH)}{FILTER} * {EVENTS})", legend("slo")),
        size=(12, 5),
        decimals=0,
    ),
    grafana.bar_gauge(
        "Error budget left",
        f"100% is untouched, 0% is spent; below 0% the objective of {MONTH} is missed. Red: stop risky deployments"
        " and fix what fails. The budget recovers as bad days leave the window.",
        grafana.SHARE,
        PrometheusQuery(f"sort({slo_records.BUDGET_LEFT}{FILTER})", LEGEND),
        size=(24, 10),
        decimals=1,
        minimum=0,
        maximum=1,
        thresholds=red_below(0, 1 - config.BUDGET_WARNING),
        alerts=ALERTS,
    ),
)

BURN_RATES: Final = Row("Burn rates", *(burn_rate(burn) for burn in config.BURNS))

HISTORY: Final = Row(
    "History",
    grafana.time_series(
        "Error budget left over 30 days",
        "Steep drops are incidents. Compare them with deployments (blue marks) and with your incident reports.",
        grafana.SHARE,
        PrometheusQuery(f"{slo_records.BUDGET_LEFT}{FILTER}", LEGEND),
        size=(24, 9),
        maximum=1,
        thresholds=red_below(0),
        time_from="30d",
        interval="1h",
        alerts=ALERTS,
    ),
)


BOARD: Final = Board(
    config.SLO_BOARD,
    "LLM objectives (SLOs)",
    "Objectives, how much of each error budget is left, and how fast it burns.",
    "dashboards_src/boards/slo.py",
    variables=("service", "endpoint"),
    since="now-24h",
    refresh="1m",
    rows=[BUDGETS, BURN_RATES, HISTORY],
)
