"""Deployments and alerts, marked on every chart: what a dashboard's annotation queries answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from console.dashboards.fields import css_color
from console.dashboards.frames import legend_name
from console.dashboards.intervals import Intervals
from console.dashboards.model import Annotations
from console.dashboards.plan import Shown
from console.dashboards.questions import Question
from console.dashboards.variables import written
from console.times import BadTime, seconds
from stores.metric_results import Series

_SMALLEST_S = 60.0


@dataclass(frozen=True)
class Note:
    """Something that happened, or went on for a while. Unix seconds."""

    start: float
    end: float
    title: str
    text: str
    color: str
    source: str  # the annotation's name


def question(annotations: Annotations, shown: Shown) -> Question | None:
    """What is asked; None where it is no query of Prometheus."""
    if annotations.target.source != "prometheus" or not annotations.target.expr:
        return None
    try:
        smallest = seconds(str(annotations.target.json.get("interval") or f"{_SMALLEST_S:g}s"))
    except BadTime:
        smallest = _SMALLEST_S
    intervals = Intervals.of(shown.range.absolute(shown.now), shown.page_px, shown.scrape_s, smallest)
    whole = intervals.aligned
    text = written(annotations.target.expr, shown.variables, intervals.macros())
    return Question("range", text, whole.start, whole.end, intervals.step)


def notes_of(annotations: Annotations, asked: Question, series: list[Series]) -> list[Note]:
    """One per time without a gap, oldest first."""
    json = annotations.json
    found = [
        Note(
            start,
            end,
            legend_name(str(json.get("titleFormat") or ""), one.labels) or annotations.name,
            legend_name(str(json.get("textFormat") or ""), one.labels) if json.get("textFormat") else "",
            css_color(annotations.color) or "var(--accent)",
            annotations.name,
        )
        for one in series
        for start, end in _spells(one, asked.step)
    ]
    return sorted(found, key=lambda note: (note.start, note.title))


def _spells(series: Series, step: float) -> Iterator[tuple[float, float]]:
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
