"""Times and durations as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def format_time(unix_s: float) -> str:
    """`24 Nov 14:23:05`, in UTC."""
    try:
        return f"{datetime.fromtimestamp(unix_s, UTC):%-d %b %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "?"  # beyond the years that datetime knows


def format_duration(seconds: float) -> str:
    """`12 min`."""
    if seconds < 0:
        return "0 s"  # the clock was set back
    for unit_s, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds:.0f} s"
