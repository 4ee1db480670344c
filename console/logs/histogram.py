"""The histogram: numbers of log lines over time as stacked bars."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui

from llm_telemetry import names
from stores.logs import Histogram

_STEPS_S: Final = (
    0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 7 * 86_400,
)  # fmt: skip
_MAX_BARS: Final = 80
_MAX_VALUES: Final = 7  # values with a colour of their own; the others share one

# Values with a fixed colour, a variable of console.css. Others get the colours of series.
_COLORS: Final = {
    "trace": "muted", "debug": "muted", "info": "accent", "warn": "warn", "warning": "warn", "error": "bad",
    "fatal": "bad", "critical": "bad", names.STATUS_OK: "good", names.STATUS_CANCELLED: "warn",
}  # fmt: skip

OnZoom = Callable[[float, float], Awaitable[None]]


def step_for(length_s: float) -> float:
    return next((step for step in _STEPS_S if length_s / step <= _MAX_BARS), _STEPS_S[-1])


class LogHistogram(ui.element, component="histogram.js"):
    """`on_zoom` is awaited with start and end (Unix seconds) when a person selects bars."""

    def __init__(self, on_zoom: OnZoom) -> None:
        super().__init__()
        self.on("zoom", lambda event: on_zoom(*sorted(map(float, event.args))))
        self.show(Histogram(1.0, (), {}))

    def show(self, counts: Histogram) -> None:
        self.props.update({"step": counts.step_s, "starts": list(counts.starts), "rows": rows_of(counts)})
        self.update()


def rows_of(counts: Histogram) -> list[dict[str, object]]:
    """One row per value, most frequent first: name, counts and fixed colour."""
    ordered = sorted(counts.counts.items(), key=lambda item: (-sum(item[1]), item[0]))
    named = [(value or "(none)", list(row), _COLORS.get(value.lower(), "")) for value, row in ordered[:_MAX_VALUES]]
    if rest := [row for _, row in ordered[_MAX_VALUES:]]:
        named.append((f"{len(rest)} more", [sum(column) for column in zip(*rest, strict=True)], "muted"))
    return [{"name": name, "counts": row, "color": color} for name, row, color in named if any(row)]
