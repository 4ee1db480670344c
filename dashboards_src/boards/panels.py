"""Panels that several dashboards show, and the forms that many panels have."""

from __future__ import annotations

from typing import Any

from dashboards_src import config
from dashboards_src.boards import grafana, queries
from dashboards_src.boards.grafana import Panel, PanelOptions
from dashboards_src.boards.targets import PrometheusQuery
from dashboards_src.boards.thresholds import red_above


def legend(by: str) -> str:
    """`{{service}} {{endpoint}}` for `service, endpoint`."""
    return " ".join(f"{{{{{label}}}}}" for label in by.split(", "))


def events_per_minute(
    title: str, description: str, counter: str, by: str, *, bars: bool = False, stacked: bool = False, **options: Any
) -> Panel:
    """The rate of a counter."""
    return grafana.time_series(
        PanelOptions(title, description, grafana.PER_MINUTE, **options),
        PrometheusQuery(f"{queries.rate(counter, by)} {queries.PER_MINUTE}", legend(by)),
        bars=bars,
        stacked=stacked,
    )


def dollars_per_hour(
    title: str, description: str, counter: str, by: str, *, stacked: bool = False, **options: Any
) -> Panel:
    """The rate of a counter of money."""
    return grafana.time_series(
        PanelOptions(title, description, grafana.DOLLARS, **options),
        PrometheusQuery(f"{queries.rate(counter, by)} {queries.PER_HOUR}", legend(by)),
        stacked=stacked,
    )


def share_of(title: str, description: str, counter: str, by: str, part: str, **options: Any) -> Panel:
    """The share of a counter that matches `part`."""
    return grafana.time_series(
        PanelOptions(title, description, grafana.SHARE, **options),
        PrometheusQuery(queries.ratio(counter, by, part), legend(by)),
    )


def dollars(title: str, description: str, expr: str, **options: Any) -> Panel:
    """One amount of money."""
    return grafana.stat(
        PanelOptions(title, description, grafana.DOLLARS, decimals=grafana.MONEY_DECIMALS, **options),
        PrometheusQuery(expr),
    )


def cost_per_request_of_usual(title: str, **options: Any) -> Panel:
    return grafana.time_series(
        PanelOptions(
            title,
            "Cost per request divided by the usual cost at this hour (median of the previous days). Above the line the"
            " alert fires: look for longer prompts or answers, or a more expensive model. Empty in the first days.",
            grafana.TIMES,
            decimals=2,
            thresholds=red_above(config.COST_PER_REQUEST_OF_USUAL),
            alerts=["LLMCostPerRequestGrowing"],
            **options,
        ),
        PrometheusQuery(
            "%(ENDPOINT_COST_PER_REQUEST.filtered)s"
            " / quantile without (day) (0.5, %(COST_PER_REQUEST_BEFORE.filtered)s)",
            legend("service, endpoint"),
        ),
    )
