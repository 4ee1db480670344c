"""What all bodies of panels have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from console.dashboards.answer import Answer
from console.dashboards.fields import FieldOptions, of_field
from console.dashboards.frames import Line
from console.dashboards.model import Panel
from console.dashboards.notes import Note


@dataclass(frozen=True)
class Context:
    """What a body is made for."""

    panel: Panel
    zoom: Callable[[float, float], Any]  # show these times (Unix s) instead


class Body(Protocol):
    """The inside of a panel. It is made inside its place and redraws itself there."""

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
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
    calculations = (panel.options.get("reduceOptions") or {}).get("calcs") or ["lastNotNull"]
    lines = answer.lines or (Line("", {}, "", (), ()),)
    return [Reduced(line.name, line.reduced(str(calculations[0])), of_field(panel, line.name), line) for line in lines]
