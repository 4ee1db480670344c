"""Log lines, and what the log stores Loki and VictoriaLogs have in common."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from stores.log_fields import FieldValue, typed
from stores.log_filter import LogFilter, loki_name

MOST_LINES = 5000  # of one query: Loki's default limit, used for both stores


@dataclass(frozen=True)
class LogLine:
    """One log record. Empty attributes are not in `fields`: the stores cannot tell them from absent ones."""

    time: float  # Unix s
    body: str
    fields: Mapping[str, FieldValue]  # attributes of the record and its resource; fields of the contract in their type
    trace_id: str  # hex; empty outside a trace
    span_id: str
    service: str  # service.name of the resource, else the attribute `service`
    severity: str  # trace, debug, info, warning, error, fatal; empty: unknown
    scope: str  # name of the logger

    def value(self, name: str) -> FieldValue | None:
        """The field that OpenTelemetry calls `name`; Loki keeps `http.route` as `http_route`."""
        return self.fields.get(name, self.fields.get(loki_name(name)))


@dataclass(frozen=True)
class Histogram:
    """Number of lines per step, by value of a field; ``""`` for lines without the field, or when no field was given."""

    step_s: float
    starts: tuple[float, ...]  # of each step, Unix s
    counts: Mapping[str, tuple[int, ...]]  # each as long as `starts`


class LogStore(Protocol):
    """What both servers can do. Every method raises a StoreError when there is no answer.

    A `limit` that is not from 1 to MOST_LINES is a ValueError.
    """

    server: str
    url: str

    def query(self, which: LogFilter, limit: int = 100, *, newest_first: bool = True) -> list[LogLine]:
        """At most `limit` lines."""

    def native(self, query: str, start: float, end: float, limit: int = 100) -> list[LogLine]:
        """At most `limit` lines of a period, newest first, for a query in the store's own language."""

    def histogram(self, which: LogFilter, step_s: float, by: str = "") -> Histogram:
        """Counts over time, by value of the field `by` if one is given.

        Steps are whole since 1970, so the first and the last step may reach beyond the filter's period.
        """

    def field_values(self, field: str, which: LogFilter, limit: int = 100) -> dict[str, int]:
        """Number of lines by value of a field, most frequent first. Lines without the field are left out."""

    def check_ready(self) -> None: ...

    def ready(self) -> bool: ...


class Tail:
    """Finds new log lines by polling. Each line is returned once."""

    def __init__(self, store: LogStore, which: LogFilter, every_s: float, late_s: float, start: float) -> None:
        """Start to follow.

        Args:
            store: the log store to poll.
            which: conditions on the lines; its period is ignored.
            every_s: the pause that the caller makes between polls.
            late_s: lines are found that arrive up to this long after their own time.
            start: lines older than this (Unix s) are left out.
        """
        self._store = store
        self._which = which
        self._every_s = every_s
        self._late_s = late_s
        self._since = start
        self._seen: dict[object, float] = {}

    def poll(self) -> list[LogLine]:
        """Lines that no earlier poll returned, oldest first."""
        now = time.time()
        before_s = self._late_s + self._every_s
        period = replace(self._which, start=max(self._since, now - before_s), end=now + self._late_s)
        lines = self._store.query(period, MOST_LINES, newest_first=False)
        new = {key: line for line in lines if (key := _identity(line)) not in self._seen}
        self._seen |= {key: line.time for key, line in new.items()}
        self._seen = {key: at for key, at in self._seen.items() if at > now - 3 * before_s}
        return list(new.values())


def _identity(line: LogLine) -> object:
    return line.time, line.body, line.trace_id, line.span_id, frozenset(line.fields.items())


def check_limit(limit: int) -> None:
    """Raise a ValueError unless both stores can return `limit` lines."""
    if not 1 <= limit <= MOST_LINES:
        raise ValueError(f"a limit of {limit} lines; choose 1 to {MOST_LINES}, and shorter periods to get more")


def histogram_of(which: LogFilter, step_s: float, rows: Iterable[tuple[str, Iterable[tuple[float, int]]]]) -> Histogram:
    """A histogram of the rows that a store returned, with 0 in the steps that the store left out.

    Args:
        which: the filter, whose period is made of whole steps.
        step_s: length of a step.
        rows: value of a field, then start (Unix s) and count of each step.
    """
    start, end = which.period()
    length = round((end - start) / step_s)
    counts: dict[str, tuple[int, ...]] = {}
    for value, row in rows:
        found = {round((at - start) / step_s): count for at, count in row}
        counts[value] = tuple(found.get(index, 0) for index in range(length))
    return Histogram(step_s, tuple(start + step_s * index for index in range(length)), counts)


def most_frequent(counts: Mapping[str, int], limit: int) -> dict[str, int]:
    """The `limit` highest counts, highest first, then by value; without the empty value."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict([item for item in ordered if item[0]][:limit])


# Not attributes: what the stores keep of a record beside them, under both stores' names.
_RECORD_FIELDS: Final = frozenset(
    {
        "trace_id", "span_id", "severity_number", "severity_text", "detected_level", "observed_timestamp", "flags",
        "dropped_attributes_count", "service.name", "service_name", "scope.name", "scope_name", "scope.version",
        "scope_version", "_time", "_msg", "_stream", "_stream_id",
    }
)  # fmt: skip
_SEVERITIES: Final = ("trace", "debug", "info", "warning", "error", "fatal")


def log_line(unix_s: float, body: str, raw: Mapping[str, str]) -> LogLine:
    """A line from the texts that a store returned: attributes and fields of the record."""
    return LogLine(
        time=unix_s,
        body=body,
        fields={name: typed(name, text) for name, text in raw.items() if text and name not in _RECORD_FIELDS},
        trace_id=raw.get("trace_id", ""),
        span_id=raw.get("span_id", ""),
        service=raw.get("service.name") or raw.get("service_name") or raw.get("service", ""),
        severity=_severity(raw),
        scope=raw.get("scope.name") or raw.get("scope_name", ""),
    )


def _severity(raw: Mapping[str, str]) -> str:
    """From OpenTelemetry's severity number (four numbers per name), else from the severity's text."""
    number = int(raw.get("severity_number") or 0)
    if 1 <= number <= 24:
        return _SEVERITIES[(number - 1) // 4]
    text = (raw.get("severity_text") or raw.get("level", "")).lower()
    text = "warning" if text == "warn" else text
    return text if text in _SEVERITIES else ""
