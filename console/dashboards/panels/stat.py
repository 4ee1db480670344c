"""One number per series, large, with its colour; behind it how it came about, where the panel says so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.frames import VALUE, Line
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context, Reduced, reduced

_WIDTH, _HEIGHT = 100.0, 30.0  # of the drawing behind a number


class Stat:
    """Numbers."""

    def __init__(self, context: Context) -> None:
        self._with_area = context.panel.options.get("graphMode") == "area"
        self._place = ui.element("div").classes("stats")

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        self._place.clear()
        with self._place:
            numbers = reduced(answer)
            for one in numbers:
                _tile(one, one.name if len(numbers) > 1 and one.name != VALUE else "", with_area=self._with_area)


def _tile(one: Reduced, name: str, *, with_area: bool) -> None:
    shown = one.field.shown(one.value)
    with ui.element("div").classes("stat") as tile:
        if shown.color:
            tile.style(f"--state: {shown.color}")
        text = ui.label(shown.text).classes("stat-value")
        text.props["data-value"] = "" if one.value is None else repr(one.value)  # for tests
        if name:
            ui.label(name).classes("stat-name").props["title"] = name
        if with_area:
            _drawing(one.line, shown.color)


def _drawing(line: Line, color: str) -> None:
    """A line without axes: only its shape matters here."""
    points = [(time, value) for time, value in zip(line.times, line.values, strict=True) if math.isfinite(value)]
    if len(points) < 2:
        return
    (first, _), (last, _) = points[0], points[-1]
    low, high = min(value for _, value in points), max(value for _, value in points)
    place = [
        (_WIDTH * (time - first) / (last - first), _HEIGHT - (_HEIGHT - 2) * _share(value, low, high))
        for time, value in points
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
    picture: dict[str, Any] = {"viewBox": f"0 0 {_WIDTH:g} {_HEIGHT:g}", "preserveAspectRatio": "none"}
    with ui.element("svg").classes("stat-drawing") as drawing:
        drawing.props.update({**picture, "aria-hidden": "true"})
        area = ui.element("polygon").style(f"fill: {color or 'var(--accent)'}; opacity: 0.15")
        area.props["points"] = f"0,{_HEIGHT:g} {path} {_WIDTH:g},{_HEIGHT:g}"
        curve = ui.element("polyline").style(f"stroke: {color or 'var(--accent)'}; fill: none; stroke-width: 1.5px")
        curve.props.update({"points": path, "vector-effect": "non-scaling-stroke"})


def _share(value: float, low: float, high: float) -> float:
    return 0.5 if high == low else (value - low) / (high - low)
