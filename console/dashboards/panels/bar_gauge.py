"""Bar gauge panel: one horizontal bar per series with its value at the end, in the order of the query's result."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nicegui import ui

from console.dashboards.annotations import Annotation
from console.dashboards.panel_data import PanelData
from console.dashboards.panels.plugin import FieldDisplay, OnZoom, field_displays
from console.shell import with_text


class BarGauge:
    def __init__(self, _: OnZoom) -> None:
        self._place = ui.element("div").classes("bars").props('role="list"')

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        displays = field_displays(data)
        low, high = scale(displays)
        self._place.clear()
        with self._place:
            for one in displays:
                _bar(one, low, high)


def scale(displays: Sequence[FieldDisplay]) -> tuple[float, float]:
    """The ends of the bars' scale: the panel's minimum and maximum, or else 0 and the largest value."""
    values = [one.value for one in displays if one.value is not None and math.isfinite(one.value)]
    minimums = [one.config.minimum for one in displays if one.config.minimum is not None]
    maximums = [one.config.maximum for one in displays if one.config.maximum is not None]
    low = min(minimums) if minimums else min([0.0, *values])
    high = max(maximums) if maximums else max([*values, low])
    return low, high if high > low else low + 1.0


def _bar(one: FieldDisplay, low: float, high: float) -> None:
    display = one.config.display(one.value)
    value = one.value if one.value is not None and math.isfinite(one.value) else low
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    with ui.element("div").classes("bar").props('role="listitem"'):
        with ui.element("div").classes("bar-name from-end") as name:
            with_text("bdi", one.name).props('dir="ltr"')
        name.props["title"] = one.name
        with ui.element("div").classes("bar-track").props('aria-hidden="true"'):
            fill = ui.element("div").classes("bar-fill").style(f"width: {share:.2%}")
            fill.style(f"background: {display.color or 'var(--accent)'}")
        text = ui.label(display.text).classes("bar-value").style(f"color: {display.color}" if display.color else "")
        text.props["data-value"] = "" if one.value is None else repr(one.value)  # for tests
