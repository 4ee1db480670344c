"""One dial per series, from the panel's minimum to its maximum."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.fields import css_color
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context, Reduced, reduced
from console.dashboards.panels.stat import number_of

_FROM, _TO = math.radians(200), math.radians(-20)  # the dial's ends, counter-clockwise from the right
_PERCENT = 100.0  # Grafana's default maximum


class Gauge:
    """Dials."""

    def __init__(self, context: Context) -> None:
        self._place = ui.element("div").classes("gauges")

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        self._place.clear()
        with self._place:
            for one in reduced(answer):
                _dial(one)


def _dial(one: Reduced) -> None:
    low = one.field.minimum if one.field.minimum is not None else 0.0
    high = one.field.maximum if one.field.maximum is not None else 1.0 if one.field.unit == "percentunit" else _PERCENT
    value = one.value if one.value is not None and math.isfinite(one.value) else low
    share = min(max((value - low) / ((high - low) or 1.0), 0.0), 1.0)
    with ui.element("div").classes("gauge"):
        with ui.element("svg") as dial:
            dial.props.update({"viewBox": "0 0 120 84", "aria-hidden": "true"})
            _arc(0.0, 1.0, 46, 9, "var(--track)")
            if share > 0:
                _arc(0.0, share, 46, 9, one.field.shown(one.value).color or "var(--accent)")
            for threshold in one.field.absolute_thresholds:
                if threshold.value is not None and low < threshold.value < high:
                    at = (threshold.value - low) / (high - low)
                    _arc(at, min(at + 0.012, 1.0), 54, 4, css_color(threshold.color))
        number_of(one.value, one.field, one.name)


def _arc(start: float, end: float, radius: float, width: float, color: str) -> None:
    def point(share: float) -> str:
        angle = _FROM + (_TO - _FROM) * share
        return f"{60 + radius * math.cos(angle):.2f} {60 - radius * math.sin(angle):.2f}"

    large = 1 if (end - start) * (_FROM - _TO) > math.pi else 0
    arc = ui.element("path").style(f"stroke: {color}; stroke-width: {width}; fill: none; stroke-linecap: round")
    arc.props["d"] = f"M {point(start)} A {radius} {radius} 0 {large} 1 {point(end)}"
