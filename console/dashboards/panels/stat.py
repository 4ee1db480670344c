"""Stat panel: one large value per series, coloured by its threshold, with a sparkline where the panel asks for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from nicegui import ui

from console.dashboards.annotations import Annotation
from console.dashboards.data_frames import VALUE, SeriesFrame
from console.dashboards.panel_data import PanelData
from console.dashboards.panels.plugin import FieldDisplay, OnZoom, field_displays

_WIDTH: Final = 100.0  # of the sparkline's view box
_HEIGHT: Final = 30.0


class Stat:
    def __init__(self, _: OnZoom) -> None:
        self._place = ui.element("div").classes("stats")

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        displays = field_displays(data)
        with_sparkline = data.queries.panel.options.get("graphMode") == "area"
        self._place.clear()
        with self._place:
            for one in displays:
                named = len(displays) > 1 and one.name != VALUE
                _tile(one, one.name if named else "", with_sparkline=with_sparkline)


def _tile(one: FieldDisplay, name: str, *, with_sparkline: bool) -> None:
    display = one.config.display(one.value)
    with ui.element("div").classes("stat") as tile:
        if display.color:
            tile.style(f"--state: {display.color}")
        text = ui.label(display.text).classes("stat-value")
        text.props["data-value"] = "" if one.value is None else repr(one.value)  # for tests
        if name:
            ui.label(name).classes("stat-name").props["title"] = name
        if with_sparkline:
            _sparkline(one.series, display.color or "var(--accent)")


def _sparkline(series: SeriesFrame, color: str) -> None:
    points = [(time, value) for time, value in zip(series.times, series.values, strict=True) if math.isfinite(value)]
    if len(points) < 2:
        return
    (first, _), (last, _) = points[0], points[-1]
    low, high = min(value for _, value in points), max(value for _, value in points)
    positions = [
        (_WIDTH * (time - first) / (last - first), _HEIGHT - (_HEIGHT - 2) * _share(value, low, high))
        for time, value in points
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in positions)
    view_box: dict[str, Any] = {"viewBox": f"0 0 {_WIDTH:g} {_HEIGHT:g}", "preserveAspectRatio": "none"}
    with ui.element("svg").classes("stat-drawing") as svg:
        svg.props.update({**view_box, "aria-hidden": "true"})
        area = ui.element("polygon").style(f"fill: {color}; opacity: 0.15")
        area.props["points"] = f"0,{_HEIGHT:g} {path} {_WIDTH:g},{_HEIGHT:g}"
        line = ui.element("polyline").style(f"stroke: {color}; fill: none; stroke-width: 1.5px")
        line.props.update({"points": path, "vector-effect": "non-scaling-stroke"})


def _share(value: float, low: float, high: float) -> float:
    return 0.5 if high == low else (value - low) / (high - low)
