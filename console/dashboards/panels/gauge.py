"""One dial per series, from the panel's minimum to its maximum."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from console.dashboards.answer import Answer
from console.dashboards.fields import css_color
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context, Reduced, reduced, stacked
from console.dashboards.panels.stat import number_of

_FROM, _TO = math.radians(200), math.radians(-20)  # the dial's ends, counter-clockwise from the right
_RADIUS, _MARKERS, _LABELS = 46.0, 54.0, 61.0
_BOX, _BOX_WITH_LABELS = "0 0 120 84", "-30 -10 180 96"


class Gauge:
    """Dials."""

    def __init__(self, context: Context) -> None:
        self._options = context.panel.options
        self._place = ui.element("div").classes("gauges stacked" if stacked(context.panel) else "gauges")

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        markers = bool(self._options.get("showThresholdMarkers", True))
        labels = bool(self._options.get("showThresholdLabels"))
        self._place.clear()
        with self._place:
            for one in reduced(answer):
                _dial(one, markers, labels)


def _dial(one: Reduced, markers: bool, labels: bool) -> None:
    field = one.field
    low, high = field.minimum if field.minimum is not None else 0.0, field.highest
    length = (high - low) or 1.0

    def share(value: float) -> float:
        return min(max((value - low) / length, 0.0), 1.0)

    with ui.element("div").classes("gauge"):
        with ui.element("svg") as dial:
            dial.props.update({"viewBox": _BOX_WITH_LABELS if labels else _BOX, "aria-hidden": "true"})
            _arc(0.0, 1.0, _RADIUS, 9, "var(--track)")
            if one.value is not None and share(one.value) > 0:
                _arc(0.0, share(one.value), _RADIUS, 9, field.shown(one.value).color or "var(--accent)")
            steps = field.absolute_thresholds
            ends = [share(step.value) if step.value is not None else 0.0 for step in steps] + [1.0]
            for step, (start, end) in zip(steps, itertools.pairwise(ends), strict=True):
                if markers and end > start:
                    _arc(start, end, _MARKERS, 3, css_color(step.color), cap="butt")
                if labels and step.value is not None and low <= step.value <= high:
                    _label(start, field.text(step.value))
        number_of(one.value, field, one.name)


def _point(share: float, radius: float) -> tuple[float, float]:
    angle = _FROM + (_TO - _FROM) * share
    return 60 + radius * math.cos(angle), 60 - radius * math.sin(angle)


def _arc(start: float, end: float, radius: float, width: float, color: str, cap: str = "round") -> None:
    (x, y), (to_x, to_y) = _point(start, radius), _point(end, radius)
    large = 1 if (end - start) * (_FROM - _TO) > math.pi else 0
    arc = ui.element("path").style(f"stroke: {color}; stroke-width: {width}; fill: none; stroke-linecap: {cap}")
    arc.props["d"] = f"M {x:.2f} {y:.2f} A {radius} {radius} 0 {large} 1 {to_x:.2f} {to_y:.2f}"


def _label(share: float, text: str) -> None:
    x, y = _point(share, _LABELS)
    anchor = "middle" if abs(x - 60) < 12 else "start" if x > 60 else "end"
    label = TextElement(tag="text", text=text).classes("gauge-label")
    label.props.update({"x": f"{x:.2f}", "y": f"{y:.2f}", "text-anchor": anchor})
