"""LLM objectives: service level objectives, error budgets, and how fast the budgets burn."""

from __future__ import annotations

from functools import partial
from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions
from dashboards_src.boards.panels import legend
from dashboards_src.boards.queries import matchers
from dashboards_src.boards.targets import PrometheusQuery
from dashboards_src.boards.thresholds import red_above, red_below
from dashboards_src.config import Burn
from dashboards_src.records import slo as slo_records

MONTH: Final = config.MONTH.production
ALERTS: Final = tuple(slo.alert for slo in config.SLOS)
FILTER: Final = f"{{{matchers(('service', 'endpoint'))}}}"
LEGEND: Final = legend("slo, service, endpoint")
OBJECTIVES: Final = "; ".join(
    f"{slo.name}: {slo.objective * 100:g} % ({slo.events} are bad if they {slo.failure})" for slo in config.SLOS
)


def objectives() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Objectives",
            f"Share of good events that every service and endpoint must reach over {MONTH}. {OBJECTIVES}.",
            grafana.SHARE,
            size=(12, 5),
            decimals=1,
        ),
        PrometheusQuery(f"max by (slo) ({slo_records.OBJECTIVE})", legend("slo")),
    )


def budget_left() -> Panel:
    return grafana.bar_gauge(
        PanelOptions(
            "Error budget left",
            f"100% is untouched, 0% is spent; below 0% the objective of {MONTH} is missed. Red: stop risky deployments"
            " and fix what fails. The budget recovers as bad days leave the window.",
            grafana.SHARE,
            size=(24, 10),
            decimals=1,
            minimum=0,
            maximum=1,
            thresholds=red_below(0, 1 - config.BUDGET_WARNING),
            alerts=ALERTS,
        ),
        PrometheusQuery(f"sort({slo_records.BUDGET_LEFT}{FILTER})", LEGEND),
    )


def bad_events() -> Panel:
    events = f"{slo_records.events_in(MONTH)}{FILTER}"
    return grafana.stat(
        PanelOptions(
            "Bad events in 30 days",
            "The number of bad events per objective: how many failures, slow answers and bad answers users got. Look at"
            " the largest number first.",
            grafana.COUNT,
            size=(12, 5),
            decimals=0,
        ),
        PrometheusQuery(f"sum by (slo) ({slo_records.bad_ratio(MONTH)}{FILTER} * {events})", legend("slo")),
    )


def burn_rate(burn: Burn) -> Panel:
    long, short, factor = burn.long.production, burn.short.production, burn.factor.production
    return grafana.time_series(
        PanelOptions(
            f"Burn rate over {long}",
            f"At 1 the error budget is spent in exactly {MONTH}. Above {factor:g}, over both {long} and {short}, a"
            f" {burn.severity} alert fires. Open Incident with the service and endpoint of the line.",
            grafana.TIMES,
            size=(12, 8),
            decimals=2,
            thresholds=red_above(factor),
            alerts=ALERTS,
            links=[grafana.dashboard(config.INCIDENT_BOARD, "Incident")],
        ),
        PrometheusQuery(
            f"{slo_records.bad_ratio(long)}{FILTER} / on (slo) group_left () (1 - {slo_records.OBJECTIVE})", LEGEND
        ),
    )


def budget_over_time() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Error budget left over 30 days",
            "Steep drops are incidents. Compare them with deployments (blue marks) and with your incident reports.",
            grafana.SHARE,
            size=(24, 9),
            maximum=1,
            thresholds=red_below(0),
            time_from="30d",
            interval="1h",
            alerts=ALERTS,
        ),
        PrometheusQuery(f"{slo_records.BUDGET_LEFT}{FILTER}", LEGEND),
    )


BOARD: Final = Board(
    config.SLO_BOARD,
    "LLM objectives (SLOs)",
    f"Objectives, error budgets, and how fast the budgets burn. {OBJECTIVES}.",
    "dashboards_src/boards/slo.py",
    variables=("service", "endpoint"),
    since="now-24h",
    refresh="1m",
    rows=[
        Row("Error budgets", [objectives, bad_events, budget_left]),
        Row("Burn rates", [partial(burn_rate, burn) for burn in config.BURNS]),
        Row("History", [budget_over_time]),
    ],
)
