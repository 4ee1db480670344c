"""How many log lines over time, in steps that fit the range, as stacked bars."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from llm_telemetry import names
from stores.logs import Histogram

_STEPS_S: Final = (
    0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 7 * 86_400,
)  # fmt: skip
_BARS: Final = 80  # at most
_MOST_VALUES: Final = 7  # of the field that gives the colours; the rest is one

# Values whose colour means something; others take the colours of series.
_TONES: Final = {
    "trace": "muted", "debug": "muted", "info": "accent", "warn": "warn", "warning": "warn", "error": "bad",
    "fatal": "bad", "critical": "bad", names.STATUS_OK: "good", names.STATUS_CANCELLED: "warn",
}  # fmt: skip

Zoomed = Callable[[float, float], Awaitable[None]]


def step_for(length_s: float) -> float:
    """The shortest step that gives not more than 80 bars."""
    return next((step for step in _STEPS_S if length_s / step <= _BARS), _STEPS_S[-1])


class Bars(ui.element, component="bars.js"):
    """The histogram; dragging over it, or choosing a bar, asks for that part of the time (Unix seconds)."""

    def __init__(self, zoomed: Zoomed) -> None:
        super().__init__()

        async def zoom(event: GenericEventArguments) -> None:
            start, end = sorted(float(value) for value in event.args)
            await zoomed(start, end)

        self.on("zoom", zoom)
        self.show(Histogram(1.0, (), {}))

    def show(self, counts: Histogram) -> None:
        """Show these counts."""
        self.props.update({"step": counts.step_s, "starts": list(counts.starts), "rows": rows_of(counts)})
        self.update()


def rows_of(counts: Histogram) -> list[dict[str, object]]:
    """One per value, most frequent first: its name, its colour and its counts."""
    ordered = sorted(counts.counts.items(), key=lambda item: (-sum(item[1]), item[0]))
    named = [(value or "(none)", list(row), _TONES.get(value.lower(), "")) for value, row in ordered[:_MOST_VALUES]]
    if rest := [row for _, row in ordered[_MOST_VALUES:]]:
        named.append((f"{len(rest)} more", [sum(column) for column in zip(*rest, strict=True)], "muted"))
    return [{"name": name, "counts": row, "tone": tone} for name, row, tone in named if any(row)]
