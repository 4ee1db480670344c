"""Lines over time. Names of series come from servers: the tooltip is drawn as text and never as markup."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nicegui import ui

from console.times import Span
from stores.metric_answers import Series

# Of one lightness, so that each can be told from the others and from both grounds.
COLORS = ("#5b8def", "#e0912f", "#3fa66b", "#e0605e", "#9b7be0", "#2ba3a3", "#d469a8", "#9a9a2f", "#6f87a6", "#b5764f")


def chart(lines: Sequence[tuple[str, Series]], span: Span) -> dict[frozenset[tuple[str, str]], str]:
    """One line per series; gives the colour of each by its labels."""
    ui.echart(_options(lines, span), renderer="svg").classes("query-chart").props('aria-hidden="true"')
    return {frozenset(one.labels.items()): COLORS[index % len(COLORS)] for index, (_, one) in enumerate(lines)}


def _options(lines: Sequence[tuple[str, Series]], span: Span) -> dict[str, Any]:
    muted = {"color": "#8592a3"}  # readable on both grounds
    return {
        "animation": False,
        "color": list(COLORS),
        "useUTC": True,
        "grid": {"left": 8, "right": 12, "top": 12, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", "renderMode": "richText", "confine": True, "order": "valueDesc"},
        "xAxis": {
            "type": "time",
            "min": round(span.start * 1000),
            "max": round(span.end * 1000),
            "axisLabel": {**muted, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": "#8592a3"}},
        },
        "yAxis": {
            "type": "value",
            "scale": True,
            "splitNumber": 3,
            "axisLabel": muted,
            "splitLine": {"lineStyle": {"color": "rgba(133,146,163,0.2)"}},
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
            for name, one in lines
        ],
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
