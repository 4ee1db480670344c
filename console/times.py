"""Reads and writes times as Grafana's addresses do: `now-6h`, `now/d`, `now-1d/d`, Unix milliseconds, ISO 8601.

All times and days are UTC.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_UNIT_S: Final[Mapping[str, int]] = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 7 * 86_400,
    "M": 30 * 86_400,  # of a duration; `now-1M` is a calendar month
    "y": 365 * 86_400,
}
_LENGTH: Final = re.compile(r"(\d+)(ms|[smhdwMy])")
# The stores count nanoseconds in 64 bits. An address may have any number, and zooming out may go on for ever.
_EARLIEST: Final = 0.0
_LATEST: Final = datetime(2262, 1, 1, tzinfo=UTC).timestamp()
_STEP: Final = re.compile(r"([+-])(\d*)([smhdwMy])|/([smhdwMy])")
_NAMES: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month", "y": "year"}


class InvalidTime(ValueError):
    """A text that is not a time; the message gives examples of valid times."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a time. Write for example now-6h, now/d, 2026-11-24T14:00:00Z or Unix milliseconds."
        )


def parse_duration(text: str) -> float:
    """The seconds of a duration: `1h30m`, `15s`, `500ms`.

    Raises:
        InvalidTime: the text is not a duration.
    """
    parts = _LENGTH.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InvalidTime(text)
    return float(sum(int(number) * (0.001 if unit == "ms" else _UNIT_S[unit]) for number, unit in parts))


def promql_duration(duration_s: float) -> str:
    """A duration as Prometheus and Grafana write it: `90s`, `5m`, `500ms`."""
    if duration_s < 1 or duration_s % 1:
        return f"{round(duration_s * 1000)}ms"
    whole = int(duration_s)
    for unit in ("d", "h", "m"):
        if whole % _UNIT_S[unit] == 0 and whole:
            return f"{whole // _UNIT_S[unit]}{unit}"
    return f"{whole}s"


def parse_time(text: str, now: float, *, is_end: bool = False) -> float:
    """Unix seconds of a time. At the end of a range, `now/d` is the end of the day.

    A time before 1970 becomes 1970, a time after 2261 becomes 2262.

    Raises:
        InvalidTime: the text is not a time.
    """
    return min(max(_moment(text.strip(), now, is_end), _EARLIEST), _LATEST)


def _moment(text: str, now: float, is_end: bool) -> float:
    if text.startswith("now"):
        return _relative(text, now, is_end)
    if re.fullmatch(r"-?\d{1,20}", text):
        return int(text) / 1000
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidTime(text) from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _relative(text: str, now: float, is_end: bool) -> float:
    at = datetime.fromtimestamp(now, UTC)
    rest = text.removeprefix("now")
    read = 0
    for match in _STEP.finditer(rest):
        if match.start() != read:
            raise InvalidTime(text)
        read = match.end()
        sign, count, unit, rounded = match.groups()
        try:
            at = _round(at, rounded, is_end) if rounded else _shifted(at, int(f"{sign}{count or 1}"), unit)
        except (OverflowError, ValueError) as error:
            raise InvalidTime(text) from error
    if read != len(rest):
        raise InvalidTime(text)
    return at.timestamp()


