# ruff: noqa: SIM117 - blocks inside blocks are what is tested
"""Labels stay within their bounds whatever an application passes; totals are exact whoever counts at once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from telemetry_seen import ANSWER, ENDPOINT, WHO, Seen, chunks

import llm_telemetry as lt
from llm_telemetry import names

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
MANY = 500


def test_500_of_everything(seen: Seen) -> None:
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
            lt.record_feedback("up", trace_id=TRACE, model=model)
            lt.record_evaluation(
                evaluator="lexical", endpoint=endpoint, model=model, trace_id=TRACE, span_id=SPAN, faithfulness=1
            )
            lt.set_queue_capacity(3, endpoint=endpoint)
            lt.register_breaker(f"provider-{number}", model, lambda: 0)
    values = seen.label_values()
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
    assert seen.value("llm_requests_total", endpoint="other", model="other", tenant="other", status="ok") == MANY
    for label in ("endpoint", "model", "tenant", "provider"):
        assert (seen.value("llm_label_overflow_total", label=label) or 0) >= MANY
    assert seen.value("llm_active_users", endpoint="all") == MANY
    assert seen.value("llm_telemetry_failures_total", signal="metric") == 0
    assert (seen.spans("generate")[-1].attributes or {})[
        "llm.endpoint"
    ] == "/item/499"  # as said, where it costs nothing


def test_nobody_says_anything(seen: Seen) -> None:
    with lt.observe_llm_call("gpt-4o"):
        pass
    assert seen.value("llm_requests_total", endpoint="unknown", tenant="other", status="ok") == 1
    assert seen.value("llm_provider_attempts_total", provider="unknown", outcome="ok") == 1
    assert all("overflow" not in name for name in seen.changed())


@pytest.mark.parametrize("prefix", ["openai/", "models/", "accounts/a/models/", ""])
def test_a_models_prefix_is_no_other_model(prefix: str, seen: Seen) -> None:
    with lt.request_context(**WHO), lt.observe_llm_call(f"{prefix}gpt-4o", provider="openai"):
        pass
    assert seen.value("llm_requests_total", status="ok") == 1
    assert (seen.span("chat gpt-4o").attributes or {})["gen_ai.request.model"] == f"{prefix}gpt-4o"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1]", "must be a mapping"),
        ("endpoints: [", "not valid YAML"),
        ("endpoint: []", "unknown ['endpoint']"),
        ("endpoints: /a", "`endpoints` must be a list"),
        ("tenants: [1]", "`tenants` must be a list of names; put quotes"),
        ("models: [a]", "`models` must map"),
        ("models: {a: openai}", "model 'a' takes"),
        ("models: {1: {}}", "model 1 takes"),
        ("models: {a: {price: 1}}", "model 'a' takes `provider` and `operation`"),
        ("models: {a: {operation: dream}}", "'dream'; use chat or embeddings"),
    ],
)
def test_broken_settings_are_told(text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    monkeypatch.setenv("LLM_TELEMETRY_SETTINGS", str(file))
    with pytest.raises(lt.SettingsError) as raised:
        lt.configure("svc")
    assert told in str(raised.value)
    assert str(file) in str(raised.value)


def test_settings_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(lt.SettingsError, match="cannot be read"):
        lt.load_settings(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(lt.SettingsError, match="not valid YAML"):
        lt.load_settings(tmp_path / "binary.yaml")


def test_an_application_without_endpoints_and_tenants(tmp_path: Path, seen: Seen) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("models: {local: , gpt-4o: {provider: openai}}")
    from prometheus_client import CollectorRegistry

    seen.registry = CollectorRegistry()
    seen.configure(settings=file)
    assert lt.load_settings(file).models["local"].provider == "unknown"
    assert seen.value("llm_requests_total", endpoint="unknown", model="local", tenant="other", status="ok") == 0


# Concurrency ------------------------------------------------------------------------------------------

CALLS, WORKERS = 200, 8


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


def assert_totals(seen: Seen, calls: int, retried: int = 0) -> None:
    assert seen.value("llm_requests_total", status="ok") == calls
    assert seen.value("llm_provider_attempts_total", outcome="ok") == calls
    assert seen.value("llm_provider_attempts_total", outcome="timeout") == retried
    assert seen.value("llm_retries_total", reason="timeout") == retried
    assert seen.value("llm_input_tokens_total") == 1847 * calls
    assert seen.value("llm_cost_dollars_total", cost_source="table") == pytest.approx(0.0064575 * calls)
    assert seen.value("llm_in_flight_requests") == 0
    lines = seen.lines("llm_call")
    assert len({line["span_id"] for line in lines}) == len(lines) == calls
    assert sum(line["input_tokens"] for line in lines) == 1847 * calls
    assert sum(line["attempts"] for line in lines) == calls + retried
    assert {line["span_id"] for line in lines} == {f"{_span(span).span_id:016x}" for span in seen.spans("generate")}


def _span(span: Any) -> Any:
    return span.get_span_context()


def test_threads(seen: Seen) -> None:
    barrier = threading.Barrier(WORKERS)

    def work(worker: int) -> None:
        barrier.wait()
        for number in range(worker, CALLS, WORKERS):
            one(number)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    assert_totals(seen, CALLS, CALLS // 4)
    assert seen.value("llm_active_users") == 10


async def test_tasks(seen: Seen) -> None:
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
    assert_totals(seen, CALLS)
    assert seen.value("llm_ttft_ms_count") == CALLS
