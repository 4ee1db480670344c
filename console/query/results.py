"""Results of Prometheus queries for a table and a line chart: common labels apart, largest values first.

The tooltip of the chart is markup, so names of series, which come from servers, are escaped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from console.times import TimeSpan
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


# Of similar lightness: readable on the dark and on the light background.
COLORS: Final = (
    "#5b8def", "#e0912f", "#3fa66b", "#e0605e", "#9b7be0", "#2ba3a3", "#d469a8", "#9a9a2f", "#6f87a6", "#b5764f",
)  # fmt: skip

_MAX_TOOLTIP_ROWS: Final = 12
_TOOLTIP: Final = f"""(points) => {{
  const rows = points.slice(0, {_MAX_TOOLTIP_ROWS}).map((point) =>
    `<tr><td>${{point.marker}}${{consoleUi.escaped(point.seriesName)}}</td>` +
    `<td><b>${{consoleUi.escaped(consoleUi.formatted(point.value[1], "short"))}}</b></td></tr>`);
  const rest = points.length > rows.length ? `<tr><td>and ${{points.length - rows.length}} more</td></tr>` : "";
  return `${{consoleUi.clock(points[0].value[0])}} UTC<table>${{rows.join("")}}${{rest}}</table>`;
}}"""


def chart(series: Sequence[tuple[str, Series]], span: TimeSpan) -> dict[frozenset[tuple[str, str]], str]:
    """Draw one line per series; returns the colours by labels."""
    ui.echart(_options(series, span), renderer="svg").classes("query-chart").props('aria-hidden="true"')
    return {frozenset(one.labels.items()): COLORS[index % len(COLORS)] for index, (_, one) in enumerate(series)}


def _options(series: Sequence[tuple[str, Series]], span: TimeSpan) -> dict[str, Any]:
    muted = {"color": "var(--muted)"}  # the chart is SVG, so that it can use the theme's variables
    return {
        "animation": False,
        "color": list(COLORS),
        "useUTC": True,
        "grid": {"left": 8, "right": 12, "top": 12, "bottom": 4, "containLabel": True},
        "tooltip": {
            "trigger": "axis",
            "order": "valueDesc",
            "appendToBody": True,
            "className": "query-tooltip",
            "backgroundColor": "var(--raised)",
            "borderColor": "var(--border)",
            "textStyle": {"color": "var(--text)", "fontSize": 12},
            ":formatter": _TOOLTIP,
        },
        "xAxis": {
            "type": "time",
            "min": round(span.start * 1000),
            "max": round(span.end * 1000),
            "axisLabel": {**muted, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": "var(--border)"}},
        },
        "yAxis": {
            "type": "value",
            "scale": True,
            "splitNumber": 3,
            "axisLabel": {**muted, ":formatter": "(value) => consoleUi.formatted(value, 'short')"},
            "splitLine": {"lineStyle": {"color": "var(--grid)"}},
        },
        "series": [
            {
                "type": "line",
                "name": name,
                "showSymbol": len(one.points) < 3,
                "symbolSize": 4,
                "lineStyle": {"width": 1.6},
                "data": [[round(time * 1000), _number(value)] for time, value in one.points],
            }
            for name, one in series
        ],
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
