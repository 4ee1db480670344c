"""Finds spans in a trace."""

from __future__ import annotations

from stores import Span, Trace


def spans_named(trace: Trace, name: str) -> list[Span]:
    return [span for span in trace.spans if span.name == name]


def children_of(trace: Trace, parent: Span | None) -> list[Span]:
    """The spans right below `parent`; the root spans where it is None."""
    return [span for span in trace.spans if span.parent_id == (parent.span_id if parent else "")]
