"""Prepares the results of Prometheus queries for a table and a chart: common labels apart, largest values first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stores.metric_results import Sample, Series

MAX_ROWS: Final = 50
MAX_SERIES: Final = 20
_POINTS: Final = 120


@dataclass(frozen=True)
class InstantTable:
    common_labels: Mapping[str, str]  # labels with the same value in all rows
    columns: tuple[str, ...]  # names of the other labels
    rows: tuple[tuple[tuple[str, ...], Sample], ...]  # the values of these labels, and the sample
    omitted: int  # rows beyond MAX_ROWS


def instant_table(samples: Sequence[Sample]) -> InstantTable:
    """The largest value first, NaN last."""
    common = common_labels([sample.labels for sample in samples]) if len(samples) > 1 else {}
    names = sorted({name for sample in samples for name in sample.labels if name not in common})
    columns = tuple(sorted(names, key=lambda name: name == "__name__", reverse=True))
    ordered = sorted(samples, key=lambda sample: (math.isnan(sample.value), -sample.value))
    rows = tuple((tuple(sample.labels.get(name, "") for name in columns), sample) for sample in ordered[:MAX_ROWS])
    return InstantTable(common, columns, rows, max(0, len(samples) - MAX_ROWS))


def named_series(series: Sequence[Series]) -> list[tuple[str, Series]]:
    """At most MAX_SERIES series with their names; the largest last value first."""
    common = common_labels([one.labels for one in series])
    found = [
        (series_name({key: value for key, value in one.labels.items() if key not in common}), one) for one in series
    ]
    found.sort(key=lambda pair: -_last_value(pair[1]))
    return found[:MAX_SERIES]


def series_name(labels: Mapping[str, str]) -> str:
    """The values of the labels: `gpt-4o, /api/support/answer`."""
    return ", ".join(value for _, value in sorted(labels.items())) or "value"


def common_labels(labels_of_all: Sequence[Mapping[str, str]]) -> dict[str, str]:
    if not labels_of_all:
        return {}
    first = labels_of_all[0]
    return {name: value for name, value in first.items() if all(labels.get(name) == value for labels in labels_of_all)}


def step_for(length_s: float, scrape_interval_s: float) -> float:
    """The step of a range query: whole seconds, and at least the scrape interval."""
    return max(math.ceil(length_s / _POINTS), math.ceil(scrape_interval_s), 1)


def _last_value(series: Series) -> float:
    value = series.points[-1][1] if series.points else math.nan
    return -math.inf if math.isnan(value) else value
