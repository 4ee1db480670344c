"""The results of a panel's queries: series frames (named series over time) and table frames (rows and columns)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from console.dashboards.model import QueryTarget
from stores.metric_results import Labels, Sample, Series

TIME: Final = "Time"
VALUE: Final = "Value"
CALCULATION_NAMES: Final = {"lastNotNull": "Last", "max": "Max"}  # the calculations that the console knows

Cell = float | str | None


@dataclass(frozen=True)
class SeriesFrame:
    name: str
    times: Sequence[float]  # Unix s
    values: Sequence[float]

    @cached_property
    def _numbers(self) -> list[float]:
        return [value for value in self.values if not math.isnan(value)]

    def reduce(self, calculation: str) -> float | None:
        """All values as one number, by a calculation of Grafana. An unknown calculation gives the last value."""
        if not self._numbers:
            return None
        return max(self._numbers) if calculation == "max" else self._numbers[-1]


@dataclass(frozen=True)
class TableFrame:
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def column(self, name: str) -> list[Cell]:
        if name not in self.columns:
            return []
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def is_number(self, name: str) -> bool:
        cells = [cell for cell in self.column(name) if cell is not None]
        return bool(cells) and all(isinstance(cell, float | int) for cell in cells)


def legend_name(template: str, labels: Labels) -> str:
    """`{{service}} {{endpoint}}` filled in. Without a template the labels, as Grafana's `Auto` writes them."""
    if template:
        text = re.sub(r"\{\{\s*(.+?)\s*\}\}", lambda match: labels.get(match[1], ""), template)
        return re.sub(r" {2,}", " ", text).strip() or VALUE  # the result of `vector(0)` has no labels
    rest = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    metric = labels.get("__name__", "")
    return f"{metric}{{{rest}}}" if metric and rest else metric or (f"{{{rest}}}" if rest else VALUE)


def range_frames(target: QueryTarget, series: Iterable[Series]) -> list[SeriesFrame]:
    return [
        SeriesFrame(
            legend_name(target.legend, one.labels), [time for time, _ in one.points], [value for _, value in one.points]
        )
        for one in series
    ]


def instant_frames(target: QueryTarget, samples: Iterable[Sample]) -> list[SeriesFrame]:
    return [SeriesFrame(legend_name(target.legend, one.labels), [one.time], [one.value]) for one in samples]


def table_frame(target: QueryTarget, samples: Sequence[Sample], is_only_query: bool) -> TableFrame:
    """One row per series. Where a panel has several queries, the column of values is called `Value #A`."""
    labels = sorted({name for sample in samples for name in sample.labels})
    value = VALUE if is_only_query else f"{VALUE} #{target.ref_id}"
    rows = tuple((sample.time, *(sample.labels.get(name) for name in labels), sample.value) for sample in samples)
    return TableFrame((TIME, *labels, value), rows)
