"""Fixtures: in-memory exporters for the session; a registry and a log stream for each test."""

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
from recorded_telemetry import Clock, Recorded

from llm_telemetry import telemetry


@pytest.fixture(scope="session")
def span_exporter() -> InMemorySpanExporter:
    """Receives the spans of the process. OpenTelemetry accepts one provider, so an existing provider is used."""
    exporter = InMemorySpanExporter()
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    cast(TracerProvider, trace.get_tracer_provider()).add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture(scope="session")
def log_exporter() -> InMemoryLogRecordExporter:
    """Receives the log records of the process."""
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
def recorded(span_exporter: InMemorySpanExporter, log_exporter: InMemoryLogRecordExporter) -> Iterator[Recorded]:
    """Configured telemetry of this test."""
    before: Any = telemetry._current
    span_exporter.clear()
    log_exporter.clear()
    made = Recorded(span_exporter, log_exporter)
    made.configure()
    yield made
    now: Any = telemetry._current
    if now and now.content:
        now.content.close()
    telemetry._current = before


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock in place of `time.perf_counter`."""
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", made)
    return made
