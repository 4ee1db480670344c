"""In processes of their own: OpenTelemetry set up before, after, by its launcher, or not at all; several processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_without_any_sdk() -> None:
    """The packages of the `dependencies` alone: nothing traces, metrics and log lines go on."""
    done = run(f"""
import sys
class NoSdk:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("opentelemetry.sdk"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoSdk())
{CALL}
call()
print("\\n".join(value("llm_requests_total")), file=sys.stderr)
assert not any(name.startswith("opentelemetry.sdk") for name in sys.modules)
assert '# {{' not in "".join(value("llm_latency_ms"))
""")
    assert REQUESTS % "unknown_service" in done.stderr
    assert '"trace_id":null,"span_id":null' in done.stdout


def test_providers_set_after_configure() -> None:
    done = run(f"""
{CALL}{SDK}
lt.configure("svc")
call()
spans, records = set_up()
call()
names = [span.name for span in spans.get_finished_spans()]
assert names == ["chat gpt-4o", "generate"], names
assert spans.get_finished_spans()[0].resource.attributes["llm.telemetry.native"] is True
assert len(records.get_finished_logs()) == 1
assert records.get_finished_logs()[0].log_record.trace_id == spans.get_finished_spans()[0].context.trace_id
assert value("llm_requests_total")[0].endswith(" 2.0")
assert 'trace_id="' in "".join(value("llm_latency_ms"))
""")
    assert done.stderr == ""


def test_providers_set_before_configure_name_the_service() -> None:
    run(f"""
{CALL}{SDK}
from opentelemetry.sdk.resources import Resource
trace.set_tracer_provider(TracerProvider(resource=Resource.create({{"service.name": "from-resource"}})))
assert lt.configure().service == "from-resource"
assert trace.get_tracer_provider().resource.attributes["llm.telemetry.native"] is True
import os
os.environ["OTEL_SERVICE_NAME"] = "from-environment"
assert lt.configure().service == "from-environment"
""")


def test_a_resource_that_cannot_be_marked_is_told() -> None:
    done = run(f"""
{CALL}{SDK}
TracerProvider._update_resource = None
set_up()
lt.configure("svc")
call()
""")
    assert done.stderr.count("OTEL_RESOURCE_ATTRIBUTES=llm.telemetry.native=true") == 1


def test_a_resource_that_is_marked_already() -> None:
    done = run(
        f"""
{CALL}{SDK}
TracerProvider._update_resource = None
set_up()
lt.configure("svc")
""",
        OTEL_RESOURCE_ATTRIBUTES="llm.telemetry.native=true",
    )
    assert done.stderr == ""


@pytest.mark.parametrize("exporter", ["console", "none"])
def test_under_opentelemetry_instrument(exporter: str) -> None:
    launcher = Path(sys.executable).with_name("opentelemetry-instrument")
    done = run(
        f'{CALL}\ncall()\nprint("\\n".join(value("llm_requests_total")))',
        str(launcher),
        OTEL_TRACES_EXPORTER=exporter,
        OTEL_LOGS_EXPORTER=exporter,
        OTEL_METRICS_EXPORTER="none",
        OTEL_SERVICE_NAME="launched",
    )
    assert REQUESTS % "launched" in done.stdout
    if exporter == "console":
        assert '"llm.telemetry.native": true' in done.stdout
        assert '"name": "generate"' in done.stdout
        assert '"body": "llm_call"' in done.stdout


def test_multi_process_mode(tmp_path: Path) -> None:
    code = f"""
{CALL}{SDK}
import logging
logging.basicConfig()
set_up()
lt.configure("svc", version="1")
lt.configure("svc", version="2")
lt.register_breaker("openai", "gpt-4o", lambda: 0)
lt.record_evaluation(evaluator="e", endpoint="/api/support/answer", model="gpt-4o", trace_id="1" * 32,
                     span_id="1" * 16, faithfulness=1.0)
call()
print("\\n".join(value("llm_")))
"""
    first = run(code, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    second = run(code, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    assert first.stderr.count("multi-process mode") == 1
    assert "llm_active_users, llm_answer_relevance_score, llm_circuit_breaker_state" in first.stderr
    assert REQUESTS % "svc" in first.stdout
    assert (REQUESTS % "svc").replace(" 1.0", " 2.0") in second.stdout  # of both processes
    assert "llm_active_users" not in first.stdout
    assert "# {" not in first.stdout  # no exemplars


def test_importing_is_cheap_and_silent() -> None:
    done = run(
        "import llm_telemetry, sys; assert 'openai' not in sys.modules; assert 'opentelemetry.sdk' not in sys.modules"
    )
    assert done.stdout == done.stderr == ""
