"""`configure` finds the service name and the providers, keeps counting when it is called again, and makes exemplars."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from own_process import CALL, REQUESTS, SDK, run
from recorded_telemetry import CALLER, ENDPOINT, SPAN_ID, TRACE_ID, Clock, Recorded
from signal_matrix import plain, streaming

import llm_telemetry as lt


def test_counters_go_on_after_configure_is_called_again(recorded: Recorded) -> None:
    lt.record_rejection("bad_input", endpoint=ENDPOINT)
    recorded.configure()
    lt.record_rejection("bad_input", endpoint=ENDPOINT)
    assert recorded.value("llm_rejected_requests_total", reason="bad_input") == 2


def test_exemplars_link_to_the_trace(recorded: Recorded, clock: Clock) -> None:
    with lt.request_context(**CALLER):
        plain(clock)
        streaming(clock)
    lt.record_evaluation(
        evaluator="lexical", endpoint=ENDPOINT, model="gpt-4o", trace_id=TRACE_ID, span_id=SPAN_ID, faithfulness=0.9
    )
    exemplars: dict[str, set[str]] = {}
    for family in recorded.registry.collect():
        for sample in family.samples:
            if sample.exemplar:
                found = f"{sample.exemplar.labels['trace_id']} {sample.exemplar.labels['span_id']}"
                exemplars.setdefault(family.name, set()).add(found)
    expected: dict[str, set[str]] = {}
    for span in recorded.spans():
        context = span.get_span_context()
        assert context
        expected.setdefault(span.name, set()).add(f"{context.trace_id:032x} {context.span_id:016x}")
    assert exemplars["llm_latency_ms"] <= expected["generate"]
    assert exemplars["llm_ttft_ms"] <= expected["generate"]
    assert exemplars["llm_retrieval_latency_ms"] == expected["retrieval"]
    assert exemplars["llm_context_utilisation_ratio"] <= expected["chat gpt-4o"]
    assert exemplars["llm_eval_score"] == {f"{TRACE_ID} {SPAN_ID}"}


def test_an_unsampled_trace_is_not_an_exemplar(recorded: Recorded) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    recorded.configure().tracer = TracerProvider(sampler=ALWAYS_OFF).get_tracer("unsampled")
    with lt.request_context(**CALLER), lt.observe_llm_call("gpt-4o", provider="openai"):
        pass
    assert all(not sample.exemplar for family in recorded.registry.collect() for sample in family.samples)
    assert recorded.line()["trace_id"]  # the log line still finds other lines of the request


def test_metrics_and_lines_work_without_the_sdk() -> None:
    """With only the packages in `dependencies`, there are no spans; metrics and log lines work."""
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


def test_providers_may_be_set_after_configure() -> None:
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


def test_service_name_comes_from_the_environment_else_from_the_resource() -> None:
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


@pytest.mark.parametrize("exporter", ["console", "none"])
def test_opentelemetry_instrument_exports_spans_and_log_records(exporter: str) -> None:
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


def test_import_loads_no_client_and_no_sdk() -> None:
    done = run(
        "import llm_telemetry, sys; assert 'openai' not in sys.modules; assert 'opentelemetry.sdk' not in sys.modules"
    )
    assert done.stdout == done.stderr == ""
