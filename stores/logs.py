"""The log store, whichever runs: Loki or VictoriaLogs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from stores.log_fields import FieldValue, typed
from stores.log_filter import LogFilter, loki_name

MOST_LINES = 5000  # of one question: Loki's default limit, so that both stores give the same


@dataclass(frozen=True)
class LogLine:
    """One log record. An attribute that is empty is not in `fields`: neither store tells it from an absent one."""

    time: float  # Unix s
    body: str
    fields: Mapping[str, FieldValue]  # attributes of the record and of its resource, typed where the contract says how
    trace_id: str  # hex; empty outside a trace
    span_id: str
    service: str  # service.name of the resource, else the attribute `service`
    severity: str  # trace, debug, info, warning, error, fatal; empty where nothing was said
    scope: str  # the logger

    def value(self, name: str) -> FieldValue | None:
        """The field that OpenTelemetry calls `name`; Loki keeps `http.route` as `http_route`."""
        return self.fields.get(name, self.fields.get(loki_name(name)))


@dataclass(frozen=True)
class Histogram:
    """How many lines in each step, from `starts[i]` (Unix s) on; by value of the field asked for, else under ``""``."""

    step_s: float
    starts: tuple[float, ...]
    counts: Mapping[str, tuple[int, ...]]  # each as long as `starts`

    @property
    def total(self) -> int:
        """All lines."""
        return sum(sum(counts) for counts in self.counts.values())


class LogStore(Protocol):
    """What both can do. Every method raises a StoreError where there is no answer."""

    server: str
    url: str

    def query(self, which: LogFilter, limit: int = 100, *, newest_first: bool = True) -> list[LogLine]:
        """At most `limit` lines.

        Raises:
            ValueError: `limit` is not from 1 to MOST_LINES.
        """
        ...

    def native(self, query: str, start: float, end: float, limit: int = 100) -> list[LogLine]:
        """At most `limit` lines of a period, newest first, for a query in the store's own language.

        Raises:
            ValueError: `limit` is not from 1 to MOST_LINES.
        """
        ...

    def histogram(self, which: LogFilter, step_s: float, by: str = "") -> Histogram:
        """Counts over time, in whole steps since 1970, which may begin before and end after the filter's period.

        With `by`, one row of counts per value of that field; the row ``""`` is of lines without it.
        """
        ...

    def field_values(self, field: str, which: LogFilter, limit: int = 100) -> dict[str, int]:
        """Values of a field as text and number of lines, most frequent first; lines without it don't count."""
        ...

    def check_ready(self) -> None:
        """Pass if it can be asked; else raise the StoreError that says why not."""
        ...

    def ready(self) -> bool:
        """Whether it can be asked."""
        ...


class Tail:
    """Looks again and again for lines that have arrived since; each is given once."""

    def __init__(self, store: LogStore, which: LogFilter, every_s: float, late_s: float, start: float) -> None:
        """See follow()."""
        self._store = store
        self._which = which
        self._every_s = every_s
        self._late_s = late_s
        self._since = start
        self._seen: dict[object, float] = {}

    def look(self) -> list[LogLine]:
        """Lines that no look before this one found, oldest first."""
        now = time.time()
        before_s = self._late_s + self._every_s
        period = replace(self._which, start=max(self._since, now - before_s), end=now + self._late_s)
        lines = self._store.query(period, MOST_LINES, newest_first=False)
        new = {key: line for line in lines if (key := _identity(line)) not in self._seen}
        self._seen |= {key: line.time for key, line in new.items()}
        self._seen = {key: at for key, at in self._seen.items() if at > now - 3 * before_s}
        return list(new.values())


def follow(
    store: LogStore, which: LogFilter, every_s: float = 1.0, late_s: float = 5.0, start: float | None = None
) -> Iterator[LogLine]:
    """Lines as they arrive, for ever: those from `start` (by default now) on, oldest first within each look.

    Args:
        store: where.
        which: its period is not used.
        every_s: pause between two looks.
        late_s: a line that arrives up to this long after its time is still found.
        start: Unix s.
    """
    tail = Tail(store, which, every_s, late_s, time.time() if start is None else start)
    while True:
        yield from tail.look()
        time.sleep(every_s)


def _identity(line: LogLine) -> object:
    return line.time, line.body, line.trace_id, line.span_id, frozenset(line.fields.items())


def check_limit(limit: int) -> None:
    """Pass for a number of lines that both stores give.

    Raises:
        ValueError: it is not.
    """
    if not 1 <= limit <= MOST_LINES:
        raise ValueError(f"a limit of {limit} lines; 1 to {MOST_LINES} can be had, more by asking for shorter periods")


def histogram_of(which: LogFilter, step_s: float, rows: Iterable[tuple[str, Iterable[tuple[float, int]]]]) -> Histogram:
    """Fill in the steps that a store left out.

    Args:
        which: of whole steps.
        step_s: their length.
        rows: by value of a field, start of a step (Unix s) and count.
    """
    start, end = which.span()
    length = round((end - start) / step_s)
    counts: dict[str, tuple[int, ...]] = {}
    for value, row in rows:
        found = {round((at - start) / step_s): count for at, count in row}
        counts[value] = tuple(found.get(index, 0) for index in range(length))
    return Histogram(step_s, tuple(start + step_s * index for index in range(length)), counts)


def most_frequent(counts: Mapping[str, int], limit: int) -> dict[str, int]:
    """The `limit` greatest counts of values that are not empty, greatest first, then by value."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict([item for item in ordered if item[0]][:limit])


# What a store holds beside attributes; either store's name for it.
_OF_THE_RECORD: Final = frozenset(
    {
        "trace_id", "span_id", "severity_number", "severity_text", "detected_level", "observed_timestamp", "flags",
        "dropped_attributes_count", "service.name", "service_name", "scope.name", "scope_name", "scope.version",
        "scope_version", "_time", "_msg", "_stream", "_stream_id",
    }
)  # fmt: skip
_SEVERITIES: Final = ("trace", "debug", "info", "warning", "error", "fatal")


def log_line(unix_s: float, body: str, raw: Mapping[str, str]) -> LogLine:
    """A line of what either store gives: its attributes and what it holds of the record, all text."""
    return LogLine(
        time=unix_s,
        body=body,
        fields={name: typed(name, text) for name, text in raw.items() if text and name not in _OF_THE_RECORD},
        trace_id=raw.get("trace_id", ""),
        span_id=raw.get("span_id", ""),
        service=raw.get("service.name") or raw.get("service_name") or raw.get("service", ""),
        severity=_severity(raw),
        scope=raw.get("scope.name") or raw.get("scope_name", ""),
    )


def _severity(raw: Mapping[str, str]) -> str:
    """By OpenTelemetry's number (four to a name), else by the text that was logged with it."""
    number = int(raw.get("severity_number") or 0)
    if 1 <= number <= 24:
        return _SEVERITIES[(number - 1) // 4]
    text = (raw.get("severity_text") or raw.get("level", "")).lower()
    text = "warning" if text == "warn" else text
    return text if text in _SEVERITIES else ""
