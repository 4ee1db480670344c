"""Rows by label with one column per query; a search for traces shows what it found."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.fields import FieldOptions, of_field
from console.dashboards.frames import Cell, Table
from console.dashboards.links import links_of
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context
from console.dashboards.panels.grid import Column, Grid, GridCell
from console.dashboards.panels.traces import Traces
from console.services import services


class TablePanel:
    """A table, or the traces that a search found."""

    def __init__(self, context: Context) -> None:
        self._place = ui.element("div").classes("grid-place")
        self._traces: Traces | None = None
        self._grid: Grid | None = None

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        with self._place:
            if answer.traces:
                self._traces = self._traces or Traces()
                self._traces.show(answer.traces)
            elif answer.tables:
                self._grid = self._grid or Grid()
                self._grid.show(*content(answer, answer.tables[0]), sorting(answer))


def content(answer: Answer, table: Table) -> tuple[list[Column], list[list[GridCell]]]:
    """Columns and rows, as the panel's field options make them look."""
    panel = answer.plan.panel
    fields = {name: of_field(panel, name) for name in table.columns}
    columns = [
        Column(name, table.is_number(name), bool(field.custom.get("filterable"))) for name, field in fields.items()
    ]
    rows = [
        [_cell(answer, fields[name], cell) for name, cell in zip(table.columns, row, strict=True)] for row in table.rows
    ]
    return columns, rows


def _cell(answer: Answer, field: FieldOptions, cell: Cell) -> GridCell:
    if cell is None:
        return GridCell(None, "")
    shown = field.shown(cell)
    filled = (field.custom.get("cellOptions") or {}).get("type") == "color-background"
    raw = f"{cell}"
    found = links_of(field.links, answer.shown, services().settings.runbooks, raw)
    link = found[0] if found and raw else None
    return GridCell(
        cell,
        shown.text,
        shown.color if filled else "",
        link.url if link else "",
        link.title if link else "",
        link.new_tab if link else False,
    )


def sorting(answer: Answer) -> dict[str, str]:
    """As the panel says it."""
    steps = answer.plan.panel.options.get("sortBy") or ()
    return {str(step["displayName"]): "desc" if step.get("desc") else "asc" for step in steps}
