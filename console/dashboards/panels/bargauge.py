"""One bar per series, with its value at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context, Reduced, reduced
from console.shell import with_text


class BarGauge:
    """Bars, in the order of the query's answer."""

    def __init__(self, context: Context) -> None:
        self._place = ui.element("div").classes("bars").props('role="list"')

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        found = reduced(answer)
        low, high = limits(found)
        self._place.clear()
        with self._place:
            for one in found:
                _bar(one, low, high)


def limits(found: Sequence[Reduced]) -> tuple[float, float]:
    """Where bars begin and end: where the panel says, else at 0 and the largest value."""
    values = [one.value for one in found if one.value is not None and math.isfinite(one.value)]
    lows = [one.field.minimum for one in found if one.field.minimum is not None]
    highs = [one.field.maximum for one in found if one.field.maximum is not None]
    low = min(lows) if lows else min([0.0, *values])
    high = max(highs) if highs else max([*values, low])
    return low, high if high > low else low + 1.0


def _bar(one: Reduced, low: float, high: float) -> None:
    shown = one.field.shown(one.value)
    value = one.value if one.value is not None and math.isfinite(one.value) else low
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    with ui.element("div").classes("bar").props('role="listitem"'):
        with ui.element("div").classes("bar-name from-end") as name:
            with_text("bdi", one.name).props('dir="ltr"')
        name.props["title"] = one.name
        with ui.element("div").classes("bar-track").props('aria-hidden="true"'):
            fill = ui.element("div").classes("bar-fill").style(f"width: {share:.2%}")
            fill.style(f"background: {shown.color or 'var(--accent)'}")
        text = ui.label(shown.text).classes("bar-value").style(f"color: {shown.color}" if shown.color else "")
        text.props["data-value"] = "" if one.value is None else repr(one.value)