def _shifted(at: datetime, count: int, unit: str) -> datetime:
    if unit in "My":
        months = at.year * 12 + at.month - 1 + count * {"M": 1, "y": 12}[unit]
        first = at.replace(year=months // 12, month=months % 12 + 1, day=1)
        return first + timedelta(days=min(at.day, _days(first)) - 1)
    return at + timedelta(seconds=count * _UNIT_S[unit])


def _days(first: datetime) -> int:
    return ((first.replace(day=28) + timedelta(days=4)).replace(day=1) - first).days


def _round(at: datetime, unit: str, is_end: bool) -> datetime:
    begin = at.replace(microsecond=0)
    if unit != "s":
        begin = begin.replace(second=0)
    if unit not in "sm":
        begin = begin.replace(minute=0)
    if unit not in "smh":
        begin = begin.replace(hour=0)
    if unit == "w":
        begin -= timedelta(days=begin.weekday())
    if unit in "My":
        begin = begin.replace(day=1)
    if unit == "y":
        begin = begin.replace(month=1)
    return _shifted(begin, 1, unit) - timedelta(milliseconds=1) if is_end else begin


@dataclass(frozen=True)
class TimeSpan:
    """Two absolute times, Unix seconds."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class TimeRange:
    """A time range as an address has it: absolute, or relative to now."""

    since: str = "now-6h"
    until: str = "now"

    @classmethod
    def of(cls, query: Mapping[str, str], default: TimeRange) -> TimeRange:
        """The range of an address's parameters `from` and `to`; a missing parameter has the value of `default`.

        Raises:
            InvalidTime: a parameter is not a time, or the range ends before it begins.
        """
        found = cls(query.get("from") or default.since, query.get("to") or default.until)
        found.absolute()
        return found

    @classmethod
    def between(cls, start: float, end: float) -> TimeRange:
        """An absolute range, Unix seconds."""
        return cls(str(round(start * 1000)), str(round(end * 1000)))

    def absolute(self, now: float | None = None) -> TimeSpan:
        """Unix seconds.

        Raises:
            InvalidTime: a text is not a time, or the range ends before it begins.
        """
        now = time.time() if now is None else now
        start, end = parse_time(self.since, now), parse_time(self.until, now, is_end=True)
        if start >= end:
            raise InvalidTimeRange(self)
        return TimeSpan(start, end)

    def parameters(self) -> dict[str, str]:
        return {"from": self.since, "to": self.until}

    @property
    def is_relative(self) -> bool:
        return self.since.startswith("now") or self.until.startswith("now")

    @property
    def text(self) -> str:
        """The range in words, as Grafana writes it: `Last 6 hours`."""
        if (match := re.fullmatch(r"now-(\d+)([smhdwMy])", self.since)) and self.until == "now":
            count, name = int(match[1]), _NAMES[match[2]]
            return f"Last {count} {name}{'s' if count > 1 else ''}"
        if self.since == "now/d":
            return "Today" if self.until == "now/d" else "Today so far"
        if (self.since, self.until) == ("now-1d/d", "now-1d/d"):
            return "Yesterday"
        if self.is_relative:
            return f"{self.since} to {self.until}"
        span = self.absolute()
        return f"{format_datetime(span.start)} to {format_datetime(span.end)}"

    def moved(self, share: float) -> TimeRange:
        """An absolute range, later by a share of this range's length; earlier when `share` is negative."""
        span = self.absolute()
        return TimeRange.between(span.start + share * span.length, span.end + share * span.length)

    def zoomed_out(self) -> TimeRange:
        """An absolute range, twice as long around the same middle."""
        span = self.absolute()
        return TimeRange.between(span.start - span.length / 2, span.end + span.length / 2)


class InvalidTimeRange(InvalidTime):
    def __init__(self, chosen: TimeRange) -> None:
        ValueError.__init__(self, f"The time range from {chosen.since} to {chosen.until} ends before it begins.")


def panel_time_range(shown: TimeRange, time_from: str, time_shift: str, now: float) -> tuple[TimeSpan, str]:
    """A panel's own time range by `timeFrom` (`now/d`, `24h`) and `timeShift` (`1d`), and the range in words.

    As in Grafana, `timeFrom` has no effect on an absolute range.

    Raises:
        InvalidTime: `timeFrom` or `timeShift` is not valid.
    """
    words = []
    span = shown.absolute(now)
    if time_from and shown.since.startswith("now"):
        own = TimeRange(time_from if "now" in time_from else f"now-{time_from}", "now")
        span = own.absolute(now)
        words.append(own.text)
    if time_shift:
        back = f"now-{time_shift.removeprefix('-')}"
        span = TimeSpan(parse_time(back, span.start), parse_time(back, span.end, is_end=True))
        words.append(_shift_in_words(time_shift))
    return span, ", ".join(words)


def _shift_in_words(shift: str) -> str:
    """`1 day earlier` for `1d`, `the whole day before` for `1d/d`."""
    match = re.fullmatch(r"-?(\d+)([smhdwMy])(/[smhdwMy])?", shift)
    if not match:
        return f"{shift} earlier"
    count, name = int(match[1]), _NAMES[match[2]]
    if match[3] and count == 1:
        return f"the whole {name} before"
    return f"{count} {name}{'s' if count > 1 else ''} earlier"


def format_datetime(unix_s: float) -> str:
    """A time in UTC: `2026-11-24 14:23:05`."""
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S}"
