"""A table in AG Grid, which sorts and filters in the browser. Cells have a colour and a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from console.dashboards.data_frames import Cell


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


class Grid:
    """A table whose rows can change without the table being created again."""

    def __init__(self) -> None:
        self._place = ui.element("div").classes("grid-place")
        self._grid: ui.aggrid | None = None
        self._columns: tuple[Column, ...] = ()

    def show(self, columns: Sequence[Column], rows: Sequence[Sequence[GridCell]], sort: Mapping[str, str]) -> None:
        data = [_row(row) for row in rows]
        if self._grid is not None and tuple(columns) == self._columns:
            self._grid.options["rowData"] = data
            self._grid.run_grid_method("setGridOption", "rowData", data)
            return
        self._columns = tuple(columns)
        self._place.clear()
        with self._place:
            self._grid = ui.aggrid(_options(columns, data, sort), theme="quartz", auto_size_columns=False)
            self._grid.classes("grid")


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


def _options(columns: Sequence[Column], data: Sequence[Mapping[str, Any]], sort: Mapping[str, str]) -> dict[str, Any]:
    return {
        "columnDefs": [
            {
                "headerName": column.name,
                "field": f"c{index}",
                "flex": column.flex,
                "minWidth": column.min_width_px,
                "type": "rightAligned" if column.number else None,
                "filter": ("agNumberColumnFilter" if column.number else "agTextColumnFilter")
                if column.filterable
                else None,
                "sort": sort.get(column.name),
                "headerTooltip": column.name,
                ":cellRenderer": f"(params) => consoleUi.gridCell(params, {index})",
                ":cellStyle": f"(params) => consoleUi.gridStyle(params, {index})",
            }
            for index, column in enumerate(columns)
        ],
        "rowData": list(data),
        "rowHeight": 32,
        "headerHeight": 34,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "animateRows": False,
        "suppressColumnVirtualisation": True,
    }
