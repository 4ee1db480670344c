"""Grafana's `$__interval`, `$__rate_interval` and `$__range`.

As the documentation of Grafana's Prometheus data source says: `$__interval` is the range divided by the panel's width
in pixels, rounded to a readable length, and at least the panel's minimum interval or the scrape interval.
`$__rate_interval` is the larger of `$__interval` + scrape interval and four scrape intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from console.times import TimeSpan, promql_duration

# Readable lengths in seconds: (length, upper limit of the intervals that are rounded to this length).
_READABLE_LENGTHS: Final = (
    (0.001, 0.010), (0.010, 0.015), (0.020, 0.035), (0.050, 0.075), (0.100, 0.150), (0.200, 0.350), (0.500, 0.750),
    (1, 1.5), (2, 3.5), (5, 7.5), (10, 12.5), (15, 17.5), (20, 25), (30, 45), (60, 90), (120, 210), (300, 450),
    (600, 750), (900, 1050), (1200, 1500), (1800, 2700), (3600, 5400), (7200, 9000), (10_800, 16_200),
    (21_600, 32_400), (43_200, 86_400), (86_400, 604_800), (604_800, 1_814_400), (2_592_000, 3_628_800),
)  # fmt: skip
_LONGEST: Final = 31_536_000.0
MAX_POINTS: Final = 11_000  # Prometheus refuses a query with more points per series


def round_interval(interval_s: float) -> float:
    return next((float(length) for length, below in _READABLE_LENGTHS if interval_s < below), _LONGEST)


@dataclass(frozen=True)
class Intervals:
    """The intervals of one panel's queries. Seconds."""

    span: TimeSpan
    step: float
    rate_interval: float

    @classmethod
    def of(cls, span: TimeSpan, points: int, scrape_s: float, minimum_s: float = 0.0) -> Intervals:
        """For a panel that is `points` pixels wide. `minimum_s` is the panel's minimum interval."""
        step = max(round_interval(span.length / max(points, 1)), minimum_s or scrape_s)
        step = max(step, span.length / MAX_POINTS)
        return cls(span, step, max(step + scrape_s, 4 * scrape_s))

    @property
    def aligned(self) -> TimeSpan:
        """The span in whole steps since 1970: a refresh a little later gets the same points again."""
        start, end = (math.floor(at / self.step) * self.step for at in (self.span.start, self.span.end))
        return TimeSpan(start, end if end > start else start + self.step)

    def macros(self) -> dict[str, str]:
        return {
            "__interval": promql_duration(self.step),
            "__rate_interval": promql_duration(self.rate_interval),
            "__range": f"{max(1, round(self.span.length))}s",
        }
