"""The few numbers of the first page, each over the last hour, and how it came about."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.query.answers import step_for
from console.services import Services
from console.times import Span
from llm_telemetry import names
from stores import StoreError
from stores.metric_answers import Sample

WINDOW_S: Final = 3_600.0
MOST_PER_DRAWING: Final = 60


@dataclass(frozen=True)
class Figure:
    """One number. Both expressions give one series at most."""

    name: str
    unit: str
    now: str  # over the whole hour
    drawn: str  # at each time of it
    nothing: str  # why there may be no number


_NAMES: Final = {
    "requests": names.REQUESTS.name,
    "latency": names.LATENCY.name,
    "cost": names.COST.name,
    "failed": f'status="{names.STATUS_ERROR}"',
}
_NO_REQUEST: Final = "no request in the last hour"
_NO_APPLICATION: Final = "no application has sent metrics"


def _figure(name: str, unit: str, now: str, drawn: str, nothing: str) -> Figure:
    return Figure(name, unit, now % _NAMES, drawn % _NAMES, nothing)


FIGURES: Final = (
    _figure(
        "Requests",
        "short",
        "sum(increase(%(requests)s[1h]))",
        "sum(rate(%(requests)s[5m]))",
        _NO_APPLICATION,
    ),
    _figure(
        "Failed",
        "percentunit",
        "sum(increase(%(requests)s{%(failed)s}[1h])) / (sum(increase(%(requests)s[1h])) > 0)",
        "sum(rate(%(requests)s{%(failed)s}[5m])) / (sum(rate(%(requests)s[5m])) > 0)",
        _NO_REQUEST,
    ),
    _figure(
        "95 % are faster than",
        "ms",
        "histogram_quantile(0.95, sum by (le) (increase(%(latency)s_bucket[1h])))",
        "histogram_quantile(0.95, sum by (le) (rate(%(latency)s_bucket[5m])))",
        _NO_REQUEST,
    ),
    _figure(
        "Cost",
        "currencyUSD",
        "sum(increase(%(cost)s[1h]))",
        "sum(rate(%(cost)s[5m])) * 3600",
        _NO_APPLICATION,
    ),
)


@dataclass(frozen=True)
class Read:
    """A figure's answer; `value` is None where there is none."""

    figure: Figure
    value: float | None = None
    points: tuple[tuple[float, float], ...] = ()
    error: StoreError | None = None


async def read(of: Services, now: float) -> list[Read]:
    """All of them at once."""
    return list(await asyncio.gather(*(_read(of, figure, now) for figure in FIGURES)))


async def _read(of: Services, figure: Figure, now: float) -> Read:
    span = Span(now - WINDOW_S, now)
    step = step_for(span.length, span.length / MOST_PER_DRAWING)
    metrics = of.stores.metrics
    try:
        samples, lines = await asyncio.gather(
            of.ask(metrics.instant, figure.now, now), of.ask(metrics.range, figure.drawn, span.start, now, step)
        )
    except StoreError as error:
        return Read(figure, error=error)
    return Read(figure, _value(samples), lines[0].points if lines else ())


def _value(samples: Sequence[Sample]) -> float | None:
    value = samples[0].value if samples else None
    return None if value is None or math.isnan(value) else value


def drawing(series: Sequence[tuple[float, float]], span: Span, width: float, height: float) -> str:
    """The path of a line in an SVG of that size; the lowest point is 0 or below."""
    points = [(time, value) for time, value in series if math.isfinite(value)]
    if len(points) < 2:
        return ""
    low = min(0.0, *(value for _, value in points))
    high = max(value for _, value in points)
    extent = (high - low) or 1.0
    placed = (
        f"{(time - span.start) / span.length * width:.1f},{height - (value - low) / extent * height:.1f}"
        for time, value in points
    )
    return "M" + "L".join(placed)
