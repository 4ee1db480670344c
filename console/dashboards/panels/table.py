"""Table panel: an AG Grid, which sorts and filters in the browser. The result of a trace search is a table too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from alert_sink.console_pages import trace_page
from console.dashboards.annotations import Annotation
from console.dashboards.data_frames import Cell, TableFrame
from console.dashboards.field_config import FieldConfig, field_config
from console.dashboards.links import dashboard_links
from console.dashboards.panel_data import PanelData
from console.dashboards.panels.plugin import OnZoom
from console.services import services
from console.times import format_datetime
from console.units import formatted
from stores.traces import TraceSummary


@dataclass(frozen=True)
class Column:
    name: str
    number: bool = False
    filterable: bool = False
    flex: float = 1.0  # share of the width
    min_width_px: int = 110


@dataclass(frozen=True)
class GridCell:
    value: Cell  # for sorting and filtering
    text: str
    color: str = ""  # of the background
    url: str = ""
    title: str = ""  # of the link
    new_tab: bool = False


_TRACE_COLUMNS: Final = (
    Column("Start (UTC)", flex=1.9, min_width_px=165),
    Column("Trace", flex=1.3),
    Column("Service"),
    Column("Name", flex=1.6),
    Column("Duration", number=True),
)


class Table:
    """Rows can change without the grid being created again."""

    def __init__(self, _: OnZoom) -> None:
        self._place = ui.element("div").classes("grid-place")
        self._grid: ui.aggrid | None = None
        self._columns: tuple[Column, ...] = ()

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        if data.traces:
            self._show(_TRACE_COLUMNS, [_trace_row(one) for one in data.traces], {})
        elif data.tables:
            self._show(*_content(data, data.tables[0]), _sorting(data))

    def _show(self, columns: tuple[Column, ...], cells: list[list[GridCell]], sort: Mapping[str, str]) -> None:
        rows = [_row(row) for row in cells]
        if self._grid is not None and columns == self._columns:
            self._grid.options["rowData"] = rows
            self._grid.run_grid_method("setGridOption", "rowData", rows)
            return
        self._columns = columns
        self._place.clear()
        with self._place:
            self._grid = ui.aggrid(_options(columns, rows, sort), theme="quartz", auto_size_columns=False)
            self._grid.classes("grid")


def _trace_row(one: TraceSummary) -> list[GridCell]:
    return [
        GridCell(one.start, format_datetime(one.start)),
        GridCell(one.trace_id, f"{one.trace_id[:12]}…", url=trace_page(one.trace_id), title="Open trace"),
        GridCell(one.root_service, one.root_service or "root span not received yet"),
        GridCell(one.root_name, one.root_name),
        GridCell(float(one.duration_ms), formatted(float(one.duration_ms), "ms")),
    ]


def _content(data: PanelData, table: TableFrame) -> tuple[tuple[Column, ...], list[list[GridCell]]]:
    panel = data.queries.panel
    configs = {name: field_config(panel, name) for name in table.columns}
    columns = tuple(
        Column(name, table.is_number(name), bool(config.custom.get("filterable"))) for name, config in configs.items()
    )
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
    """`asc` or `desc` by column name."""
    steps = data.queries.panel.options.get("sortBy") or ()
    return {str(step["displayName"]): "desc" if step.get("desc") else "asc" for step in steps}


def _row(cells: Sequence[GridCell]) -> dict[str, Any]:
    """Keys are column numbers, so that no name from a server becomes a key."""
    found: dict[str, Any] = {}
    for index, cell in enumerate(cells):
        found[f"c{index}"] = cell.value
        found[f"t{index}"] = cell.text
        if cell.url:
            found[f"u{index}"] = {"url": cell.url, "title": cell.title, "new": cell.new_tab}
        if cell.color:
            found[f"k{index}"] = cell.color
    return found


def _options(columns: Sequence[Column], rows: list[dict[str, Any]], sort: Mapping[str, str]) -> dict[str, Any]:
    return {
        "columnDefs": [_column(index, column, sort) for index, column in enumerate(columns)],
        "rowData": rows,
        "rowHeight": 32,
        "headerHeight": 34,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "animateRows": False,
        "suppressColumnVirtualisation": True,
    }


def _column(index: int, column: Column, sort: Mapping[str, str]) -> dict[str, Any]:
    kind = "agNumberColumnFilter" if column.number else "agTextColumnFilter"
    return {
        "headerName": column.name,
        "field": f"c{index}",
        "flex": column.flex,
        "minWidth": column.min_width_px,
        "type": "rightAligned" if column.number else None,
        "filter": kind if column.filterable else None,
        "sort": sort.get(column.name),
        "headerTooltip": column.name,
        ":cellRenderer": f"(params) => consoleUi.gridCell(params, {index})",
        ":cellStyle": f"(params) => consoleUi.gridStyle(params, {index})",
    }
