"""Plain tables. Cells are inserted as text, never as markup."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nicegui import ui

from console.shell import with_text


@dataclass(frozen=True)
class Link:
    text: str
    address: str


@dataclass(frozen=True)
class Swatch:
    color: str


Cell = str | Link | Swatch


def table(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], numbers: Collection[str] = (), label: str = ""
) -> None:
    """Columns in `numbers` are aligned to the right. `label` is the table's accessible name."""
    with ui.element("div").classes("wide").props('tabindex="0" role="region"') as region:
        region.props["aria-label"] = label or "Table"
        with ui.element("table").classes("plain-table"):
            with ui.element("thead"), ui.element("tr"):
                for name in columns:
                    with_text("th", name).classes("to-right" if name in numbers else "")
            with ui.element("tbody"):
                for row in rows:
                    with ui.element("tr"):
                        for name, cell in zip(columns, row, strict=True):
                            _cell(cell, to_right=name in numbers)


def _cell(cell: Cell, *, to_right: bool) -> None:
    if isinstance(cell, str):
        with_text("td", cell).classes("to-right number" if to_right else "")
        return
    with ui.element("td"):
        if isinstance(cell, Swatch):
            ui.element("span").classes("query-swatch").style(f"background: {cell.color}")
            return
        ui.link(cell.text, cell.address).classes("mono")
