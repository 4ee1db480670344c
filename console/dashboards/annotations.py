"""Annotations: deployments and firing alerts that are marked on every time series panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from console.dashboards.data_frames import legend_name
from console.dashboards.field_config import css_color
from console.dashboards.model import AnnotationQuery
from console.dashboards.panel_queries import Intervals, QueryContext
from console.dashboards.queries import Query
from console.dashboards.variables import interpolate_query
from console.times import InvalidTime, parse_duration
from stores.metric_results import Series

_MINIMUM_INTERVAL_S: Final = 60.0


@dataclass(frozen=True)
class Annotation:
    """An event with a start and an end, Unix seconds."""

    start: float
    end: float
    title: str
    text: str
    color: str
    source: str  # name of the annotation query


def query_of(annotation: AnnotationQuery, context: QueryContext) -> Query | None:
    """The range query of an annotation; None where its data source is not Prometheus."""
    if annotation.target.datasource != "prometheus" or not annotation.target.expr:
        return None
    try:
        minimum_s = parse_duration(str(annotation.target.json.get("interval") or f"{_MINIMUM_INTERVAL_S:g}s"))
    except InvalidTime:
        minimum_s = _MINIMUM_INTERVAL_S
    span = context.range.absolute(context.now)
    intervals = Intervals.of(span, context.page_px, context.scrape_s, minimum_s)
    aligned = intervals.aligned
    text = interpolate_query(annotation.target.expr, context.variables, intervals.macros())
    return Query("range", text, aligned.start, aligned.end, intervals.step)


def annotations_of(annotation: AnnotationQuery, query: Query, series: list[Series]) -> list[Annotation]:
    """One annotation per period without a gap, oldest first."""
    json = annotation.json
    found = [
        Annotation(
            start,
            end,
            legend_name(str(json.get("titleFormat") or ""), one.labels) or annotation.name,
            legend_name(str(json.get("textFormat") or ""), one.labels) if json.get("textFormat") else "",
            css_color(annotation.color) or "var(--accent)",
            annotation.name,
        )
        for one in series
        for start, end in _periods(one, query.step)
    ]
    return sorted(found, key=lambda one: (one.start, one.title))


def _periods(series: Series, step: float) -> Iterator[tuple[float, float]]:
    times = [time for time, value in series.points if value]
    start = previous = None
    for time in times:
        if start is None or previous is None:
            start = time
        elif time - previous > step * 1.5:
            yield start, previous
            start = time
        previous = time
    if start is not None and previous is not None:
        yield start, previous
