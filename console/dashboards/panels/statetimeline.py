"""States over time: one band per series, with a piece for every time that a state lasted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from console.dashboards.answer import Answer
from console.dashboards.elements import Bands
from console.dashboards.fields import FieldOptions, Shown, css_color, defaults, of_field
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
    panel, span = plan.panel, plan.intervals.span
    merge = bool(panel.options.get("mergeValues", True))
    legend = panel.options.get("legend") or {}
    bands = []
    for line in answer.lines:
        field = of_field(panel, line.name, "number", line.ref)
        bands.append(
            {
                "name": field.called(line.name, line.labels),
                "pieces": list(_pieces(line, field, plan.intervals.step, span.start, span.end, merge)),
            }
        )
    return {
        "start": round(span.start * 1000),
        "end": round(span.end * 1000),
        "bands": bands,
        "words": _words(defaults(panel), merge) if legend.get("showLegend", True) else [],
        "silent": panel.options.get("showValue") == "never",
    }


def _words(field: FieldOptions, merge: bool) -> list[dict[str, str]]:
    """What the colours mean."""
    words = [{"text": one.text, "color": css_color(one.color or "")} for one in field.mappings if one.text]
    if words or not (merge and _has_ranges(field)):
        return words
    return [
        {"text": text, "color": css_color(step.color)}
        for text, step in zip(_ranges(field), field.absolute_thresholds, strict=True)
    ]


def _has_ranges(field: FieldOptions) -> bool:
    return field.color_mode == "thresholds" and len(field.thresholds) > 1


def _ranges(field: FieldOptions) -> list[str]:
    """Between thresholds: `< 50`, `50 – 80`, `≥ 80`."""
    limits = [field.text(step.value) for step in field.absolute_thresholds[1:]]
    between = [f"{low} – {high}" for low, high in itertools.pairwise(limits)]
    return [f"< {limits[0]}", *between, f"≥ {limits[-1]}"]


def _shown(value: float, field: FieldOptions, merge: bool) -> Shown:
    """A value without a word of its own is in the state of being between two thresholds."""
    shown = field.shown(value)
    if not (merge and _has_ranges(field)) or any(one.fits(value) for one in field.mappings):
        return shown
    passed = sum(step.value is not None and value >= step.value for step in field.absolute_thresholds[1:])
    return Shown(_ranges(field)[passed], shown.color)


def _pieces(
    line: Line, field: FieldOptions, step: float, start: float, end: float, merge: bool
) -> Iterator[dict[str, Any]]:
    """A state lasts until the next point; where points are missing there is no piece."""
    piece: dict[str, Any] | None = None
    words = cache(lambda value: _shown(value, field, merge))  # few values, many points
    for time, value in zip(line.times, line.values, strict=True):
        if math.isnan(value):
            continue
        from_ms, to_ms = round(max(time, start) * 1000), round(min(time + step, end) * 1000)
        if to_ms <= from_ms:
            continue
        shown = words(value)
        if piece and merge and piece["text"] == shown.text and from_ms <= piece["end"]:
            piece["end"] = to_ms
            continue
        if piece:
            yield piece
        piece = {
            "start": from_ms, "end": to_ms, "value": value, "text": shown.text, "color": shown.color or "var(--accent)",
        }  # fmt: skip
    if piece:
        yield piece
