"""The key figures of the home page: each has a value over the last hour, and a line of that hour."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.query.results import step_for
from console.services import Services
from console.times import TimeSpan
from llm_telemetry import names
from stores import StoreError
from stores.metric_results import Sample

WINDOW_S: Final = 3_600.0
MAX_POINTS: Final = 60  # of a line


@dataclass(frozen=True)
class Stat:
    """Both expressions return at most one series."""

    name: str
    unit: str
    value: str  # expression for the whole hour
    line: str  # expression for each time of the hour
    no_data: str  # why there may be no value


_NAMES: Final = {
    "requests": names.REQUESTS.name,
    "latency": names.LATENCY.name,
    "cost": names.COST.name,
    "failed": f'status="{names.STATUS_ERROR}"',
}
_NO_REQUESTS: Final = "no requests in the last hour"
_NO_APPLICATION: Final = "no application has sent metrics"


def _stat(name: str, unit: str, value: str, line: str, no_data: str) -> Stat:
    return Stat(name, unit, value % _NAMES, line % _NAMES, no_data)


STATS: Final = (
    _stat(
        "Requests", "short",
        "sum(increase(%(requests)s[1h]))",
        "sum(rate(%(requests)s[5m]))", _NO_APPLICATION,
    ),
    _stat(
        "Error rate", "percentunit",
        "sum(increase(%(requests)s{%(failed)s}[1h])) / (sum(increase(%(requests)s[1h])) > 0)",
        "sum(rate(%(requests)s{%(failed)s}[5m])) / (sum(rate(%(requests)s[5m])) > 0)", _NO_REQUESTS,
    ),
    _stat(
        "Latency (p95)", "ms",
        "histogram_quantile(0.95, sum by (le) (increase(%(latency)s_bucket[1h])))",
        "histogram_quantile(0.95, sum by (le) (rate(%(latency)s_bucket[5m])))", _NO_REQUESTS,
    ),
    _stat("Cost", "currencyUSD", "sum(increase(%(cost)s[1h]))", "sum(rate(%(cost)s[5m])) * 3600", _NO_APPLICATION),
)  # fmt: skip


@dataclass(frozen=True)
class StatResult:
    """`value` is None if there is no data or the query failed."""

    stat: Stat
    value: float | None = None
    points: tuple[tuple[float, float], ...] = ()
    error: StoreError | None = None


async def load_stats(source: Services, now: float) -> list[StatResult]:
    return list(await asyncio.gather(*(_load(source, stat, now) for stat in STATS)))


async def _load(source: Services, stat: Stat, now: float) -> StatResult:
    span = TimeSpan(now - WINDOW_S, now)
    step = step_for(span.length, span.length / MAX_POINTS)
    metrics = source.stores.metrics
    try:
        samples, series = await asyncio.gather(
            source.ask(metrics.instant, stat.value, now), source.ask(metrics.range, stat.line, span.start, now, step)
        )
    except StoreError as error:
        return StatResult(stat, error=error)
    return StatResult(stat, _value(samples), series[0].points if series else ())


def _value(samples: Sequence[Sample]) -> float | None:
    value = samples[0].value if samples else None
    return None if value is None or math.isnan(value) else value


def sparkline(points: Sequence[tuple[float, float]], span: TimeSpan, width: float, height: float) -> str:
    """The path of a line in an SVG of this size. The lower edge is 0, or the lowest value if that is negative."""
    finite = [(time, value) for time, value in points if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    low = min(0.0, *(value for _, value in finite))
    high = max(value for _, value in finite)
    extent = (high - low) or 1.0
    positions = (
        f"{(time - span.start) / span.length * width:.1f},{height - (value - low) / extent * height:.1f}"
        for time, value in finite
    )
    return "M" + "L".join(positions)
