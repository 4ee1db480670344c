"""Unknown label values become `other`, known series start at 0, and totals are exact under concurrency."""

# ruff: noqa: SIM117 - blocks inside blocks are what is tested
from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from recorded_telemetry import ANSWER, CALLER, ENDPOINT, SPAN_ID, TRACE_ID, Recorded, chunks

import llm_telemetry as lt
from llm_telemetry import names


def test_every_metric_is_exposed_with_service_and_its_labels(recorded: Recorded) -> None:
    exposed = {family.name: family for family in recorded.registry.collect()}
    for metric in names.METRICS:
        family = exposed[metric.name.removesuffix("_total")]
        assert family.type == metric.kind
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == {"service", *metric.labels}
            assert sample.labels["service"] == "svc"


MANY = 500
CALLS, WORKERS = 200, 8


def test_500_values_of_every_label_stay_within_the_configured_values(recorded: Recorded) -> None:
    for number in range(MANY):
        endpoint, model, user = f"/item/{number}", f"model-{number}", f"user-{number}"
        with lt.request_context(endpoint=endpoint, tenant_id=f"tenant-{number}", user_id=user):
            with lt.observe_retrieval() as retrieval:
                retrieval.record(1)
            with lt.observe_generation(model, prompt=f"prompt {number}") as generation:
                generation.refused(f"refused-{number}", f"reason {number}")
                with lt.observe_llm_call(model, provider=f"provider-{number}") as call:
                    call.record_response({**ANSWER, "choices": [{"finish_reason": f"finish {number}"}]})
            lt.record_cache(True, model=model)
            lt.record_rejection("bad_input")
            lt.record_feedback("up", trace_id=TRACE_ID, model=model)
            lt.record_evaluation(
                evaluator="lexical", endpoint=endpoint, model=model, trace_id=TRACE_ID, span_id=SPAN_ID, faithfulness=1
            )
            lt.set_queue_capacity(3, endpoint=endpoint)
            lt.register_breaker(f"provider-{number}", model, lambda: 0)
    values = recorded.label_values()
    settings = lt.load_settings()
    assert values["endpoint"] == {*settings.endpoints, "other", "all"}
    assert values["model"] == {*settings.models, "other"}
    assert values["tenant"] == {*settings.tenants, "other"}
    assert values["provider"] == {"openai", "other"}
    assert values["from_model"] == values["to_model"] == {"other"}
    assert values["reason"] <= {*names.PROVIDER_ERROR_TYPES, *names.FINISH_REASONS, *names.REJECTION_REASONS, "other"}
    assert set(values) == {
        "service", "endpoint", "model", "tenant", "provider", "from_model", "to_model", "status", "error_type",
        "cost_source", "reason", "metric", "evaluator", "result", "value", "kind", "outcome", "label", "signal",
        "version", "prompt_version",
    }  # fmt: skip
    assert recorded.value("llm_requests_total", endpoint="other", model="other", tenant="other", status="ok") == MANY
    for label in ("endpoint", "model", "tenant", "provider"):
        assert (recorded.value("llm_label_overflow_total", label=label) or 0) >= MANY
    assert recorded.value("llm_active_users", endpoint="all") == MANY
    assert recorded.value("llm_telemetry_failures_total", signal="metric") == 0
    assert (recorded.spans("generate")[-1].attributes or {})[
        "llm.endpoint"
    ] == "/item/499"  # spans keep the value as given


def test_missing_values_are_unknown_or_other_and_no_overflow(recorded: Recorded) -> None:
    with lt.observe_llm_call("gpt-4o"):
        pass
    assert recorded.value("llm_requests_total", endpoint="unknown", tenant="other", status="ok") == 1
    assert recorded.value("llm_provider_attempts_total", provider="unknown", outcome="ok") == 1
    assert all("overflow" not in name for name in recorded.changed())


@pytest.mark.parametrize("prefix", ["openai/", "models/", "accounts/a/models/", ""])
def test_a_prefix_does_not_make_another_model(prefix: str, recorded: Recorded) -> None:
    with lt.request_context(**CALLER), lt.observe_llm_call(f"{prefix}gpt-4o", provider="openai"):
        pass
    assert recorded.value("llm_requests_total", status="ok") == 1
    assert (recorded.span("chat gpt-4o").attributes or {})["gen_ai.request.model"] == f"{prefix}gpt-4o"


def one(number: int) -> None:
    """A call that retries every fourth time."""
    with lt.request_context(endpoint=ENDPOINT, tenant_id="acme", user_id=f"user-{number % 10}"):
        with lt.observe_generation("gpt-4o", prompt=str(number)):
            if number % 4 == 0:
                try:
                    with lt.observe_llm_call("gpt-4o", provider="openai"):
                        raise TimeoutError
                except TimeoutError:
                    pass
            with lt.observe_llm_call("gpt-4o", provider="openai") as call:
                call.record_response(ANSWER)


