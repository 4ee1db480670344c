"""What a query gave, as panels use it: named series over time, or rows and columns."""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from console.dashboards.model import Target
from stores.metric_answers import Labels, Sample, Series

TIME: Final = "Time"
VALUE: Final = "Value"

Cell = float | str | None


@dataclass(frozen=True)
class Line:
    """One series, with the name that a legend shows."""

    name: str
    labels: Labels
    ref: str
    times: Sequence[float]  # Unix s
    values: Sequence[float]

    @property
    def last(self) -> float | None:
        """The newest value that is a number."""
        return next((value for value in reversed(self.values) if not math.isnan(value)), None)

    @cached_property
    def _known(self) -> list[float]:
        return [value for value in self.values if not math.isnan(value)]

    def reduced(self, how: str) -> float | None:
        """One number of all values, by Grafana's name of the calculation."""
        known = self._known
        if not known:
            return None
        return float(_CALCULATIONS.get(how, _CALCULATIONS["lastNotNull"])(known))


_CALCULATIONS: Final[Mapping[str, Any]] = {
    "lastNotNull": lambda values: values[-1],
    "last": lambda values: values[-1],
    "firstNotNull": lambda values: values[0],
    "first": lambda values: values[0],
    "max": max,
    "min": min,
    "mean": lambda values: sum(values) / len(values),
    "sum": sum,
    "count": lambda values: float(len(values)),
    "range": lambda values: max(values) - min(values),
    "delta": lambda values: sum(max(0.0, after - before) for before, after in itertools.pairwise(values)),
    "diff": lambda values: values[-1] - values[0],
    "diffperc": lambda values: (values[-1] - values[0]) / values[0] if values[0] else math.nan,
    "median": statistics.median,
    "variance": statistics.pvariance,
    "stdDev": statistics.pstdev,
    "changeCount": lambda values: float(sum(before != after for before, after in itertools.pairwise(values))),
    "distinctCount": lambda values: float(len(set(values))),
}
CALCULATION_NAMES: Final = {
    "lastNotNull": "Last", "last": "Last", "firstNotNull": "First", "first": "First", "max": "Max", "min": "Min",
    "mean": "Mean", "sum": "Total", "count": "Count", "range": "Range", "delta": "Delta", "diff": "Difference",
    "diffperc": "Difference %", "median": "Median", "variance": "Variance", "stdDev": "StdDev",
    "changeCount": "Changes", "distinctCount": "Distinct",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Rows under named columns, in the columns' order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ref: str = ""

    def series(self, of_rows: bool) -> list[Line]:
        """Every column of numbers as a series of its rows; `of_rows`: every number as one, named after its row."""
        times = [float(cell) if isinstance(cell, float | int) else 0.0 for cell in self.column(TIME)]
        times = times or [0.0] * len(self.rows)
        numbers = [name for name in self.columns if name != TIME and self.is_number(name)]
        values = {
            name: [float(cell) if isinstance(cell, float | int) else math.nan for cell in self.column(name)]
            for name in numbers
        }
        if not of_rows:
            return [Line(name, {}, self.ref, times, values[name]) for name in numbers]
        found = []
        for place, row in enumerate(self.rows):
            texts = {name: cell for name, cell in zip(self.columns, row, strict=True) if isinstance(cell, str)}
            for name in numbers:
                words = " ".join([*texts.values(), *([name] if len(numbers) > 1 or not texts else [])])
                found.append(Line(words, texts, self.ref, times[place : place + 1], values[name][place : place + 1]))
        return found

    def column(self, name: str) -> list[Cell]:
        """Its cells; empty where there is no such column."""
        if name not in self.columns:
            return []
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def is_number(self, name: str) -> bool:
        """Whether a column holds numbers."""
        cells = [cell for cell in self.column(name) if cell is not None]
        return bool(cells) and all(isinstance(cell, float | int) for cell in cells)


def legend_name(template: str, labels: Labels) -> str:
    """`{{service}} {{endpoint}}` filled in; without a template the labels, as Grafana's `Auto` does it."""
    if template:
        text = re.sub(r"\{\{\s*(.+?)\s*\}\}", lambda match: labels.get(match[1], ""), template)
        return re.sub(r" {2,}", " ", text).strip() or VALUE  # `or vector(0)` has none of the labels
    rest = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    metric = labels.get("__name__", "")
    return f"{metric}{{{rest}}}" if metric and rest else metric or (f"{{{rest}}}" if rest else VALUE)


def lines_of(target: Target, series: Iterable[Series]) -> list[Line]:
    """The series of a range query."""
    return [
        Line(
            legend_name(target.legend, one.labels),
            one.labels,
            target.ref,
            [time for time, _ in one.points],
            [value for _, value in one.points],
        )
        for one in series
    ]


def lines_of_now(target: Target, samples: Iterable[Sample]) -> list[Line]:
    """The series of an instant query: one point each."""
    return [
        Line(legend_name(target.legend, one.labels), one.labels, target.ref, [one.time], [one.value]) for one in samples
    ]


def table_of_lines(lines: Sequence[Line]) -> Table:
    """A row per time, a column per series."""
    times = sorted({time for line in lines for time in line.times})
    known = [dict(zip(line.times, line.values, strict=True)) for line in lines]
    rows = tuple((time, *(values.get(time) for values in known)) for time in times)
    return Table((TIME, *(line.name for line in lines)), rows, lines[0].ref if lines else "")


def table_of(target: Target, samples: Sequence[Sample], alone: bool) -> Table:
    """A row per series. The value's column has the query's letter where there are several queries."""
    labels = sorted({name for sample in samples for name in sample.labels})
    value = VALUE if alone else f"{VALUE} #{target.ref}"
    rows = tuple((sample.time, *(sample.labels.get(name) for name in labels), sample.value) for sample in samples)
    return Table((TIME, *labels, value), rows, target.ref)
