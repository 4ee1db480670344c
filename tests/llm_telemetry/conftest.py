"""In-memory exporters for the session; a registry and a log stream of its own for each test."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider, set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from telemetry_seen import WHO, Clock, Seen

import llm_telemetry
from llm_telemetry import telemetry


@pytest.fixture(scope="session")
def span_exporter() -> InMemorySpanExporter:
    """Gets the spans of the whole process: OpenTelemetry takes one provider, so another's is joined."""
    exporter = InMemorySpanExporter()
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    cast(TracerProvider, trace.get_tracer_provider()).add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture(scope="session")
def record_exporter() -> InMemoryLogRecordExporter:
    """Gets the log records of the whole process."""
    exporter = InMemoryLogRecordExporter()
    if not isinstance(get_logger_provider(), LoggerProvider):
        set_logger_provider(LoggerProvider())
    cast(LoggerProvider, get_logger_provider()).add_log_record_processor(SimpleLogRecordProcessor(exporter))
    return exporter


@pytest.fixture(autouse=True)
def _without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SETTINGS", "PRICES", "USER_SALT", "CONTENT_STORE", "CAPTURE_CONTENT"):
        monkeypatch.delenv(f"LLM_TELEMETRY_{variable}", raising=False)


@pytest.fixture
def seen(span_exporter: InMemorySpanExporter, record_exporter: InMemoryLogRecordExporter) -> Iterator[Seen]:
    """This test's telemetry, configured."""
    before: Any = telemetry._current
    span_exporter.clear()
    record_exporter.clear()
    made = Seen(span_exporter, record_exporter)
    made.configure()
    yield made
    now: Any = telemetry._current
    if now and now.content:
        now.content.close()
    telemetry._current = before


@pytest.fixture
def request_of(seen: Seen) -> Iterator[llm_telemetry.RequestContext]:
    """The test runs inside a request of tenant `acme`."""
    with llm_telemetry.request_context(**WHO) as context:
        yield context


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time that moves when told."""
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", made)
    return made
