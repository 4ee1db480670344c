"""States over time: one band per series, with a piece for every time that a state lasted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from console.dashboards.answer import Answer
from console.dashboards.elements import Bands
from console.dashboards.fields import FieldOptions, css_color, defaults, of_field
from console.dashboards.frames import Line
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context


class StateTimeline:
    """Bands."""

    def __init__(self, context: Context) -> None:
        self._bands: Bands | None = None

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        drawn = view(answer)
        if self._bands is None:
            self._bands = Bands(drawn)
        else:
            self._bands.show(drawn)


def view(answer: Answer) -> dict[str, Any]:
    """What panel_bands.js draws. Times are Unix milliseconds."""
    plan = answer.plan
    span = plan.intervals.span
    bands = []
    for line in answer.lines:
        field = of_field(plan.panel, line.name)
        bands.append(
            {"name": line.name, "pieces": list(_pieces(line, field, plan.intervals.step, span.start, span.end))}
        )
    return {
        "start": round(span.start * 1000),
        "end": round(span.end * 1000),
        "bands": bands,
        "words": [{"text": one.text, "color": css_color(one.color)} for one in defaults(plan.panel).mappings],
    }


def _pieces(line: Line, field: FieldOptions, step: float, start: float, end: float) -> Iterator[dict[str, Any]]:
    """A state lasts until the next point; where points are missing there is no piece."""
    piece: dict[str, Any] | None = None
    shown_as = cache(field.shown)  # few values, many points
    for time, value in zip(line.times, line.values, strict=True):
        if math.isnan(value):
            continue
        from_ms, to_ms = round(max(time, start) * 1000), round(min(time + step, end) * 1000)
        if to_ms <= from_ms:
            continue
        shown = shown_as(value)
        if piece and piece["text"] == shown.text and from_ms <= piece["end"]:
            piece["end"] = to_ms
            continue
        if piece:
            yield piece
        piece = {
            "start": from_ms, "end": to_ms, "value": value, "text": shown.text, "color": shown.color or "var(--accent)",
        }  # fmt: skip
    if piece:
        yield piece
