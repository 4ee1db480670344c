"""The data of a panel: the results of its queries as frames, log lines and traces, and the queries that failed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from console.dashboards.data_frames import (
    CALCULATION_NAMES,
    SeriesFrame,
    TableFrame,
    apply_transformations,
    instant_frames,
    range_frames,
    table_frame,
)
from console.dashboards.panel_queries import PanelQueries, QueryContext, TargetQuery
from console.dashboards.queries import Query
from console.times import format_datetime
from stores.logs import LogLine
from stores.metric_results import Exemplar
from stores.traces import TraceSummary

_DRAW_TABLES: Final = ("table", "barchart")  # panel types that draw tables; the others draw series


@dataclass
class PanelData:
    queries: PanelQueries
    context: QueryContext
    series: list[SeriesFrame] = field(default_factory=list)
    tables: list[TableFrame] = field(default_factory=list)
    exemplars: list[Exemplar] = field(default_factory=list)
    log_lines: list[LogLine] = field(default_factory=list)
    traces: list[TraceSummary] = field(default_factory=list)
    problems: list[Exception | str] = field(default_factory=list)  # failed queries, and unknown settings

    @property
    def is_empty(self) -> bool:
        numbers = any(not all(math.isnan(value) for value in one.values) for one in self.series)
        return not (numbers or self.log_lines or self.traces or any(table.rows for table in self.tables))

    @property
    def empty_reason(self) -> str:
        queries = self.queries
        selected = [
            f"{one.label.lower()} {one.text}"
            for one in self.context.variables
            if not one.is_all and _uses(queries, one.name)
        ]
        kind = next((one.query.kind for one in queries.targets if one.query), "")
        missing = {"logs": "no log line", "traces": "no trace"}.get(kind, "no value")
        when = f"in this range ({queries.time_override or self.context.range.text})"
        if not queries.time_override and {one.kind for one in queries.queries} == {"instant"}:
            when = f"at {format_datetime(queries.intervals.span.end)} UTC"
        return f"{missing} {when}{' for ' + ', '.join(selected) if selected else ''}"


def panel_data(queries: PanelQueries, context: QueryContext, results: Mapping[Query, Any]) -> PanelData:
    """The data of a panel. The result of a failed query is an exception."""
    data = PanelData(queries, context, problems=[queries.problem] if queries.problem else [])
    is_only_query = len(queries.targets) == 1
    for one in queries.targets:
        if one.problem:
            data.problems.append(one.problem)
        if one.query is None:
            continue
        result = results[one.query]
        if isinstance(result, Exception):
            data.problems.append(result)
            continue
        match one.query.kind:
            case "range":
                data.series += range_frames(one.target, result)
            case "instant" if one.target.is_table:
                data.tables.append(table_frame(one.target, result, is_only_query))
            case "instant":
                data.series += instant_frames(one.target, result)
            case "logs":
                data.log_lines += result
            case "traces":
                data.traces += result
        data.exemplars += _exemplars(one, results)
    if queries.panel.type in _DRAW_TABLES and data.series:
        data.problems.append("The console draws this panel type for queries with the format Table only.")
        data.series = []
    elif queries.panel.type not in _DRAW_TABLES and data.tables:
        data.problems.append("The console draws this panel type for queries with the format Time series only.")
        data.tables = []
    data.tables, unknown = apply_transformations(data.tables, queries.panel.transformations)
    data.problems += [f"The console does not know the transformation {name!r}." for name in unknown]
    data.problems += [f"The console does not know the calculation {name!r}." for name in _unknown_calculations(queries)]
    return data


def _exemplars(one: TargetQuery, results: Mapping[Query, Any]) -> list[Exemplar]:
    """Exemplars that name a trace. When the exemplars' query fails, the panel is shown without exemplars."""
    found = results.get(one.exemplars) if one.exemplars else None
    return [exemplar for exemplar in found if exemplar.trace_id] if isinstance(found, list) else []


def _unknown_calculations(queries: PanelQueries) -> list[str]:
    parts = (queries.panel.options.get(part) or {} for part in ("reduceOptions", "legend"))
    return [str(name) for part in parts for name in part.get("calcs") or () if name not in CALCULATION_NAMES]


def _uses(queries: PanelQueries, variable: str) -> bool:
    texts = (str(one.target.json) for one in queries.targets)
    return any(f"${variable}" in text or f"${{{variable}" in text for text in texts)
