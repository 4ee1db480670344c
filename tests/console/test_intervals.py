"""How far apart points are, against what Grafana's documentation says."""

from __future__ import annotations

import pytest

from console.dashboards.intervals import Intervals, readable
from console.times import Span

HOUR = 3600.0


@pytest.mark.parametrize(
    ("interval", "step"),
    [(0.4, 0.5), (1.4, 1), (9, 10), (16, 15), (26, 30), (54, 60), (90, 120), (400, 300), (1000, 900), (3000, 3600),
     (86_399, 43_200), (100_000, 86_400)],
)  # fmt: skip
def test_steps_read_well(interval: float, step: float) -> None:
    assert readable(interval) == step


@pytest.mark.parametrize(
    ("length", "points", "scrape", "smallest", "step", "rate"),
    [
        (6 * HOUR, 400, 15, 0, 60, 75),  # 54 s is nearest to a minute; a minute and a scrape
        (1 * HOUR, 400, 15, 0, 15, 60),  # never below the scrape interval; four scrapes
        (24 * HOUR, 1000, 15, 0, 60, 75),
        (5 * 60, 1000, 1, 0, 1, 4),
        (7 * 24 * HOUR, 700, 15, HOUR, HOUR, HOUR + 15),  # the panel's own smallest interval
        (30 * 24 * HOUR, 1000, 15, 24 * HOUR, 24 * HOUR, 24 * HOUR + 15),
    ],
)
def test_interval_and_rate_interval(
    length: float, points: int, scrape: float, smallest: float, step: float, rate: float
) -> None:
    found = Intervals.of(Span(0, length), points, scrape, smallest)
    assert (found.step, found.rate) == (step, rate)


def test_no_more_points_than_prometheus_gives() -> None:
    found = Intervals.of(Span(0, 365 * 24 * HOUR), 100_000, 0.1, 1)
    assert found.span.length / found.step <= 11_000


def test_points_stay_where_they_are_when_time_passes() -> None:
    earlier = Intervals.of(Span(1000, 1000 + 6 * HOUR), 400, 15)
    later = Intervals.of(Span(1030, 1030 + 6 * HOUR), 400, 15)
    assert earlier.aligned.start % 60 == later.aligned.start % 60 == 0
    assert later.aligned.end - earlier.aligned.end in (0, 60)
    assert earlier.aligned.end <= earlier.span.end


def test_macros() -> None:
    macros = Intervals.of(Span(0, 6 * HOUR), 400, 15).macros()
    assert macros["__interval"] == "1m"
    assert macros["__rate_interval"] == "75s"
    assert macros["__range"] == "21600s"
