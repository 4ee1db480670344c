"""Panels and rows that a dashboard shows once for each chosen value of a variable (`repeat`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from console.dashboards.model import Panel, Row
from console.dashboards.variables import Variable

COLUMNS: Final = 24
_MOST_BESIDE: Final = 4  # where the panel does not say `maxPerRow`


def has_repeats(rows: Iterable[Row]) -> bool:
    """Whether what is shown hangs on what is chosen."""
    return any(row.repeat or any(panel.repeat for panel in row.panels) for row in rows)


def repeated(rows: Iterable[Row], variables: Sequence[Variable]) -> tuple[Row, ...]:
    """Rows and panels, each with the value that it is about; once where the variable has none."""
    values = {one.name: one.values for one in variables}
    seen = Counter[int]()
    return tuple(
        replace(
            row,
            scope=scope,
            panels=tuple(
                replace(panel, copy=_next(seen, panel.id), scope={**scope, **panel.scope})
                for panel in _panels(row.panels, values)
            ),
        )
        for row in rows
        for scope in _scopes(row.repeat, values)
    )


def _scopes(name: str, values: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    return [{name: value} for value in values.get(name, ())] or [{}]


def _next(seen: Counter[int], panel_id: int) -> int:
    seen[panel_id] += 1
    return seen[panel_id] - 1


def _panels(panels: Sequence[Panel], values: Mapping[str, Sequence[str]]) -> list[Panel]:
    """From the top down. What is beside a panel that is repeated across, or below it, moves down."""
    found: list[Panel] = []
    waiting = sorted(panels, key=lambda panel: (panel.y, not panel.repeat, panel.x))
    while waiting:
        panel = waiting.pop(0)
        scopes = _scopes(panel.repeat, values)
        if not scopes[0]:
            found.append(panel)
            continue
        across = panel.json.get("repeatDirection") != "v"
        beside = min(len(scopes), int(panel.json.get("maxPerRow") or _MOST_BESIDE)) if across else 1
        width, left = (COLUMNS // beside, 0) if across else (panel.width, panel.x)
        for place, scope in enumerate(scopes):
            down, right = divmod(place, beside)
            y = panel.y + down * panel.height
            found.append(replace(panel, x=left + right * width, y=y, width=width, scope=scope))
        taken, below = -(-len(scopes) // beside) * panel.height, panel.y + panel.height
        crowded = across and any(one.y < below for one in waiting)
        more = taken if crowded else taken - panel.height
        waiting = [replace(one, y=one.y + more) if crowded or one.y >= below else one for one in waiting]
    return found
