"""Converts times: Unix seconds (float) in all of `stores`, nanoseconds or RFC 3339 at the servers.

A float holds today's times to the microsecond. Finer digits are dropped when a time is read, so that a query which
starts at a line's time finds that line.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

LOOK_BACK_S = 3600.0  # of a query without a start


def resolve_period(start: float | None, end: float | None) -> tuple[float, float]:
    """Start and end of a query; by default the last hour. Raises ValueError: the period is empty."""
    until = time.time() if end is None else end
    since = until - LOOK_BACK_S if start is None else start
    if since >= until:
        raise ValueError(f"the period ends ({until}) before it starts ({since})")
    return since, until


def nanoseconds(unix_s: float) -> int:
    """Unix nanoseconds, rounded to a microsecond."""
    return round(unix_s * 1e6) * 1000


def from_nanoseconds(unix_ns: int | str) -> float:
    """Unix seconds; digits beyond microseconds are dropped."""
    return int(unix_ns) // 1000 / 1e6


def milliseconds(seconds: float) -> int:
    """A duration in whole milliseconds, at least 1."""
    return max(1, round(seconds * 1000))


def rfc3339(unix_s: float) -> str:
    """`2026-11-24T14:23:05.123000000Z`."""
    seconds, rest = divmod(nanoseconds(unix_s), 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def from_rfc3339(text: str) -> float:
    """Unix seconds of a time with a zone; digits beyond microseconds are dropped.

    Raises:
        ValueError: the text is not a time, or has no zone.
    """
    time_read = datetime.fromisoformat(text)
    if time_read.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return time_read.timestamp()
