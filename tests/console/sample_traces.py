"""Traces and log lines for tests."""

from __future__ import annotations

from typing import Any

from stores import LogLine, Span, Trace
from stores.traces import SpanEvent, SpanLink

T0 = 1_795_600_000.0
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def span(name: str, span_id: str, parent: str = "", start_ms: float = 0, ms: float = 10, **said: Any) -> Span:
    return Span(
        trace_id=TRACE_ID,
        span_id=span_id,
        parent_id=parent,
        name=name,
        service=said.pop("service", "demo-app"),
        kind="internal",
        start=T0 + start_ms / 1000,
        duration_ms=ms,
        attributes=said.pop("attributes", {}),
        status=said.pop("status", "unset"),
        error=said.pop("error", ""),
        events=tuple(said.pop("events", (SpanEvent("sent", T0 + start_ms / 1000, {"n": 1}),))),
        links=tuple(said.pop("links", (SpanLink("f" * 32, "e" * 16),))),
        resource={"service.name": "demo-app"},
        scope="test",
    )


def usage(tokens_in: int, tokens_out: int, dollars: float, source: str = "table") -> dict[str, Any]:
    return {
        "llm.input_tokens": tokens_in,
        "llm.output_tokens": tokens_out,
        "llm.cost_usd": dollars,
        "llm.cost_source": source,
    }


def trace(*spans: Span) -> Trace:
    return Trace(TRACE_ID, tuple(sorted(spans, key=lambda one: one.start)))


def line(body: str = "llm_call", at: float = T0, **fields: Any) -> LogLine:
    return LogLine(at, body, fields, TRACE_ID, "b" * 16, "demo-app", "info", "test")
