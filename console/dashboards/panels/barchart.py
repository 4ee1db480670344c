"""One bar per row of a table; a column names it, the others are its values, beside or upon each other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.fields import FieldOptions, of_field, series_color
from console.dashboards.frames import TIME, Cell, Table, table_of_lines
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context
from console.times import clock
from stores.metric_answers import Labels

_MINUTES = slice(5, 16)  # of a time: without year and seconds


class BarChart:
    """Bars with their values at their ends."""

    def __init__(self, context: Context) -> None:
        self._panel = context.panel
        self._options = context.panel.options
        self._place = ui.element("div").classes("barchart")

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        tables = answer.tables or (table_of_lines(answer.lines),)
        labels = {line.name: line.labels for line in answer.lines}
        self._place.clear()
        with self._place:
            for table in tables:
                self._bars(table, labels)

    def _bars(self, table: Table, labels: Mapping[str, Labels]) -> None:
        category, values = columns(table, str(self._options.get("xField") or ""))
        fields = {name: of_field(self._panel, name, "number", table.ref) for name in values}
        names = {name: field.called(name, labels.get(name, {})) for name, field in fields.items()}
        stacking = str(self._options.get("stacking") or "none")
        rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        ends = [spans([row[name] for name in values], stacking) for row in rows]
        low, high = _limits(ends, [] if stacking == "percent" else list(fields.values()))

        def share(length: float) -> str:
            return f"{length / (high - low):.2%}"

        lying = self._options.get("orientation") == "horizontal"
        silent = stacking != "none" or self._options.get("showValue") == "never"
        with ui.element("div").classes(f"columns{' lying' * lying}{' silent' * silent}") as place:
            place.props["role"] = "list"
            place.style(f"--zero: {share(-low)}")
            for row, pieces in zip(rows, ends, strict=True):
                with _column(_name(row.get(category), category)):
                    for index, (name, (start, end)) in enumerate(zip(values, pieces, strict=True)):
                        shown = fields[name].shown(row[name])
                        several = series_color(index) if len(values) > 1 else "var(--accent)"
                        with ui.element("div").classes("column-bar" if stacking == "none" else "column-piece") as bar:
                            bar.style(f"--from: {share(min(start, end) - low)}; --share: {share(abs(end - start))}")
                            bar.props["title"] = f"{names[name]}: {shown.text}"
                            fill = ui.element("div").classes("column-fill")
                            fill.style(f"background: {shown.color or several}")
                            label = ui.label(shown.text).classes("column-value")
                            label.props["data-value"] = "" if row[name] is None else repr(row[name])
        if len(values) > 1 and (self._options.get("legend") or {}).get("showLegend", True):
            with ui.element("div").classes("band-words"):
                for index, name in enumerate(values):
                    fixed = fields[name].color(None)
                    with ui.element("span"):
                        ui.element("span").classes("swatch").style(f"background: {fixed or series_color(index)}")
                        ui.label(names[name])


def _column(name: str) -> ui.element:
    """The place of one row's bars, above its name."""
    with ui.element("div").classes("column").props('role="listitem"'):
        bars = ui.element("div").classes("column-bars")
        ui.label(name).classes("column-name").props["title"] = name
    return bars


def _name(cell: Cell, column: str) -> str:
    return clock(cell)[_MINUTES] if column == TIME and isinstance(cell, float) else str(cell or "")


def columns(table: Table, wanted: str) -> tuple[str, list[str]]:
    """The column that names the bars, and those that are their values."""
    values = [name for name in table.columns if table.is_number(name) and name not in (TIME, wanted)]
    texts = [name for name in table.columns if name not in values and name != TIME]
    return wanted if wanted in table.columns else texts[0] if texts else TIME, values


def spans(cells: Sequence[Cell], stacking: str) -> list[tuple[float, float]]:
    """Where each value's bar begins and ends: at zero, or where the one before it ends."""
    numbers = [float(cell) if isinstance(cell, float | int) and math.isfinite(cell) else 0.0 for cell in cells]
    if stacking == "none":
        return [(0.0, number) for number in numbers]
    total = sum(map(abs, numbers)) if stacking == "percent" else 1.0
    ends = list(itertools.accumulate((number / (total or 1.0) for number in numbers), initial=0.0))
    return list(itertools.pairwise(ends))


def _limits(ends: Sequence[Sequence[tuple[float, float]]], fields: Sequence[FieldOptions]) -> tuple[float, float]:
    """What the scale must have room for; zero is always in it."""
    numbers = [0.0, *(number for row in ends for piece in row for number in piece)]
    low = min([*numbers, *(field.minimum for field in fields if field.minimum is not None)])
    high = max([*numbers, *(field.maximum for field in fields if field.maximum is not None)])
    return low, high if high > low else low + 1.0
