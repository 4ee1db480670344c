"""Grafana's transformations of tables, those that the dashboards use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from console.dashboards.frames import Cell, Table
from console.dashboards.model import Json

Tables = tuple[Table, ...]


def transformed(tables: Sequence[Table], steps: Sequence[Json]) -> tuple[Tables, list[str]]:
    """The tables after every step, and the steps that are not known."""
    current, unknown = tuple(tables), []
    for step in steps:
        known = _STEPS.get(str(step.get("id")))
        if known is None:
            unknown.append(str(step.get("id")))
        else:
            current = known(current, step.get("options") or {})
    return current, unknown


def _merge(tables: Tables, _: Json) -> Tables:
    """Rows that agree in every column they share become one row with the columns of all."""
    columns = tuple(dict.fromkeys(name for table in tables for name in table.columns))
    merged: list[dict[str, Cell]] = []
    for table in tables:
        for row in table.rows:
            found = dict(zip(table.columns, row, strict=True))
            keys = [name for name in table.columns if any(name in other.columns for other in tables if other != table)]
            partner = next((one for one in merged if _joins(one, found, keys)), None)
            if partner is None:
                merged.append(found)
            else:
                partner.update({name: value for name, value in found.items() if partner.get(name) is None})
    return (Table(columns, tuple(tuple(row.get(name) for name in columns) for row in merged)),) if tables else ()


def _joins(one: Mapping[str, Cell], other: Mapping[str, Cell], keys: Sequence[str]) -> bool:
    """Whether both are about the same. A value that only the other has must still be missing."""
    same = all(one.get(name) == other.get(name) for name in keys)
    return same and all(name in keys or one.get(name) is None for name in other)


def _organize(tables: Tables, options: Json) -> Tables:
    excluded, order = options.get("excludeByName") or {}, options.get("indexByName") or {}
    renamed = options.get("renameByName") or {}
    return tuple(_organized(table, excluded, order, renamed) for table in tables)


def _organized(table: Table, excluded: Json, order: Json, renamed: Json) -> Table:
    kept = [name for name in table.columns if not excluded.get(name)]
    kept.sort(key=lambda name: order.get(name, len(order) + table.columns.index(name)))
    rows = _rows(table, kept)
    return Table(tuple(str(renamed.get(name) or name) for name in kept), rows, table.ref)


def _sort_by(tables: Tables, options: Json) -> Tables:
    by = (options.get("sort") or [{}])[0]
    name, down = str(by.get("field", "")), bool(by.get("desc"))
    return tuple(_sorted(table, name, down) for table in tables)


def _sorted(table: Table, name: str, down: bool) -> Table:
    if name not in table.columns:
        return table
    index = table.columns.index(name)
    rows = sorted(table.rows, key=lambda row: _order(row[index]), reverse=down)
    return Table(table.columns, tuple(rows), table.ref)


def _order(cell: Cell) -> tuple[int, float, str]:
    if cell is None:
        return (0, 0.0, "")
    return (1, float(cell), "") if isinstance(cell, float | int) else (2, 0.0, cell)


def _limit(tables: Tables, options: Json) -> Tables:
    count = int(options.get("limitField") or 10)
    return tuple(Table(table.columns, table.rows[:count], table.ref) for table in tables)


def _rows(table: Table, kept: Sequence[str]) -> tuple[tuple[Cell, ...], ...]:
    places = [table.columns.index(name) for name in kept]
    return tuple(tuple(row[place] for place in places) for row in table.rows)


_STEPS: Final[Mapping[str, Callable[[Tables, Any], Tables]]] = {
    "merge": _merge,
    "organize": _organize,
    "sortBy": _sort_by,
    "limit": _limit,
}
