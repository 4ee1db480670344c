"""Traces, and what the trace stores Tempo and Jaeger have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from stores.trace_filter import TraceFilter

# The items of a list are of one type. Maps are text (JSON), and so are bytes (base64).
Value = str | bool | int | float | list[str] | list[bool] | list[int] | list[float]
Attributes = Mapping[str, Value]


@dataclass(frozen=True)
class SpanEvent:
    name: str
    time: float  # Unix s
    attributes: Attributes


@dataclass(frozen=True)
class SpanLink:
    """A link of a span to another span. Attributes of links are left out, because Jaeger drops them."""

    trace_id: str
    span_id: str


@dataclass(frozen=True)
class Span:
    """One span. Ids are lower-case hex."""

    trace_id: str
    span_id: str
    parent_id: str  # empty at the root
    name: str
    service: str
    kind: str  # internal, server, client, producer, consumer; empty: unspecified
    start: float  # Unix s
    duration_ms: float
    attributes: Attributes
    status: str  # unset, ok, error
    error: str  # description of the status
    events: tuple[SpanEvent, ...]
    links: tuple[SpanLink, ...]
    resource: Attributes
    scope: str  # name of the instrumentation


@dataclass(frozen=True)
class Trace:
    """All spans of a trace, oldest first. A span that was stored twice is included once."""

    trace_id: str
    spans: tuple[Span, ...]
    complete: bool = True  # False: the store returned a part of the trace


@dataclass(frozen=True)
class TraceSummary:
    trace_id: str
    root_service: str  # empty while the root has not arrived
    root_name: str
    start: float  # Unix s
    duration_ms: int  # whole milliseconds, rounded down


class TraceStore(Protocol):
    """What both servers can do. Every method raises a StoreError when there is no answer."""

    server: str
    url: str

    def trace(self, trace_id: str) -> Trace | None:
        """A trace; None if the store does not have it (yet)."""

    def search(self, which: TraceFilter, limit: int = 20) -> list[TraceSummary]:
        """At most `limit` traces, newest first."""

    def services(self) -> list[str]: ...

    def check_ready(self) -> None: ...

    def ready(self) -> bool: ...


def trace_of(trace_id: str, spans: Iterable[Span], *, complete: bool = True) -> Trace | None:
    """The trace that these spans make; None without spans."""
    distinct = {span.span_id: span for span in spans}
    ordered = sorted(distinct.values(), key=lambda span: (span.start, span.span_id))
    return Trace(trace_id, tuple(ordered), complete) if ordered else None


def newest_first(found: Iterable[TraceSummary], which: TraceFilter, limit: int) -> list[TraceSummary]:
    """The traces that began in the filter's period, newest first."""
    start, end = which.period()
    within = [summary for summary in found if start <= summary.start <= end]
    return sorted(within, key=lambda summary: (-summary.start, summary.trace_id))[:limit]
