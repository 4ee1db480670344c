"""The results of a panel's queries: series frames and table frames, and Grafana's transformations of tables."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from console.dashboards.model import Json, QueryTarget
from stores.metric_results import Labels, Sample, Series

TIME: Final = "Time"
VALUE: Final = "Value"
CALCULATION_NAMES: Final = {"lastNotNull": "Last", "max": "Max"}  # the calculations that the console knows

Cell = float | str | None


@dataclass(frozen=True)
class SeriesFrame:
    name: str
    times: Sequence[float]  # Unix s
    values: Sequence[float]

    @cached_property
    def _numbers(self) -> list[float]:
        return [value for value in self.values if not math.isnan(value)]

    def reduce(self, calculation: str) -> float | None:
        """All values as one number, by a calculation of Grafana. An unknown calculation gives the last value."""
        if not self._numbers:
            return None
        return max(self._numbers) if calculation == "max" else self._numbers[-1]


@dataclass(frozen=True)
class TableFrame:
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def column(self, name: str) -> list[Cell]:
        if name not in self.columns:
            return []
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def is_number(self, name: str) -> bool:
        cells = [cell for cell in self.column(name) if cell is not None]
        return bool(cells) and all(isinstance(cell, float | int) for cell in cells)


def legend_name(template: str, labels: Labels) -> str:
    """`{{service}} {{endpoint}}` filled in. Without a template the labels, as Grafana's `Auto` writes them."""
    if template:
        text = re.sub(r"\{\{\s*(.+?)\s*\}\}", lambda match: labels.get(match[1], ""), template)
        return re.sub(r" {2,}", " ", text).strip() or VALUE  # the result of `vector(0)` has no labels
    rest = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    metric = labels.get("__name__", "")
    return f"{metric}{{{rest}}}" if metric and rest else metric or (f"{{{rest}}}" if rest else VALUE)


def range_frames(target: QueryTarget, series: Iterable[Series]) -> list[SeriesFrame]:
    return [
        SeriesFrame(
            legend_name(target.legend, one.labels), [time for time, _ in one.points], [value for _, value in one.points]
        )
        for one in series
    ]


def instant_frames(target: QueryTarget, samples: Iterable[Sample]) -> list[SeriesFrame]:
    return [SeriesFrame(legend_name(target.legend, one.labels), [one.time], [one.value]) for one in samples]


def table_frame(target: QueryTarget, samples: Sequence[Sample], is_only_query: bool) -> TableFrame:
    """One row per series. Where a panel has several queries, the column of values is called `Value #A`."""
    labels = sorted({name for sample in samples for name in sample.labels})
    value = VALUE if is_only_query else f"{VALUE} #{target.ref_id}"
    rows = tuple((sample.time, *(sample.labels.get(name) for name in labels), sample.value) for sample in samples)
    return TableFrame((TIME, *labels, value), rows)


Tables = list[TableFrame]


def apply_transformations(tables: Tables, steps: Sequence[Json]) -> tuple[Tables, list[str]]:
    """The tables after every transformation, and the ids of unknown transformations."""
    current, unknown = tables, []
    for step in steps:
        transformation = _TRANSFORMATIONS.get(str(step.get("id")))
        if transformation is None:
            unknown.append(str(step.get("id")))
        else:
            current = transformation(current, step.get("options") or {})
    return current, unknown


def _merge(tables: Tables, _: Json) -> Tables:
    """Joins rows that are equal in all columns that their tables share. The result has the columns of all tables."""
    columns = tuple(dict.fromkeys(name for table in tables for name in table.columns))
    merged: list[dict[str, Cell]] = []
    for table in tables:
        shared = [name for name in table.columns if any(name in other.columns for other in tables if other != table)]
        for cells in table.rows:
            row = dict(zip(table.columns, cells, strict=True))
            partner = next((one for one in merged if _can_join(one, row, shared)), None)
            if partner is None:
                merged.append(row)
            else:
                partner.update({name: value for name, value in row.items() if partner.get(name) is None})
    return [TableFrame(columns, tuple(tuple(row.get(name) for name in columns) for row in merged))] if tables else []


def _can_join(one: Mapping[str, Cell], other: Mapping[str, Cell], shared: Sequence[str]) -> bool:
    """Whether the shared columns are equal, and `one` has no value yet in the other columns."""
    same = all(one.get(name) == other.get(name) for name in shared)
    return same and all(name in shared or one.get(name) is None for name in other)


def _organize(tables: Tables, options: Json) -> Tables:
    excluded, order = options.get("excludeByName") or {}, options.get("indexByName") or {}
    renamed = options.get("renameByName") or {}
    return [_organize_one(table, excluded, order, renamed) for table in tables]


def _organize_one(table: TableFrame, excluded: Json, order: Json, renamed: Json) -> TableFrame:
    kept = [name for name in table.columns if not excluded.get(name)]
    kept.sort(key=lambda name: order.get(name, len(order) + table.columns.index(name)))
    indexes = [table.columns.index(name) for name in kept]
    rows = tuple(tuple(row[index] for index in indexes) for row in table.rows)
    return TableFrame(tuple(str(renamed.get(name) or name) for name in kept), rows)


def _sort_by(tables: Tables, options: Json) -> Tables:
    by = (options.get("sort") or [{}])[0]
    name, descending = str(by.get("field", "")), bool(by.get("desc"))
    return [_sort_one(table, name, descending) for table in tables]


def _sort_one(table: TableFrame, name: str, descending: bool) -> TableFrame:
    if name not in table.columns:
        return table
    index = table.columns.index(name)
    rows = sorted(table.rows, key=lambda row: _sort_key(row[index]), reverse=descending)
    return TableFrame(table.columns, tuple(rows))


def _sort_key(cell: Cell) -> tuple[int, float, str]:
    if cell is None:
        return (0, 0.0, "")
    return (1, float(cell), "") if isinstance(cell, float | int) else (2, 0.0, cell)


def _limit(tables: Tables, options: Json) -> Tables:
    count = int(options.get("limitField") or 10)
    return [TableFrame(table.columns, table.rows[:count]) for table in tables]


_TRANSFORMATIONS: Final[Mapping[str, Callable[[Tables, Any], Tables]]] = {
    "merge": _merge,
    "organize": _organize,
    "sortBy": _sort_by,
    "limit": _limit,
}
