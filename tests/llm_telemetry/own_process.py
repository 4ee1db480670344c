"""Runs code in a process of its own, for tests of what happens once per process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


CALL = """
import llm_telemetry as lt, sys

def call():
    with lt.observe_llm_call("gpt-4o", provider="openai", endpoint="/api/support/answer", tenant_id="acme") as seen:
        seen.record_usage(1847, 312)

def value(name):
    body = lt.exposition("application/openmetrics-text;version=1.0.0")[0].decode()
    return [line for line in body.splitlines() if line.startswith(name) and not line.split(" # ")[0].endswith(" 0.0")]
"""


SDK = """
from opentelemetry import trace, _logs
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

def set_up():
    spans, records = InMemorySpanExporter(), InMemoryLogRecordExporter()
    tracers, loggers = TracerProvider(), LoggerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    loggers.add_log_record_processor(SimpleLogRecordProcessor(records))
    trace.set_tracer_provider(tracers)
    _logs.set_logger_provider(loggers)
    return spans, records
"""


REQUESTS = (
    'llm_requests_total{endpoint="/api/support/answer",model="gpt-4o",service="%s",status="ok",tenant="acme"} 1.0'
)


def run(code: str, *launcher: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL", "LLM", "PROM"))}
    done = subprocess.run(
        [*(launcher or (sys.executable,)), "-c", code] if not launcher else [*launcher, sys.executable, "-c", code],
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done
