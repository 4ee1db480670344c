"""Bar chart panel: one bar per row of a table. One column has the bars' names, another one their values."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nicegui import ui

from console.dashboards.annotations import Annotation
from console.dashboards.data_frames import TIME, Cell, TableFrame
from console.dashboards.field_config import FieldConfig, field_config
from console.dashboards.model import Panel
from console.dashboards.panel_data import PanelData
from console.dashboards.panels.plugin import OnZoom


class BarChart:
    def __init__(self, _: OnZoom) -> None:
        self._place = ui.element("div").classes("barchart")

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        self._place.clear()
        with self._place:
            for table in data.tables:
                _bars(data.queries.panel, table)


def _bars(panel: Panel, table: TableFrame) -> None:
    names = str(panel.options.get("xField") or "")
    values = value_column(table, names)
    config = field_config(panel, values)
    low, high = scale([number_of(cell) for cell in table.column(values)], config)
    with ui.element("div").classes("columns").props('role="list"') as columns:
        columns.style(f"--zero: {-low / (high - low):.2%}")
        for name, cell in zip(table.column(names), table.column(values), strict=True):
            _bar(str(name or ""), cell, config, low, high)


def _bar(name: str, cell: Cell, config: FieldConfig, low: float, high: float) -> None:
    display, number = config.display(cell), number_of(cell)
    start, length = (min(0.0, number) - low) / (high - low), abs(number) / (high - low)
    with ui.element("div").classes("column").props('role="listitem"'):
        with ui.element("div").classes("column-bar").style(f"--from: {start:.2%}; --share: {length:.2%}"):
            ui.element("div").classes("column-fill").style(f"background: {display.color or 'var(--accent)'}")
            text = ui.label(display.text).classes("column-value")
            text.props["data-value"] = "" if cell is None else repr(cell)  # for tests
        ui.label(name).classes("column-name").props["title"] = name


def value_column(table: TableFrame, names: str) -> str:
    """The first column of numbers; `names` is the column of the bars' names."""
    return next((name for name in table.columns if table.is_number(name) and name not in (TIME, names)), "")


def number_of(cell: Cell) -> float:
    return float(cell) if isinstance(cell, float | int) and math.isfinite(cell) else 0.0


def scale(numbers: Sequence[float], config: FieldConfig) -> tuple[float, float]:
    """The ends of the bars' scale, which includes 0."""
    low = min(0.0, *numbers, config.minimum if config.minimum is not None else 0.0)
    high = max(0.0, *numbers, config.maximum if config.maximum is not None else 0.0)
    return low, high if high > low else low + 1.0
