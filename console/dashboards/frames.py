"""What a query gave, as panels use it: named series over time, or rows and columns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from console.dashboards.model import Target
from stores.metric_results import Labels, Sample, Series

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

    @cached_property
    def _known(self) -> list[float]:
        return [value for value in self.values if not math.isnan(value)]

    def reduced(self, how: str) -> float | None:
        """One number of all values, by Grafana's name of the calculation."""
        known = self._known
        if not known:
            return None
        return max(known) if how == "max" else known[-1]


CALCULATION_NAMES: Final = {"lastNotNull": "Last", "max": "Max"}


@dataclass(frozen=True)
class Table:
    """Rows under named columns, in the columns' order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ref: str = ""

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


def table_of(target: Target, samples: Sequence[Sample], alone: bool) -> Table:
    """A row per series. The value's column has the query's letter where there are several queries."""
    labels = sorted({name for sample in samples for name in sample.labels})
    value = VALUE if alone else f"{VALUE} #{target.ref}"
    rows = tuple((sample.time, *(sample.labels.get(name) for name in labels), sample.value) for sample in samples)
    return Table((TIME, *labels, value), rows, target.ref)
