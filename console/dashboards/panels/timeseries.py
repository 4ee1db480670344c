"""Lines or bars over time, with legend, thresholds, annotations and exemplars."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from console.dashboards.answer import Answer
from console.dashboards.elements import Chart
from console.dashboards.fields import FieldOptions, css_color, defaults, of_field
from console.dashboards.frames import CALCULATION_NAMES, Line
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context
from console.units import formatted
from stores.metric_results import Exemplar

MOST_EXEMPLARS = 60  # more would hide the lines


class TimeSeries:
    """A chart."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._chart: Chart | None = None

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        drawn = view(answer, notes)
        if self._chart is None:
            self._chart = Chart(drawn, self._context.zoom)
        else:
            self._chart.show(drawn)


def view(answer: Answer, notes: Sequence[Note]) -> dict[str, Any]:
    """What panel_chart.js draws. Times are Unix milliseconds."""
    plan = answer.plan
    panel, grid, span = plan.panel, plan.intervals.aligned, plan.intervals.span
    step = plan.intervals.step
    common = defaults(panel)
    custom = common.custom
    calculations = [str(one) for one in (panel.options.get("legend") or {}).get("calcs") or ()]
    return {
        "title": panel.title,
        "start": round(span.start * 1000),
        "end": round(span.end * 1000),
        "first": round(grid.start * 1000),
        "step": step * 1000,
        "lines": [
            _line(line, of_field(panel, line.name), calculations, grid.start, grid.end, step) for line in answer.lines
        ],
        "calculations": [CALCULATION_NAMES.get(one, one) for one in calculations],
        "bars": custom.get("drawStyle") == "bars",
        "stacked": _stacked(common),
        "fill": float(custom.get("fillOpacity") or 0) / 100,
        "unit": common.unit,
        "min": common.minimum,
        "max": _top(common, answer.lines) if common.maximum is None else common.maximum,
        "interval": _binary_interval(common, answer.lines),
        "soft_min": custom.get("axisSoftMin"),
        "thresholds": [{"value": one.value, "color": css_color(one.color)} for one in common.lines],
        "exemplars": [
            {"time": round(one.time * 1000), "value": one.value, "trace": one.trace_id}
            for one in telling(answer.exemplars, span.start, span.end)
        ],
        "annotations": [
            {
                "time": round(note.start * 1000),
                "end": round(note.end * 1000),
                "title": note.title,
                "text": note.text,
                "color": note.color,
            }
            for note in notes
        ],
    }


def telling(exemplars: Sequence[Exemplar], start: float, end: float) -> list[Exemplar]:
    """The largest of every piece of the range: it is the slow and the dear ones that are looked for."""
    largest: dict[int, Exemplar] = {}
    for one in exemplars:
        place = int((one.time - start) / (end - start) * MOST_EXEMPLARS)
        known = largest.get(place)
        if start <= one.time <= end and math.isfinite(one.value) and (known is None or one.value > known.value):
            largest[place] = one
    return [largest[place] for place in sorted(largest)]


def _top(field: FieldOptions, lines: Sequence[Line]) -> float | None:
    """Of an axis of shares: the whole, where a round scale would end above it. Else the scale ends where it will."""
    if field.unit != "percentunit" or _stacked(field):
        return None
    highest = _highest(lines)
    return 1.0 if highest == 0 or 0.75 < highest <= 1.0 else None


def _binary_interval(field: FieldOptions, lines: Sequence[Line]) -> float | None:
    """Between two ticks of an axis of bytes: 64 MiB and not 57.2. None leaves it to the scale."""
    highest = _highest(lines)
    if field.unit != "bytes" or highest <= 0 or _stacked(field):
        return None
    return float(2 ** math.ceil(math.log2(highest / 5)))


def _highest(lines: Sequence[Line]) -> float:
    return max((value for line in lines for value in line.values if math.isfinite(value)), default=0.0)


def _stacked(field: FieldOptions) -> bool:
    return bool((field.custom.get("stacking") or {}).get("mode", "none") != "none")


def _line(
    line: Line, field: FieldOptions, calculations: Sequence[str], start: float, end: float, step: float
) -> dict[str, Any]:
    numbers = [line.reduced(one) for one in calculations]
    values, every = _on_grid(line, start, end, step)
    return {
        "name": line.name,
        "values": values,
        "span_nulls": every > 1,
        "unit": field.unit,
        "decimals": field.decimals,
        "texts": [formatted(number, field.unit, field.decimals) for number in numbers],
        "numbers": numbers,
    }


def _on_grid(line: Line, start: float, end: float, step: float) -> tuple[list[float | None], int]:
    """The values at every step, None where there is none, and how many steps apart the line's own points are."""
    values: list[float | None] = [None] * (round((end - start) / step) + 1)
    places = [round((time - start) / step) for time in line.times]
    for place, value in zip(places, line.values, strict=True):
        if 0 <= place < len(values) and math.isfinite(value):
            values[place] = value
    gaps = [later - earlier for earlier, later in itertools.pairwise(places)]
    return values, min(gaps, default=1)
