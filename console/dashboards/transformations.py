"""Grafana's transformations of tables, as far as the dashboards use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from console.dashboards.data_frames import Cell, TableFrame
from console.dashboards.model import Json

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
