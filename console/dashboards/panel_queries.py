"""The queries of a panel, with variables and intervals filled in.

As the documentation of Grafana's Prometheus data source says: `$__interval` is the range divided by the panel's width
in pixels, rounded to a readable length, and at least the panel's minimum interval or the scrape interval.
`$__rate_interval` is the larger of `$__interval` + scrape interval and four scrape intervals.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.dashboards.model import Panel, QueryTarget
from console.dashboards.queries import Query
from console.dashboards.variables import Variable, interpolate_query
from console.times import InvalidTime, TimeRange, TimeSpan, panel_time_range, parse_duration, promql_duration

LINES: Final = 200
TRACES: Final = 20
_VARIABLE: Final = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class QueryContext:
    range: TimeRange
    now: float
    variables: tuple[Variable, ...]
    scrape_s: float
    log_store: str  # name of the server: its query language is used
    page_px: int = 1440


@dataclass(frozen=True)
class TargetQuery:
    """A query target and its query. Without a query, `problem` says why."""

    target: QueryTarget
    query: Query | None = None
    exemplars: Query | None = None
    problem: str = ""


@dataclass(frozen=True)
class PanelQueries:
    panel: Panel
    intervals: Intervals
    time_override: str  # the panel's own time range in words; empty where it has none
    targets: tuple[TargetQuery, ...]
    problem: str = ""

    @property
    def queries(self) -> list[Query]:
        found = (query for one in self.targets for query in (one.query, one.exemplars))
        return list(dict.fromkeys(query for query in found if query))


def panel_queries(panel: Panel, context: QueryContext, full_width: bool = False) -> PanelQueries:
    """The queries of `panel`; `full_width` where the page shows this panel alone."""
    try:
        time_from, time_shift = panel.text("timeFrom"), panel.text("timeShift")
        span, time_override = panel_time_range(context.range, time_from, time_shift, context.now)
        minimum_s = parse_duration(panel.text("interval")) if panel.text("interval") else 0.0
    except InvalidTime as error:
        span = context.range.absolute(context.now)
        return PanelQueries(panel, Intervals.of(span, 100, context.scrape_s), "", (), str(error))
    points = _width_px(24 if full_width else panel.width, context.page_px)
    intervals = Intervals.of(span, points, context.scrape_s, minimum_s)
    targets = tuple(_target_query(target, intervals, context) for target in panel.targets)
    return PanelQueries(panel, intervals, time_override, targets)


def _width_px(columns: int, page_px: int) -> int:
    """The width of a panel. On a narrow page every panel has the full width."""
    return max(100, page_px - 40 if page_px < 760 else (page_px - 32) * columns // 24 - 24)


def _target_query(target: QueryTarget, intervals: Intervals, context: QueryContext) -> TargetQuery:
    match target.datasource:
        case "prometheus":
            return _metrics_query(target, intervals, context)
        case "loki":
            return _logs_query(target, intervals, context)
        case "tempo":
            return _traces_query(target, intervals, context)
    return TargetQuery(target, problem=f"The console has no data source of type {target.datasource!r}.")


def _metrics_query(target: QueryTarget, intervals: Intervals, context: QueryContext) -> TargetQuery:
    if not target.expr:
        return TargetQuery(target, problem="The query is empty.")
    text = interpolate_query(target.expr, context.variables, intervals.macros())
    span, aligned = intervals.span, intervals.aligned
    if target.is_instant:
        return TargetQuery(target, Query("instant", text, span.start, span.end))
    exemplars = Query("exemplars", text, aligned.start, span.end) if target.has_exemplars else None
    return TargetQuery(target, Query("range", text, aligned.start, aligned.end, intervals.step), exemplars)


def _logs_query(target: QueryTarget, intervals: Intervals, context: QueryContext) -> TargetQuery:
    limit = int(target.json.get("maxLines") or LINES)
    if context.log_store == "loki":
        text = interpolate_query(target.expr, context.variables, intervals.macros())
    elif logsql := (target.json.get("lite") or {}).get("logsql"):
        text = interpolate_query(str(logsql), context.variables)
    else:
        return TargetQuery(target, problem=f"The panel has no query for {context.log_store}.")
    return TargetQuery(target, Query("logs", text, intervals.span.start, intervals.span.end, limit=limit))


def _traces_query(target: QueryTarget, intervals: Intervals, context: QueryContext) -> TargetQuery:
    search = (target.json.get("lite") or {}).get("jaeger")
    if search is None:
        return TargetQuery(target, problem="The panel has no query for this trace store.")
    text = json.dumps(list(_searches(search, context.variables)), sort_keys=True)
    limit = int(target.json.get("limit") or TRACES)
    return TargetQuery(target, Query("traces", text, intervals.span.start, intervals.span.end, limit=limit))


def _searches(search: dict[str, Any], variables: Sequence[Variable]) -> list[dict[str, Any]]:
    """One search per combination of selected values. A variable with All selected is no condition."""
    tags = {name: str(value) for name, value in (search.get("tags") or {}).items()}
    texts = {"": str(search.get("service", "")), **{name: value for name, value in tags.items() if name != "error"}}
    used = {match[1] for text in texts.values() for match in [_VARIABLE.fullmatch(text)] if match}
    known = {one.name: one for one in variables}
    choices = {name: known[name].selected if name in known and not known[name].is_all else ("",) for name in used}
    found = []
    for values in itertools.product(*choices.values()):
        combination = dict(zip(choices, values, strict=True))
        filled = {
            name: combination[match[1]] if (match := _VARIABLE.fullmatch(text)) else text
            for name, text in texts.items()
        }
        found.append(
            {
                "service": filled.pop(""),
                "operation": str(search.get("operation", "")),
                "attributes": {name: value for name, value in filled.items() if value},
                "error_only": tags.get("error") == "true",
                "min_duration_ms": _milliseconds(str(search.get("minDuration") or "0us")),
            }
        )
    return found


def _milliseconds(length: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(us|ms|s)", length)
    return float(match[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[match[2]] if match else 0.0


# Readable lengths in seconds: (length, upper limit of the intervals that are rounded to this length).
_READABLE_LENGTHS: Final = (
    (0.001, 0.010), (0.010, 0.015), (0.020, 0.035), (0.050, 0.075), (0.100, 0.150), (0.200, 0.350), (0.500, 0.750),
    (1, 1.5), (2, 3.5), (5, 7.5), (10, 12.5), (15, 17.5), (20, 25), (30, 45), (60, 90), (120, 210), (300, 450),
    (600, 750), (900, 1050), (1200, 1500), (1800, 2700), (3600, 5400), (7200, 9000), (10_800, 16_200),
    (21_600, 32_400), (43_200, 86_400), (86_400, 604_800), (604_800, 1_814_400), (2_592_000, 3_628_800),
)  # fmt: skip
_LONGEST: Final = 31_536_000.0
MAX_POINTS: Final = 11_000  # Prometheus refuses a query with more points per series


def round_interval(interval_s: float) -> float:
    return next((float(length) for length, below in _READABLE_LENGTHS if interval_s < below), _LONGEST)


@dataclass(frozen=True)
class Intervals:
    """The intervals of one panel's queries. Seconds."""

    span: TimeSpan
    step: float
    rate_interval: float

    @classmethod
    def of(cls, span: TimeSpan, points: int, scrape_s: float, minimum_s: float = 0.0) -> Intervals:
        """For a panel that is `points` pixels wide. `minimum_s` is the panel's minimum interval."""
        step = max(round_interval(span.length / max(points, 1)), minimum_s or scrape_s)
        step = max(step, span.length / MAX_POINTS)
        return cls(span, step, max(step + scrape_s, 4 * scrape_s))

    @property
    def aligned(self) -> TimeSpan:
        """The span in whole steps since 1970: a refresh a little later gets the same points again."""
        start, end = (math.floor(at / self.step) * self.step for at in (self.span.start, self.span.end))
        return TimeSpan(start, end if end > start else start + self.step)

    def macros(self) -> dict[str, str]:
        return {
            "__interval": promql_duration(self.step),
            "__rate_interval": promql_duration(self.rate_interval),
            "__range": f"{max(1, round(self.span.length))}s",
        }
