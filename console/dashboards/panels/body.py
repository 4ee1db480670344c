"""What all bodies of panels have in common."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from console.dashboards.answer import Answer
from console.dashboards.fields import FieldOptions, expression, of_field
from console.dashboards.frames import Line
from console.dashboards.model import Panel
from console.dashboards.notes import Note

MOST_VALUES: Final = 25  # where every value is shown by itself


@dataclass(frozen=True)
class Context:
    """What a body is made for."""

    panel: Panel
    zoom: Callable[[float, float], Any]  # show these times (Unix s) instead
    shared: int  # how charts share a hover: 0 not at all, 1 the crosshair, 2 tooltips as well


class Body(Protocol):
    """The inside of a panel. It is made inside its place and redraws itself there."""

    def show(self, answer: Answer, notes: Sequence[Note]) -> Awaitable[None] | None:
        """Show an answer that is not empty, with annotations where the panel has an axis of time."""
        ...


@dataclass(frozen=True)
class Reduced:
    """One series as one number."""

    name: str
    value: float | None
    field: FieldOptions
    line: Line


def reduced(answer: Answer) -> list[Reduced]:
    """Each series as the panel's `reduceOptions` make it one number; no series: none, where a word stands for it."""
    panel = answer.plan.panel
    options = panel.options.get("reduceOptions") or {}
    every = bool(options.get("values"))
    lines = [*answer.lines, *(line for table in answer.tables for line in table.series(every))]
    if every:
        points = (replace(line, times=[at], values=[number]) for line in lines
                  for at, number in zip(line.times, line.values, strict=True))  # fmt: skip
        lines = list(itertools.islice(points, int(options.get("limit") or MOST_VALUES)))
    wanted = expression(str(options.get("fields") or ""))
    found = []
    for line in lines or [Line("", {}, "", (), ())]:
        field = of_field(panel, line.name, "number", line.ref)
        name = field.called(line.name, line.labels)
        if wanted.search(name) and (lines or field.no_value):
            found.append(Reduced(name, line.reduced(calculation(panel)), field, line))
    return found


def calculation(panel: Panel) -> str:
    """How a panel of single numbers makes one of a series."""
    calculations = (panel.options.get("reduceOptions") or {}).get("calcs") or ["lastNotNull"]
    return str(calculations[0])


def stacked(panel: Panel) -> bool:
    """Whether values are below each other: Grafana's `horizontal` gives each the whole width."""
    return panel.options.get("orientation") == "horizontal"
