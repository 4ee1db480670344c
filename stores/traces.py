"""The trace store, whichever runs: Tempo or Jaeger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from stores.trace_filter import TraceFilter

# Lists are homogenous. Maps and bytes, which nobody should put on a span, are text (JSON, base64).
Value = str | bool | int | float | list[str] | list[bool] | list[int] | list[float]
Attributes = Mapping[str, Value]


@dataclass(frozen=True)
class SpanEvent:
    """Something that happened during a span."""

    name: str
    time: float  # Unix s
    attributes: Attributes


@dataclass(frozen=True)
class SpanLink:
    """Another span that this one is about. A link's attributes are left out: Jaeger drops them."""

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
    error: str  # the status' description
    events: tuple[SpanEvent, ...]
    links: tuple[SpanLink, ...]
    resource: Attributes
    scope: str  # the instrumentation


@dataclass(frozen=True)
class Trace:
    """All spans of a trace, oldest first; a span that was stored twice is in it once."""

    trace_id: str
    spans: tuple[Span, ...]
    complete: bool = True  # False where the store cut it

    @property
    def root(self) -> Span | None:
        """The span without a parent; None if it has not arrived."""
        return next((span for span in self.spans if not span.parent_id), None)

    def children(self, span: Span) -> list[Span]:
        """Spans right below `span`."""
        return [other for other in self.spans if other.parent_id == span.span_id]

    def named(self, name: str) -> list[Span]:
        """Spans of that name."""
        return [span for span in self.spans if span.name == name]


@dataclass(frozen=True)
class TraceSummary:
    """A trace that was found."""

    trace_id: str
    root_service: str  # empty while the root has not arrived
    root_name: str
    start: float  # Unix s
    duration_ms: int  # whole milliseconds, rounded down
    matched_spans: int  # spans that the filter holds for


class TraceStore(Protocol):
    """What both can do. Every method raises a StoreError where there is no answer."""

    server: str
    url: str

    def trace(self, trace_id: str) -> Trace | None:
        """A whole trace; None if the store has no such trace (yet)."""
        ...

    def search(self, which: TraceFilter, limit: int = 20) -> list[TraceSummary]:
        """At most `limit` traces, newest first."""
        ...

    def services(self) -> list[str]:
        """Services that sent spans, sorted."""
        ...

    def check_ready(self) -> None:
        """Pass if it can be asked; else raise the StoreError that says why not."""
        ...

    def ready(self) -> bool:
        """Whether it can be asked."""
        ...


def trace_of(trace_id: str, spans: Iterable[Span], *, complete: bool = True) -> Trace | None:
    """A trace of its spans; None where there are none."""
    once = {span.span_id: span for span in spans}
    ordered = sorted(once.values(), key=lambda span: (span.start, span.span_id))
    return Trace(trace_id, tuple(ordered), complete) if ordered else None


def newest_first(found: Iterable[TraceSummary], which: TraceFilter, limit: int) -> list[TraceSummary]:
    """Those that began in the filter's period, newest first."""
    start, end = which.span()
    within = [summary for summary in found if start <= summary.start <= end]
    return sorted(within, key=lambda summary: (-summary.start, summary.trace_id))[:limit]
