"""When telemetry fails, the application gets its answers and the failure is counted."""

# ruff: noqa: PT012, SIM117 - blocks inside blocks are what is tested
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from recorded_telemetry import ANSWER, CALLER, ENDPOINT, SPAN_ID, TRACE_ID, Recorded, chunk

import llm_telemetry as lt
from llm_telemetry import telemetry
from llm_telemetry.application_events import evaluation_link


class Broken:
    """Every attribute raises."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"{name} is broken")


class BrokenProcessor(SpanProcessor):
    """A span processor whose exporter raises."""

    def __init__(self, *, start: bool = False) -> None:
        self._start = start

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        if self._start:
            raise OSError("no collector")

    def on_end(self, span: ReadableSpan) -> None:
        raise OSError("no collector")


@pytest.fixture(
    params=[
        "log stream",
        "exporter",
        "exporter at start",
        "tracer",
        "prices",
        "metrics",
        "log exporter",
        "users",
        "hasher",
        "everything",
    ]
)
def broken(request: pytest.FixtureRequest, recorded: Recorded) -> Iterator[str]:  # fmt: skip
    """Break one part of telemetry, and check that its signal counts a failure."""
    made: Any = telemetry.current_telemetry()
    provider = TracerProvider()
    what = request.param
    counted = "trace"
    if what == "log stream":
        counted = "log"
        recorded.configure(log_stream=open("/dev/full", "w"))  # noqa: SIM115 - closing it fails, too
    elif what.startswith("exporter"):
        provider.add_span_processor(BrokenProcessor(start=what.endswith("start")))
        made.tracer = provider.get_tracer("broken")
    elif what == "tracer":
        made.tracer = Broken()
    elif what == "prices":
        counted, made.prices = "metric", Broken()
    elif what == "metrics":
        made.metrics.observe = Broken().__class__  # raises: it takes no arguments
        counted = "metric"
    elif what == "log exporter":
        counted, made.events._logger = "log", Broken()
    elif what == "users":
        made.scrape_gauges.users = Broken()
    elif what == "hasher":
        made.hasher = Broken()
    else:
        counted = ""
        for name in ("metrics", "events", "prices", "hasher", "scrape_gauges", "tracer", "settings"):
            setattr(made, name, Broken())
    yield counted
    if counted:
        assert recorded.value("llm_telemetry_failures_total", signal=counted)


async def test_answers_and_exceptions_pass_unchanged(broken: str) -> None:
    answer, error = dict(ANSWER), ValueError("the application's own")

    @lt.observe_llm_call("gpt-4o", provider="openai")
    def sync() -> Any:
        return answer

    @lt.observe_llm_call("gpt-4o", provider="openai")
    async def coroutine() -> Any:
        return answer

    @lt.observe_llm_call("gpt-4o", provider="openai")
    def stream() -> Any:
        yield chunk("a")
        yield chunk("b")

    @lt.observe_llm_call("gpt-4o", provider="openai")
    async def async_stream() -> Any:
        yield chunk("a")
        yield chunk("b")

    with lt.request_context(**CALLER):
        assert sync() is answer
        assert await coroutine() is answer
        assert list(stream()) == [chunk("a"), chunk("b")]
        assert [piece async for piece in async_stream()] == [chunk("a"), chunk("b")]
        abandoned = stream()
        next(abandoned)
        abandoned.close()
        with lt.observe_retrieval() as retrieval:
            retrieval.record(1, [0.5])
        with pytest.raises(ValueError, match="own") as raised:
            with lt.observe_generation("gpt-4o", prompt="How?") as generation:
                with generation.queueing():
                    pass
                generation.refused("gpt-4o-mini")
                generation.score("faithfulness", 1)
                with lt.observe_llm_call("gpt-4o", provider="openai") as call:
                    call.record_response(answer)
                    raise error
        assert raised.value is error
        lt.record_content(generation, "How?", "So.")
        lt.record_cache(True)
        lt.record_rejection("bad_input")
        lt.record_safety_violation("pii")
        lt.record_feedback("up", trace_id=TRACE_ID)
        lt.record_evaluation(
            evaluator="ragas", endpoint=ENDPOINT, model="gpt-4o", trace_id=TRACE_ID, span_id=SPAN_ID, faithfulness=1
        )
        lt.set_queue_capacity(1, endpoint=ENDPOINT)
        lt.register_breaker("openai", "gpt-4o", lambda: 0)
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_a_broken_tracer_leaves_metrics_and_lines(recorded: Recorded) -> None:
    made: Any = telemetry.current_telemetry()
    made.tracer = Broken()
    with lt.request_context(**CALLER), lt.observe_generation("gpt-4o"), lt.observe_llm_call("gpt-4o") as call:
        call.record_response(ANSWER)
    assert recorded.value("llm_requests_total", status="ok") == 1
    assert recorded.value("llm_input_tokens_total") == 1847
    assert recorded.line()["attempts"] == 1
    assert recorded.line()["trace_id"] is None


def test_broken_prices_leave_the_cost_unpriced(recorded: Recorded) -> None:
    made: Any = telemetry.current_telemetry()
    made.prices = Broken()
    with lt.request_context(**CALLER), lt.observe_llm_call("gpt-4o", provider="openai") as call:
        call.record_response(ANSWER)
    assert recorded.value("llm_input_tokens_total") == 1847
    assert recorded.value("llm_cost_dollars_total", cost_source="unpriced") == 0
    assert (recorded.span("chat gpt-4o").attributes or {})["llm.cost_source"] == "unpriced"
    assert recorded.line()["cost_usd"] is None


def test_a_full_disk_leaves_the_log_record(recorded: Recorded) -> None:
    recorded.configure(log_stream=open("/dev/full", "w"))  # noqa: SIM115
    with lt.request_context(**CALLER), lt.observe_llm_call("gpt-4o", provider="openai"):
        pass
    assert recorded.value("llm_telemetry_failures_total", signal="log") == 1
    assert len(recorded.records()) == 1


@pytest.mark.parametrize("wrong", [None, 7, object(), [], float("nan"), "x" * 100_000, "\ud800", b"bytes"])
def test_arguments_of_a_wrong_type_do_not_raise_and_are_recorded_or_counted(wrong: Any, recorded: Recorded) -> None:
    with lt.request_context(endpoint=wrong, tenant_id=wrong, user_id=wrong):
        with lt.observe_llm_call(wrong, provider=wrong, prompt_version=wrong, prompt=wrong) as call:
            call.record_response(wrong)
            call.record_chunk(wrong)
            call.record_usage(wrong, wrong)
            call.fail(wrong)
        with lt.observe_generation(wrong, prompt=wrong) as generation:
            generation.refused(wrong, wrong)
            generation.fail(wrong)
            generation.score("faithfulness", wrong)
        with lt.observe_retrieval(endpoint=wrong) as retrieval:
            retrieval.record(wrong, wrong)
        lt.record_cache(wrong, model=wrong, latency_ms=wrong)
        lt.record_rejection(wrong)
        lt.record_safety_violation(wrong)
        lt.record_feedback(wrong, trace_id=wrong)
        lt.record_evaluation(
            evaluator=wrong, endpoint=wrong, model=wrong, trace_id=wrong, span_id=wrong, faithfulness=wrong
        )
        lt.set_queue_capacity(wrong, endpoint=wrong)
        lt.register_breaker(wrong, wrong, wrong)
        lt.record_content(wrong, wrong, wrong)
        evaluation_link(wrong, wrong)
    failed = {"model": "other", "tenant": "other", "status": "error"}
    endpoint = "other" if recorded.value("llm_requests_total", endpoint="other", **failed) else "unknown"
    assert recorded.value("llm_requests_total", endpoint=endpoint, **failed) == 2
    assert recorded.value("llm_retrieval_latency_ms_count", endpoint=endpoint) == 1
    assert (recorded.value("llm_telemetry_failures_total", signal="trace") or 0) >= 2
    assert (recorded.value("llm_telemetry_failures_total", signal="metric") or 0) >= 6
    assert "llm_telemetry_failures_total" in recorded.exposition()


def test_every_thousandth_failure_is_logged(recorded: Recorded, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(1_001):
        lt.record_rejection("no such reason")
    assert caplog.text.count("metric telemetry could not be recorded") == 2
    assert "(1001 so far)" in caplog.text


def test_a_broken_settings_file_without_configure_is_logged_once(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(telemetry, "_current", None)
    monkeypatch.setenv("LLM_TELEMETRY_SETTINGS", str(tmp_path / "none.yaml"))
    telemetry._log_missing_telemetry.cache_clear()
    for _ in range(3):
        with lt.observe_llm_call("gpt-4o") as call:
            call.record_response(ANSWER)
        lt.record_cache(False)
    assert caplog.text.count("no telemetry: call llm_telemetry.configure") == 1
