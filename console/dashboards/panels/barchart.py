"""One bar per row of a table; a column names it, the others are its values."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.fields import of_field
from console.dashboards.frames import TIME, Cell, Table
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context


class BarChart:
    """Upright bars with their values above them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._place = ui.element("div").classes("columns").props('role="list"')

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        self._place.clear()
        with self._place:
            for table in answer.tables:
                self._bars(table)

    def _bars(self, table: Table) -> None:
        panel = self._context.panel
        category, values = columns(table, str(panel.options.get("xField") or ""))
        fields = {name: of_field(panel, name) for name in values}
        numbers = [cell for name in values for cell in table.column(name) if isinstance(cell, float)]
        finite = [number for number in numbers if math.isfinite(number)]
        low = min([0.0, *finite, *(field.minimum for field in fields.values() if field.minimum is not None)])
        high = max([*finite, *(field.maximum for field in fields.values() if field.maximum is not None)], default=1.0)
        for row in table.rows:
            cells = dict(zip(table.columns, row, strict=True))
            with ui.element("div").classes("column").props('role="listitem"'):
                with ui.element("div").classes("column-bars"):
                    for name in values:
                        _bar(cells[name], fields[name].shown(cells[name]), low, high, name if len(values) > 1 else "")
                ui.label(str(cells.get(category) or "")).classes("column-name")


def columns(table: Table, wanted: str) -> tuple[str, list[str]]:
    """The column that names the bars, and those that are their values."""
    values = [name for name in table.columns if table.is_number(name) and name not in (TIME, wanted)]
    texts = [name for name in table.columns if name not in values and name != TIME]
    return wanted if wanted in table.columns else texts[0] if texts else "", values


def _bar(value: Cell, shown: object, low: float, high: float, name: str) -> None:
    text, color = getattr(shown, "text", ""), getattr(shown, "color", "")
    number = value if isinstance(value, float) and math.isfinite(value) else low
    share = (number - low) / ((high - low) or 1.0)
    with ui.element("div").classes("column-bar") as bar:
        bar.props["title"] = f"{name} {text}".strip()
        label = ui.label(text).classes("column-value")
        label.props["data-value"] = "" if value is None else repr(value)
        ui.element("div").classes("column-fill").style(f"height: {share:.2%}; background: {color or 'var(--accent)'}")
