"""OpenTelemetry in the application, beyond the set-up by `opentelemetry-instrument`."""

import asyncio
import threading

from fastapi import FastAPI, Response
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import TracerProvider

UNTRACED = "healthz,metrics,/admin/"  # called by machines all the time
_FLUSH_TIMEOUT_S = 3.0


def current_trace_id() -> str | None:
    """32 hex digits; None without tracing."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def add_trace_id_header(response: Response) -> str | None:
    trace_id = current_trace_id()
    if trace_id:
        response.headers["x-trace-id"] = trace_id
    return trace_id


def disable_spans_per_chunk(app: FastAPI) -> None:
    """Instrument without a span per ASGI message: a streamed answer would have hundreds.

    `opentelemetry-instrument` has no setting for this, so its instrumentation is replaced.
    """
    if getattr(app, "_is_instrumented_by_opentelemetry", False):
        FastAPIInstrumentor.uninstrument_app(app)
        app.middleware_stack = None  # built by uninstrument_app, without instrumentation
        FastAPIInstrumentor.instrument_app(app, excluded_urls=UNTRACED, exclude_spans=["receive", "send"])


async def flush_telemetry() -> None:
    """Export the last spans and log records. uvicorn ends by a signal, so OpenTelemetry's `atexit` does not run."""

    def flush() -> None:
        for provider in (trace.get_tracer_provider(), get_logger_provider()):
            if isinstance(provider, TracerProvider | LoggerProvider):
                provider.force_flush()

    # A daemon thread with a time limit: without a collector, an exporter retries for longer than a stop may take.
    flushing = threading.Thread(target=flush, daemon=True)
    flushing.start()
    await asyncio.to_thread(flushing.join, _FLUSH_TIMEOUT_S)
