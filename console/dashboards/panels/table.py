"""Table panel: rows and columns with links and coloured cells. The result of a trace search is a table of traces."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from console.dashboards.annotations import Annotation
from console.dashboards.data_frames import Cell, TableFrame
from console.dashboards.field_config import FieldConfig, field_config
from console.dashboards.links import dashboard_links
from console.dashboards.panel_data import PanelData
from console.dashboards.panels.grid import Column, Grid, GridCell
from console.dashboards.panels.plugin import PanelContext
from console.dashboards.panels.trace_table import TraceTable
from console.services import services


class Table:
    def __init__(self, context: PanelContext) -> None:
        self._place = ui.element("div").classes("grid-place")
        self._traces: TraceTable | None = None
        self._grid: Grid | None = None

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        with self._place:
            if data.traces:
                self._traces = self._traces or TraceTable()
                self._traces.show(data.traces)
            elif data.tables:
                self._grid = self._grid or Grid()
                self._grid.show(*_content(data, data.tables[0]), _sorting(data))


def _content(data: PanelData, table: TableFrame) -> tuple[list[Column], list[list[GridCell]]]:
    panel = data.queries.panel
    configs = {name: field_config(panel, name) for name in table.columns}
    columns = [
        Column(name, table.is_number(name), bool(config.custom.get("filterable"))) for name, config in configs.items()
    ]
    rows = [
        [_cell(data, configs[name], cell) for name, cell in zip(table.columns, row, strict=True)] for row in table.rows
    ]
    return columns, rows


def _cell(data: PanelData, config: FieldConfig, cell: Cell) -> GridCell:
    if cell is None:
        return GridCell(None, "")
    display = config.display(cell)
    colored = (config.custom.get("cellOptions") or {}).get("type") == "color-background"
    links = dashboard_links(config.links, data.context, services().settings.runbooks, str(cell)) if cell != "" else []
    color = display.color if colored else ""
    if not links:
        return GridCell(cell, display.text, color)
    return GridCell(cell, display.text, color, links[0].url, links[0].title, links[0].new_tab)


def _sorting(data: PanelData) -> dict[str, str]:
    steps = data.queries.panel.options.get("sortBy") or ()
    return {str(step["displayName"]): "desc" if step.get("desc") else "asc" for step in steps}