def assert_totals(recorded: Recorded, calls: int, retried: int = 0) -> None:
    assert recorded.value("llm_requests_total", status="ok") == calls
    assert recorded.value("llm_provider_attempts_total", outcome="ok") == calls
    assert recorded.value("llm_provider_attempts_total", outcome="timeout") == retried
    assert recorded.value("llm_retries_total", reason="timeout") == retried
    assert recorded.value("llm_input_tokens_total") == 1847 * calls
    assert recorded.value("llm_cost_dollars_total", cost_source="table") == pytest.approx(0.0064575 * calls)
    assert recorded.value("llm_in_flight_requests") == 0
    lines = recorded.lines("llm_call")
    assert len({line["span_id"] for line in lines}) == len(lines) == calls
    assert sum(line["input_tokens"] for line in lines) == 1847 * calls
    assert sum(line["attempts"] for line in lines) == calls + retried
    assert {line["span_id"] for line in lines} == {f"{_span(span).span_id:016x}" for span in recorded.spans("generate")}


def _span(span: Any) -> Any:
    return span.get_span_context()


def test_totals_are_exact_in_threads(recorded: Recorded) -> None:
    barrier = threading.Barrier(WORKERS)

    def work(worker: int) -> None:
        barrier.wait()
        for number in range(worker, CALLS, WORKERS):
            one(number)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    assert_totals(recorded, CALLS, CALLS // 4)
    assert recorded.value("llm_active_users") == 10


async def test_totals_are_exact_in_tasks(recorded: Recorded) -> None:
    @lt.observe_llm_call("gpt-4o", provider="openai")
    async def stream() -> Any:
        for piece in chunks():
            await asyncio.sleep(0)
            yield piece

    async def read(number: int) -> None:
        with lt.request_context(endpoint=ENDPOINT, tenant_id="acme", user_id=f"user-{number % 10}"):
            async for _ in stream():
                await asyncio.sleep(0)

    await asyncio.gather(*(read(number) for number in range(CALLS)))
    assert_totals(recorded, CALLS)
    assert recorded.value("llm_ttft_ms_count") == CALLS


def test_settings_without_endpoints_and_tenants_create_series_for_unknown_and_other(
    tmp_path: Path, recorded: Recorded
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("models: {local: , gpt-4o: {provider: openai}}")
    from prometheus_client import CollectorRegistry

    recorded.registry = CollectorRegistry()
    recorded.configure(settings=file)
    assert lt.load_settings(file).models["local"].provider == "unknown"
    assert recorded.value("llm_requests_total", endpoint="unknown", model="local", tenant="other", status="ok") == 0


def test_a_new_build_replaces_the_series_of_the_old(recorded: Recorded) -> None:
    assert recorded.value("llm_build_info", version="1.4.0", prompt_version="v7") == 1
    recorded.configure(version="1.5.0", prompt_version="v8")
    builds = [sample.labels for family in recorded.registry.collect() for sample in family.samples
              if sample.name == "llm_build_info"]  # fmt: skip
    assert builds == [{"service": "svc", "version": "1.5.0", "prompt_version": "v8"}]


def test_series_of_configured_values_start_at_0(recorded: Recorded) -> None:
    for name, labels in {
        "llm_requests_total": {"status": "error"},
        "llm_errors_total": {"error_type": "hallucination"},
        "llm_cost_dollars_total": {"cost_source": "table"},
        "llm_latency_ms_count": {},
        "llm_input_tokens_total": {"model": "text-embedding-3-small"},
        "llm_embedding_requests_total": {"model": "text-embedding-3-small", "status": "ok"},
        "llm_finish_reasons_total": {"reason": "length"},
        "llm_feedback_total": {"value": "down"},
        "llm_cache_requests_total": {"result": "hit"},
        "llm_safety_violations_total": {"kind": "pii"},
        "llm_rejected_requests_total": {"reason": "queue_full"},
        "llm_provider_attempts_total": {"outcome": "rate_limit"},
        "llm_retries_total": {"reason": "timeout"},
        "llm_label_overflow_total": {"label": "tenant"},
        "llm_telemetry_failures_total": {"signal": "log"},
        "llm_queue_depth": {},
    }.items():
        assert recorded.value(name, **labels) == 0, name
    assert recorded.changed() == {}


def test_a_metric_with_too_many_series_logs_a_warning_instead(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("llm_telemetry.metrics.MAX_SERIES_AT_START", 5)
    recorded.configure(registry=CollectorRegistry())
    assert "llm_requests_total would have more than 5 series" in caplog.text
