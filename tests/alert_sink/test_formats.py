"""Times and durations are written for people."""

from __future__ import annotations

import pytest
from sink_live import T0

from alert_sink.formats import format_duration, format_time


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (3, "3 s"), (119, "119 s"), (720, "12 min"), (7300, "2 h"), (9e5, "10 d")]
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_times() -> None:
    assert format_time(T0) == "24 Nov 14:23:05"
    assert format_time(1e300) == "?"
