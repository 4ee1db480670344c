"""One bar per row of a table: one column names the bars, another has their values."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.fields import FieldOptions, of_field
from console.dashboards.frames import TIME, Table
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context


class BarChart:
    """Bars with their values at their ends."""

    def __init__(self, context: Context) -> None:
        self._panel = context.panel
        self._place = ui.element("div").classes("barchart")

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        self._place.clear()
        with self._place:
            for table in answer.tables:
                self._bars(table)

    def _bars(self, table: Table) -> None:
        category = str(self._panel.options.get("xField") or "")
        value = value_column(table, category)
        field = of_field(self._panel, value)
        numbers = [number_of(cell) for cell in table.column(value)]
        low, high = limits(numbers, field)

        def share(length: float) -> str:
            return f"{length / (high - low):.2%}"

        with ui.element("div").classes("columns").props('role="list"') as place:
            place.style(f"--zero: {share(-low)}")
            for name, cell, number in zip(table.column(category), table.column(value), numbers, strict=True):
                shown = field.shown(cell)
                with ui.element("div").classes("column").props('role="listitem"'):
                    with ui.element("div").classes("column-bar") as bar:
                        bar.style(f"--from: {share(min(0.0, number) - low)}; --share: {share(abs(number))}")
                        fill = ui.element("div").classes("column-fill")
                        fill.style(f"background: {shown.color or 'var(--accent)'}")
                        label = ui.label(shown.text).classes("column-value")
                        label.props["data-value"] = "" if cell is None else repr(cell)  # for tests
                    text = str(name or "")
                    ui.label(text).classes("column-name").props["title"] = text


def value_column(table: Table, category: str) -> str:
    """The first column of numbers beside the one that names the bars."""
    return next((name for name in table.columns if table.is_number(name) and name not in (TIME, category)), "")


def number_of(cell: object) -> float:
    """The length of a bar; 0 where there is no number."""
    return float(cell) if isinstance(cell, float | int) and math.isfinite(cell) else 0.0


def limits(numbers: Sequence[float], field: FieldOptions) -> tuple[float, float]:
    """The ends of the scale; zero is always within it."""
    low = min(0.0, *numbers, field.minimum if field.minimum is not None else 0.0)
    high = max(0.0, *numbers, field.maximum if field.maximum is not None else 0.0)
    return low, high if high > low else low + 1.0
