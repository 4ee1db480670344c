"""What the application has to do about OpenTelemetry, which `opentelemetry-instrument` set up before it."""

from __future__ import annotations

import asyncio
import threading

from fastapi import FastAPI, Response
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import TracerProvider

UNTRACED = "healthz,metrics,/admin/"  # what is asked by machines, all the time
_EXPORT_WAIT_S = 3.0


def current_trace_id() -> str | None:
    """32 hex digits, None where nothing traces."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def say_trace_id(response: Response) -> str | None:
    """Put the trace id into the response's headers, and give it."""
    trace_id = current_trace_id()
    if trace_id:
        response.headers["x-trace-id"] = trace_id
    return trace_id


def leave_out_spans_per_chunk(app: FastAPI) -> None:
    """Instrument without a span per ASGI message: a streamed answer would bring hundreds.

    `opentelemetry-instrument` has no setting for it, so its own instrumentation is replaced.
    """
    if getattr(app, "_is_instrumented_by_opentelemetry", False):
        FastAPIInstrumentor.uninstrument_app(app)
        app.middleware_stack = None  # it was built just now, without instrumentation
        FastAPIInstrumentor.instrument_app(app, excluded_urls=UNTRACED, exclude_spans=["receive", "send"])


async def export_what_waits() -> None:
    """Export the last spans and log records: uvicorn ends by the signal that stopped it, which runs no `atexit`."""

    def flush() -> None:
        for provider in (trace.get_tracer_provider(), get_logger_provider()):
            if isinstance(provider, TracerProvider | LoggerProvider):
                provider.force_flush()

    # A thread that nothing waits for: with nobody to take them an exporter tries for longer than a stop may take.
    flushing = threading.Thread(target=flush, daemon=True)
    flushing.start()
    await asyncio.to_thread(flushing.join, _EXPORT_WAIT_S)
