"""Times are Unix seconds (float) in all of `stores`. Here they become text and numbers of servers, and back.

A float of today's times holds microseconds: what is finer is dropped when read, so that asking from a line's time on
finds that line.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

LOOK_BACK_S = 3600.0  # of a question that names no start


def period(start: float | None, end: float | None) -> tuple[float, float]:
    """Start and end of a question: the last hour where it names neither.

    Raises:
        ValueError: the period is empty.
    """
    until = time.time() if end is None else end
    since = until - LOOK_BACK_S if start is None else start
    if since >= until:
        raise ValueError(f"a period that ends ({until}) before it starts ({since})")
    return since, until


def nanoseconds(unix_s: float) -> int:
    """Unix nanoseconds, of the nearest microsecond."""
    return round(unix_s * 1e6) * 1000


def from_nanoseconds(unix_ns: int | str) -> float:
    """Unix seconds; digits beyond microseconds are dropped."""
    return int(unix_ns) // 1000 / 1e6


def milliseconds(seconds: float) -> int:
    """A length as whole milliseconds, 1 at least."""
    return max(1, round(seconds * 1000))


def rfc3339(unix_s: float) -> str:
    """`2026-11-24T14:23:05.123000000Z`."""
    seconds, rest = divmod(nanoseconds(unix_s), 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def from_rfc3339(text: str) -> float:
    """Unix seconds of a time with a zone; digits beyond microseconds are dropped.

    Raises:
        ValueError: it is no such time.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return moment.timestamp()
