"""A line chart of series. The tooltip is markup, so names of series, which come from servers, are escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from nicegui import ui

from console.times import TimeSpan
from stores.metric_results import Series

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
