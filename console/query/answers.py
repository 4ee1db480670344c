"""What a query gave, as tables and lines: without what is the same in every row, largest first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stores.metric_results import Sample, Series

MOST_ROWS = 50
MOST_LINES = 20
_POINTS = 120


@dataclass(frozen=True)
class Vector:
    """An instant answer: one row per series."""

    shared: Mapping[str, str]  # labels that all rows have alike
    columns: tuple[str, ...]  # names of the others
    rows: tuple[tuple[tuple[str, ...], Sample], ...]  # their values, and the sample itself
    left_out: int


def vector(samples: Sequence[Sample]) -> Vector:
    """The largest first; NaN last."""
    shared = shared_labels([sample.labels for sample in samples]) if len(samples) > 1 else {}
    names = sorted({name for sample in samples for name in sample.labels if name not in shared})
    columns = tuple(sorted(names, key=lambda name: name == "__name__", reverse=True))
    ordered = sorted(samples, key=lambda sample: (math.isnan(sample.value), -sample.value))
    rows = tuple((tuple(sample.labels.get(name, "") for name in columns), sample) for sample in ordered[:MOST_ROWS])
    return Vector(shared, columns, rows, max(0, len(samples) - MOST_ROWS))


def named(series: Sequence[Series]) -> list[tuple[str, Series]]:
    """Each with what tells it from the others, the one with the largest last value first; the most that one sees."""
    shared = shared_labels([one.labels for one in series])
    found = [(name_of({key: value for key, value in one.labels.items() if key not in shared}), one) for one in series]
    found.sort(key=lambda pair: -_last(pair[1]))
    return found[:MOST_LINES]


def name_of(labels: Mapping[str, str]) -> str:
    """`gpt-4o, /api/support/answer`."""
    return ", ".join(value for _, value in sorted(labels.items())) or "value"


def shared_labels(of: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Labels that are the same in all."""
    if not of:
        return {}
    return {name: value for name, value in of[0].items() if all(labels.get(name) == value for labels in of)}


def step_for(length_s: float, scrape_interval_s: float) -> float:
    """Between two points of a line: a whole number of seconds, and no less than there are samples for."""
    return max(math.ceil(length_s / _POINTS), math.ceil(scrape_interval_s), 1)


def _last(series: Series) -> float:
    value = series.points[-1][1] if series.points else math.nan
    return -math.inf if math.isnan(value) else value
