"""Who emits what: per scenario every series, span and log line, by value.

A scenario says all of its signals: a series, a span attribute or a log field that it does not name must be
absent (0, unset, null). Times come from a clock that moves when told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from telemetry_seen import ANSWER, ANSWER_COST, ENDPOINT, LABELS, WHO, Clock, Seen, chunks, series

import llm_telemetry as lt
from llm_telemetry import names
from llm_telemetry.privacy import Hasher

USER = Hasher("salt").user("user-4711")
PROMPT = "How do I reset it?"
PROMPT_HASH = Hasher("salt").prompt(PROMPT)
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
MINI = "gpt-4o-mini"
MINI_COST = 823 * 0.15e-6 + 1024 * 0.075e-6 + 312 * 0.6e-6


def m(name: str, amount: float = 1, /, **labels: str) -> dict[str, float]:
    """One series of the contract; labels that are not given are those of LABELS."""
    base = name.removesuffix("_count").removesuffix("_sum")
    metric = next(metric for metric in names.METRICS if metric.name in (name, base))
    return {series(name, **{label: labels.get(label) or LABELS[label] for label in metric.labels}): amount}


def tokens(model: str = "gpt-4o", times: int = 1, **labels: str) -> dict[str, float]:
    """What ANSWER's usage counts."""
    return {
        **m("llm_input_tokens_total", 1847 * times, model=model, **labels),
        **m("llm_output_tokens_total", 312 * times, model=model, **labels),
        **m("llm_cached_input_tokens_total", 1024 * times, model=model, **labels),
    }


def context(model: str = "gpt-4o", times: int = 1) -> dict[str, float]:
    """How full ANSWER's prompt makes the context window of 128,000 tokens."""
    return {
        **m("llm_context_utilisation_ratio_count", times, model=model),
        **m("llm_context_utilisation_ratio_sum", times * 1847 / 128_000, model=model),
    }


def latency(ms: float, model: str = "gpt-4o", name: str = "llm_latency_ms") -> dict[str, float]:
    """One observation of a time."""
    return {**m(f"{name}_count", model=model), **m(f"{name}_sum", ms, model=model)}


USERS = {**m("llm_active_users"), **m("llm_active_users", endpoint="all")}
SCOPE = {"llm.endpoint": ENDPOINT, "llm.tenant_id": "acme", "llm.user_id": USER}
USAGE = {
    "gen_ai.usage.input_tokens": 1847,
    "gen_ai.usage.output_tokens": 312,
    "gen_ai.usage.cache_read.input_tokens": 1024,
    "llm.input_tokens": 1847,
    "llm.output_tokens": 312,
}
ANSWERED = {
    **USAGE,
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.response.finish_reasons": ("stop",),
    "llm.cost_usd": ANSWER_COST,
    "llm.cost_source": "table",
}


def chat(ms: float, model: str = "gpt-4o", attempt: int = 1, **more: Any) -> tuple[str, dict[str, Any]]:
    """A `chat` span."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "llm.model": model,
        "llm.latency_ms": ms,
        "llm.attempt": attempt,
        "llm.prompt_version": "v7",
        **SCOPE,
    }
    return f"chat {model}", {**attributes, **more}


def generate(ms: float, status: str = "ok", model: str = "gpt-4o", **more: Any) -> tuple[str, dict[str, Any]]:
    """A `generate` span."""
    attributes = {
        "llm.model": model,
        "llm.status": status,
        "llm.latency_ms": ms,
        "llm.prompt_version": "v7",
        **SCOPE,
    }
    return "generate", {**attributes, **more}


def failed(error_type: str) -> dict[str, str]:
    """What a span that failed says beside its attributes."""
    return {"error.type": error_type}


def line(**fields: Any) -> dict[str, Any]:
    """An `llm_call` line; the fields that are not given are null."""
    base = {
        "level": "info",
        "event": "llm_call",
        "service": "svc",
        "endpoint": ENDPOINT,
        "user_id": USER,
        "tenant_id": "acme",
        "model": "gpt-4o",
        "cache_hit": False,
        "prompt_version": "v7",
        "attempts": 1,
        "status": "ok",
    }
    return {**dict.fromkeys(names.LOG_FIELDS), **base, **fields}


ANSWERED_LINE = {
    "model_version": "gpt-4o-2024-08-06",
    "input_tokens": 1847,
    "output_tokens": 312,
    "cost_usd": ANSWER_COST,
    "cost_source": "table",
    "finish_reason": "stop",
}


@dataclass
class Scenario:
    """What is done and everything that it emits."""

    act: Callable[[Clock], None]
    metrics: dict[str, float]
    spans: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)


def attempt(clock: Clock, ms: float, model: str = "gpt-4o", answer: Any = ANSWER, fail: str | None = None) -> None:
    """One attempt that takes `ms` and is answered."""
    with lt.observe_llm_call(model, provider="openai") as call:
        clock.ms(ms)
        call.record_response(answer)
        if fail:
            call.fail(fail)


def failing_attempt(clock: Clock, ms: float, error: BaseException, model: str = "gpt-4o") -> None:
    """One attempt that takes `ms` and raises."""
    try:
        with lt.observe_llm_call(model, provider="openai"):
            clock.ms(ms)
            raise error
    except type(error):
        pass


def plain(clock: Clock) -> None:
    with lt.observe_retrieval() as retrieval:
        clock.ms(20)
        retrieval.record(3, [0.9, 0.8, 0.7])
    with lt.observe_generation("gpt-4o", prompt=PROMPT) as generation:
        with generation.queueing():
            clock.ms(5)
        attempt(clock, 100)
        generation.score("faithfulness", 0.92)
        generation.score("answer_relevance", 0.81)


def streaming(clock: Clock) -> None:
    @lt.observe_llm_call("openai/gpt-4o", provider="openai")
    def create() -> Any:
        clock.ms(40)
        for piece in chunks():
            clock.ms(10)
            yield piece

    assert len(list(create())) == 6


def hang_up(clock: Clock) -> None:
    @lt.observe_llm_call("gpt-4o", provider="openai")
    def create() -> Any:
        for piece in chunks():
            clock.ms(10)
            yield piece

    stream = create()
    next(stream)
    next(stream)
    stream.close()


def retry(clock: Clock) -> None:
    with lt.observe_generation("gpt-4o"):
        failing_attempt(clock, 30, TimeoutError())
        attempt(clock, 100)


def retry_of_a_billed_answer(clock: Clock) -> None:
    with lt.observe_generation("gpt-4o"):
        attempt(clock, 100, fail="validation_failed")
        attempt(clock, 100)


def fallback(clock: Clock) -> None:
    with lt.observe_generation("gpt-4o"):
        failing_attempt(clock, 30, ConnectionError())
        attempt(clock, 100, MINI)


def breaker_refused(clock: Clock) -> None:
    with lt.observe_generation("gpt-4o") as generation:
        clock.ms(1)
        generation.refused("openai/gpt-4o")


def breaker_fallback(clock: Clock) -> None:
    with lt.observe_generation("gpt-4o") as generation:
        generation.refused("gpt-4o")
        attempt(clock, 100, MINI)


def usage_missing(clock: Clock) -> None:
    attempt(clock, 100, answer={key: value for key, value in ANSWER.items() if key != "usage"})


def unpriced(clock: Clock) -> None:
    attempt(clock, 100, "acme-experimental-1")


def reported(clock: Clock) -> None:
    with lt.observe_llm_call("gpt-4o", provider="openai") as call:
        clock.ms(100)
        call.record_usage(1847, 312, cached_input_tokens=1024, cost_usd=0.02)


def content_filter(clock: Clock) -> None:
    refusal = {**ANSWER, "choices": [{"finish_reason": "content_filter", "message": {"content": ""}}]}
    attempt(clock, 100, answer=refusal)


def embeddings(clock: Clock) -> None:
    with lt.observe_llm_call("text-embedding-3-small", provider="openai", operation="embeddings") as call:
        clock.ms(8)
        call.record_response({"model": "text-embedding-3-small", "usage": {"prompt_tokens": 50, "total_tokens": 50}})
    try:
        with lt.observe_llm_call("text-embedding-3-small", provider="openai", operation="embeddings"):
            clock.ms(8)
            raise TimeoutError
    except TimeoutError:
        pass


def cache(clock: Clock) -> None:
    lt.record_cache(False)
    lt.record_cache(True, model="openai/gpt-4o", latency_ms=1.23456)


def feedback(clock: Clock) -> None:
    lt.record_feedback("down", trace_id=TRACE, span_id=SPAN, model="gpt-4o")
    lt.record_feedback("up", trace_id=TRACE)


def evaluation(clock: Clock) -> None:
    answer: dict[str, Any] = {
        "evaluator": "ragas",
        "endpoint": ENDPOINT,
        "model": "gpt-4o",
        "trace_id": TRACE,
        "span_id": SPAN,
    }
    lt.record_evaluation(**answer, faithfulness=0.9, answer_relevance=0.8, judge_model=MINI, judge_cost_usd=0.003)
    lt.record_evaluation(**answer, faithfulness=0.2, hallucinated=True, tenant_id="acme", prompt_version="v6")
    lt.record_evaluation(**answer, result="failed")


def said_in_one_call(clock: Clock) -> None:
    for reason in names.REJECTION_REASONS:
        lt.record_rejection(reason)
    lt.record_safety_violation("prompt_injection")
    lt.record_safety_violation("pii")
    lt.set_queue_capacity(32, endpoint=ENDPOINT)
    lt.register_breaker("openai", "gpt-4o", lambda: names.BREAKER_HALF_OPEN)
    lt.register_breaker("openai", MINI, lambda: names.BREAKER_OPEN)


def overflow(clock: Clock) -> None:
    lt.record_cache(False, endpoint="/not/configured", tenant_id="nobody-we-know")


ATTEMPT_OK = m("llm_provider_attempts_total", outcome="ok")
STOP = m("llm_finish_reasons_total", reason="stop")
OK = m("llm_requests_total", status="ok")
COST = m("llm_cost_dollars_total", ANSWER_COST, cost_source="table")
MINI_ANSWERED = {**ANSWERED, "llm.cost_usd": pytest.approx(MINI_COST)}
EMBEDDING = "text-embedding-3-small"

SIGNAL_MATRIX = {
    "plain": Scenario(
        plain,
        metrics={
            **OK, **latency(105), **tokens(), **COST, **STOP, **ATTEMPT_OK, **context(), **USERS,
            **m("llm_retrieval_latency_ms_count"), **m("llm_retrieval_latency_ms_sum", 20),
        },
        spans=[
            ("retrieval", {
                "llm.retrieval_ms": 20, "llm.retrieval.chunks": 3, "llm.retrieval.scores": (0.9, 0.8, 0.7), **SCOPE,
            }),
            chat(100, **ANSWERED, **{"llm.prompt_hash": PROMPT_HASH}),
            generate(105, **{"llm.queue_ms": 5, "llm.prompt_hash": PROMPT_HASH}),
        ],
        lines=[
            line(
                **ANSWERED_LINE, latency_ms=105, retrieval_ms=20, retrieval_chunks=3, prompt_hash=PROMPT_HASH,
                faithfulness_score=0.92, answer_relevance_score=0.81,
            )
        ],
    ),
    "streaming": Scenario(
        streaming,  # ttft: 40, the chunk with the role, and the first content
        metrics={
            **OK, **latency(100), **latency(60, name="llm_ttft_ms"), **tokens(), **COST, **STOP, **ATTEMPT_OK,
            **context(), **USERS,
        },
        spans=[
            chat(100, **ANSWERED, **{
                "gen_ai.request.model": "openai/gpt-4o", "llm.ttft_ms": 60, "gen_ai.response.time_to_first_chunk": 0.06,
            }),
            generate(100, **{"llm.ttft_ms": 60}),
        ],
        lines=[line(**ANSWERED_LINE, latency_ms=100, ttft_ms=60)],
    ),
    "hang-up": Scenario(
        hang_up,
        metrics={
            **m("llm_requests_total", status="cancelled"), **latency(20, name="llm_ttft_ms"),
            **m("llm_provider_attempts_total", outcome="cancelled"), **m("llm_usage_unknown_total"), **USERS,
        },
        spans=[
            chat(20, **{
                "gen_ai.response.model": "gpt-4o-2024-08-06", "llm.ttft_ms": 20,
                "gen_ai.response.time_to_first_chunk": 0.02,
            }),
            generate(20, "cancelled", **{"llm.ttft_ms": 20}),
        ],
        lines=[line(status="cancelled", latency_ms=20, ttft_ms=20, model_version="gpt-4o-2024-08-06")],
    ),
    "retry": Scenario(
        retry,
        metrics={
            **OK, **latency(130), **tokens(), **COST, **STOP, **ATTEMPT_OK, **context(), **USERS,
            **m("llm_provider_attempts_total", outcome="timeout"), **m("llm_retries_total", reason="timeout"),
        },
        spans=[chat(30, **failed("timeout")), chat(100, attempt=2, **ANSWERED), generate(130)],
        lines=[line(**ANSWERED_LINE, latency_ms=130, attempts=2)],
    ),
    "retry of a billed answer": Scenario(
        retry_of_a_billed_answer,
        metrics={
            **OK, **latency(200), **tokens(times=2), **context(times=2), **USERS, **ATTEMPT_OK,
            **m("llm_finish_reasons_total", 2, reason="stop"),
            **m("llm_cost_dollars_total", 2 * ANSWER_COST, cost_source="table"),
            **m("llm_retry_cost_dollars_total", ANSWER_COST),
            **m("llm_provider_attempts_total", outcome="validation_failed"),
            **m("llm_retries_total", reason="validation_failed"),
        },
        spans=[
            chat(100, **ANSWERED, **failed("validation_failed")), chat(100, attempt=2, **ANSWERED), generate(200),
        ],
        lines=[line(**{
            **ANSWERED_LINE, "input_tokens": 2 * 1847, "output_tokens": 2 * 312, "cost_usd": 2 * ANSWER_COST,
            "latency_ms": 200, "attempts": 2,
        })],
    ),
    "fallback": Scenario(
        fallback,
        metrics={
            **m("llm_requests_total", status="ok", model=MINI), **latency(130, MINI), **tokens(MINI), **context(MINI),
            **m("llm_cost_dollars_total", MINI_COST, cost_source="table", model=MINI), **USERS,
            **m("llm_finish_reasons_total", reason="stop", model=MINI),
            **m("llm_provider_attempts_total", outcome="ok", model=MINI),
            **m("llm_provider_attempts_total", outcome="connection"),
            **m("llm_fallbacks_total", from_model="gpt-4o", to_model=MINI, reason="connection"),
        },
        spans=[
            chat(30, **failed("connection")), chat(100, MINI, 2, **MINI_ANSWERED),
            generate(130, model=MINI, **{"llm.fallback_from": "gpt-4o"}),
        ],
        lines=[line(**{
            **ANSWERED_LINE, "cost_usd": pytest.approx(MINI_COST), "model": MINI, "latency_ms": 130, "attempts": 2,
            "fallback_from": "gpt-4o",
        })],
    ),
    "breaker open": Scenario(
        breaker_refused,
        metrics={
            **m("llm_requests_total", status="error"), **m("llm_errors_total", error_type="circuit_open"), **USERS,
        },
        spans=[generate(1, "error", **failed("circuit_open"))],
        lines=[line(level="error", status="error", error_type="circuit_open", latency_ms=1, attempts=0)],
    ),
    "breaker open, fallback": Scenario(
        breaker_fallback,
        metrics={
            **m("llm_requests_total", status="ok", model=MINI), **latency(100, MINI), **tokens(MINI), **context(MINI),
            **m("llm_cost_dollars_total", MINI_COST, cost_source="table", model=MINI), **USERS,
            **m("llm_finish_reasons_total", reason="stop", model=MINI),
            **m("llm_provider_attempts_total", outcome="ok", model=MINI),
            **m("llm_fallbacks_total", from_model="gpt-4o", to_model=MINI, reason="circuit_open"),
        },
        spans=[chat(100, MINI, **MINI_ANSWERED), generate(100, model=MINI, **{"llm.fallback_from": "gpt-4o"})],
        lines=[line(**{
            **ANSWERED_LINE, "cost_usd": pytest.approx(MINI_COST), "model": MINI, "latency_ms": 100,
            "fallback_from": "gpt-4o",
        })],
    ),
    "usage missing": Scenario(
        usage_missing,
        metrics={**OK, **latency(100), **STOP, **ATTEMPT_OK, **USERS, **m("llm_usage_unknown_total")},
        spans=[
            chat(100, **{"gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.response.finish_reasons": ("stop",)}),
            generate(100),
        ],
        lines=[line(latency_ms=100, model_version="gpt-4o-2024-08-06", finish_reason="stop")],
    ),
    "unpriced": Scenario(
        unpriced,  # llm_cost_dollars_total{cost_source="unpriced"} is there and 0: see test_unpriced_is_never_a_price
        metrics={
            **m("llm_requests_total", status="ok", model="acme-experimental-1"),
            **latency(100, "acme-experimental-1"), **tokens("acme-experimental-1"), **USERS,
            **m("llm_finish_reasons_total", reason="stop", model="acme-experimental-1"),
            **m("llm_provider_attempts_total", outcome="ok", model="acme-experimental-1"),
            **m("llm_unpriced_requests_total", model="acme-experimental-1"),
        },
        spans=[
            chat(100, "acme-experimental-1", **{
                **{name: value for name, value in ANSWERED.items() if name != "llm.cost_usd"},
                "llm.cost_source": "unpriced",
            }),
            generate(100, model="acme-experimental-1"),
        ],
        lines=[line(**{
            **ANSWERED_LINE, "model": "acme-experimental-1", "latency_ms": 100, "cost_usd": None,
            "cost_source": "unpriced",
        })],
    ),
    "reported cost": Scenario(
        reported,
        metrics={
            **OK, **latency(100), **tokens(), **context(), **ATTEMPT_OK, **USERS,
            **m("llm_cost_dollars_total", 0.02, cost_source="reported"),
        },
        spans=[chat(100, **USAGE, **{"llm.cost_usd": 0.02, "llm.cost_source": "reported"}), generate(100)],
        lines=[line(latency_ms=100, input_tokens=1847, output_tokens=312, cost_usd=0.02, cost_source="reported")],
    ),
    "content filter": Scenario(
        content_filter,
        metrics={
            **m("llm_requests_total", status="error"), **m("llm_errors_total", error_type="content_filter"),
            **tokens(), **COST, **context(), **USERS, **m("llm_finish_reasons_total", reason="content_filter"),
            **m("llm_provider_attempts_total", outcome="content_filter"),
            **m("llm_safety_violations_total", kind="content_filter"), **m("llm_retry_cost_dollars_total", ANSWER_COST),
        },
        spans=[
            chat(100, **{
                **ANSWERED, "gen_ai.response.finish_reasons": ("content_filter",), **failed("content_filter"),
            }),
            generate(100, "error", **failed("content_filter")),
        ],
        lines=[line(**{
            **ANSWERED_LINE, "latency_ms": 100, "finish_reason": "content_filter", "level": "error",
            "status": "error", "error_type": "content_filter",
        })],
    ),
    "embeddings": Scenario(
        embeddings,  # no generation: no llm_requests_total, no log line
        metrics={
            **m("llm_embedding_requests_total", model=EMBEDDING, status="ok"),
            **m("llm_embedding_requests_total", model=EMBEDDING, status="error"),
            **m("llm_provider_attempts_total", model=EMBEDDING, outcome="ok"),
            **m("llm_provider_attempts_total", model=EMBEDDING, outcome="timeout"),
            **m("llm_input_tokens_total", 50, model=EMBEDDING),
            **m("llm_cost_dollars_total", 50 * 0.02e-6, model=EMBEDDING, cost_source="table"),
        },
        spans=[
            (f"embeddings {EMBEDDING}", {
                "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai",
                "gen_ai.request.model": EMBEDDING, "gen_ai.response.model": EMBEDDING, "llm.model": EMBEDDING,
                "llm.latency_ms": 8, "gen_ai.usage.input_tokens": 50, "llm.input_tokens": 50,
                "gen_ai.usage.output_tokens": 0, "llm.output_tokens": 0, "gen_ai.usage.cache_read.input_tokens": 0,
                "llm.cost_usd": pytest.approx(50 * 0.02e-6), "llm.cost_source": "table", **SCOPE,
            }),
            (f"embeddings {EMBEDDING}", {
                "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai",
                "gen_ai.request.model": EMBEDDING, "llm.model": EMBEDDING, "llm.latency_ms": 8, **SCOPE,
                **failed("timeout"),
            }),
        ],
    ),
    "cache": Scenario(
        cache,  # no generation either, but an llm_call line of a hit
        metrics={
            **m("llm_cache_requests_total", result="hit"), **m("llm_cache_requests_total", result="miss"), **USERS,
        },
        lines=[line(
            latency_ms=1.235, input_tokens=0, output_tokens=0, cost_usd=0.0, cache_hit=True, attempts=0,
        )],
    ),
    "feedback": Scenario(
        feedback,
        metrics={**m("llm_feedback_total", value="down"), **m("llm_feedback_total", value="up", model="other")},
        lines=[
            line(event="llm_feedback", feedback="down", trace_id=TRACE, span_id=SPAN, cache_hit=None,
                 prompt_version=None, attempts=None, status=None),
            line(event="llm_feedback", feedback="up", trace_id=TRACE, model=None, cache_hit=None,
                 prompt_version=None, attempts=None, status=None),
        ],
    ),
    "evaluation": Scenario(
        evaluation,  # not in the evaluation worker: no llm_faithfulness_score, see test_telemetry_live
        metrics={
            **m("llm_eval_samples_total", 2, evaluator="ragas", result="scored"),
            **m("llm_eval_samples_total", evaluator="ragas", result="failed"),
            **m("llm_eval_cost_dollars_total", 0.003, evaluator="ragas", model=MINI),
            **m("llm_eval_score_count", 2, metric="faithfulness"),
            **m("llm_eval_score_sum", 1.1, metric="faithfulness"),
            **m("llm_eval_score_count", metric="answer_relevance"),
            **m("llm_eval_score_sum", 0.8, metric="answer_relevance"),
            **m("llm_errors_total", error_type="hallucination"),
        },
        lines=[
            line(
                event="llm_evaluation", evaluator="ragas", user_id=None, cache_hit=None, attempts=None, status=None,
                trace_id=TRACE, span_id=SPAN, **fields,
            )
            for fields in (
                {"faithfulness_score": 0.9, "answer_relevance_score": 0.8, "prompt_version": None},
                {
                    "faithfulness_score": 0.2, "error_type": "hallucination", "level": "warning",
                    "prompt_version": "v6",
                },
                {"prompt_version": None},
            )
        ],
    ),
    "said in one call": Scenario(
        said_in_one_call,
        metrics={
            **m("llm_rejected_requests_total", reason="bad_input"),
            **m("llm_rejected_requests_total", reason="queue_full"),
            **m("llm_rejected_requests_total", reason="unauthorized"),
            **m("llm_safety_violations_total", kind="prompt_injection"), **m("llm_safety_violations_total", kind="pii"),
            **m("llm_queue_capacity", 32),
            **m("llm_circuit_breaker_state", 1), **m("llm_circuit_breaker_state", 2, model=MINI),
        },
    ),
    "overflow": Scenario(
        overflow,
        metrics={
            **m("llm_cache_requests_total", result="miss", endpoint="other"),
            **m("llm_label_overflow_total", label="endpoint"), **m("llm_label_overflow_total", label="tenant"),
        },
    ),
}  # fmt: skip

ELSEWHERE = {
    "llm_build_info": "set at the start: test_telemetry_live",
    "llm_price_table_timestamp_seconds": "set at the start: test_telemetry_prices",
    "llm_queue_depth": "0 at the end of every scenario: test_telemetry_live",
    "llm_in_flight_requests": "0 at the end of every scenario: test_telemetry_live",
    "llm_faithfulness_score": "set in the evaluation worker: test_telemetry_live",
    "llm_answer_relevance_score": "set in the evaluation worker: test_telemetry_live",
    "llm_telemetry_failures_total": "never in a scenario that works: test_telemetry_failures",
    "llm_quality_weekly_score": "set by the weekly report",
    "llm_quality_weekly_samples": "set by the weekly report",
    "llm_quality_weekly_change_ratio": "set by the weekly report",
}


@pytest.fixture(params=SIGNAL_MATRIX)
def scenario(request: pytest.FixtureRequest, seen: Seen, clock: Clock) -> Scenario:
    found = SIGNAL_MATRIX[request.param]
    with lt.request_context(**WHO):
        found.act(clock)
    return found


def test_series(scenario: Scenario, seen: Seen) -> None:
    assert seen.changed() == pytest.approx(scenario.metrics)


def test_spans(scenario: Scenario, seen: Seen) -> None:
    spans = seen.spans()
    assert [span.name for span in spans] == [name for name, _ in scenario.spans]
    for span, (_, expected) in zip(spans, scenario.spans, strict=True):
        attributes = dict(span.attributes or {})
        for name, value in expected.items():  # pytest.approx takes no mapping of strings and numbers
            if isinstance(value, float):
                expected = {**expected, name: pytest.approx(value)}
        assert attributes == {k: pytest.approx(v) if isinstance(v, int | float) else v for k, v in expected.items()}
        assert span.status.is_ok is ("error.type" not in expected)
        assert span.status.description == expected.get("error.type")
        assert span.kind.name == ("CLIENT" if "gen_ai.operation.name" in expected else "INTERNAL")
        assert not span.events, "an exception's message may quote the prompt"


def test_lines(scenario: Scenario, seen: Seen) -> None:
    lines = seen.lines()
    assert len(lines) == len(scenario.lines)
    generates = seen.spans("generate")
    for index, (written, expected) in enumerate(zip(lines, scenario.lines, strict=True)):
        if index < len(generates):
            context = generates[index].get_span_context()
            assert context
            expected = {**expected, "trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
        assert written.pop("timestamp").endswith("Z")
        expected = {name: value for name, value in expected.items() if name != "timestamp"}
        assert written == {k: pytest.approx(v) if isinstance(v, float) else v for k, v in expected.items()}


def test_records_say_what_the_lines_say(scenario: Scenario, seen: Seen) -> None:
    for record, written in zip(seen.records(), seen.lines(), strict=True):
        own = ("timestamp", "trace_id", "span_id") if written["span_id"] else ("timestamp",)
        present = {name: value for name, value in written.items() if value is not None and name not in own}
        assert dict(record.attributes) == present
        assert record.body == written["event"]
        assert record.severity_text == written["level"]
        assert record.severity_number.value == {"info": 9, "warning": 13, "error": 17}[written["level"]]
        assert f"{record.trace_id:032x}" == (written["trace_id"] or "0" * 32)
        assert f"{record.span_id:016x}" == (written["span_id"] or "0" * 16)


def test_attempts_are_children_of_their_generation(scenario: Scenario, seen: Seen) -> None:
    for generation in seen.spans("generate"):
        attempts = [span for span in seen.spans() if span.parent and span.parent.span_id == _id(generation)]
        assert [span.name for span in attempts] == [name for name, _ in scenario.spans if name.startswith("chat")]


def _id(span: Any) -> int:
    return int(span.get_span_context().span_id)


def test_the_matrix_has_every_metric() -> None:
    emitted = {
        name.split("{")[0].removesuffix("_count").removesuffix("_sum")
        for scenario in SIGNAL_MATRIX.values()
        for name in scenario.metrics
    }
    known = {metric.name for metric in names.METRICS}
    assert known - emitted == set(ELSEWHERE)
    assert emitted <= known


def test_the_matrix_has_every_field_of_the_log() -> None:
    told = {
        name
        for scenario in SIGNAL_MATRIX.values()
        for line in scenario.lines
        for name in line
        if line[name] is not None
    }
    assert set(names.LOG_FIELDS) - told - {"timestamp"} == set()


def test_exemplars_point_at_the_trace(seen: Seen, clock: Clock) -> None:
    with lt.request_context(**WHO):
        plain(clock)
        streaming(clock)
    lt.record_evaluation(
        evaluator="lexical", endpoint=ENDPOINT, model="gpt-4o", trace_id=TRACE, span_id=SPAN, faithfulness=0.9
    )
    exemplars: dict[str, set[str]] = {}
    for family in seen.registry.collect():
        for sample in family.samples:
            if sample.exemplar:
                found = f"{sample.exemplar.labels['trace_id']} {sample.exemplar.labels['span_id']}"
                exemplars.setdefault(family.name, set()).add(found)
    expected: dict[str, set[str]] = {}
    for span in seen.spans():
        context = span.get_span_context()
        assert context
        expected.setdefault(span.name, set()).add(f"{context.trace_id:032x} {context.span_id:016x}")
    assert exemplars["llm_latency_ms"] <= expected["generate"]
    assert exemplars["llm_ttft_ms"] <= expected["generate"]
    assert exemplars["llm_retrieval_latency_ms"] == expected["retrieval"]
    assert exemplars["llm_context_utilisation_ratio"] <= expected["chat gpt-4o"]
    assert exemplars["llm_eval_score"] == {f"{TRACE} {SPAN}"}


def test_timestamps_are_rfc_3339_in_milliseconds(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_795_562_109_007_999_999)
    lt.record_cache(True, endpoint=ENDPOINT)
    assert seen.line()["timestamp"] == "2026-11-24T23:15:09.007Z"
    assert seen.records()[0].timestamp == 1_795_562_109_007_999_999


def test_a_trace_that_nobody_keeps_is_no_exemplar(seen: Seen) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    seen.configure().tracer = TracerProvider(sampler=ALWAYS_OFF).get_tracer("unsampled")
    with lt.request_context(**WHO), lt.observe_llm_call("gpt-4o", provider="openai"):
        pass
    assert all(not sample.exemplar for family in seen.registry.collect() for sample in family.samples)
    assert seen.line()["trace_id"]  # the log line still finds other lines of the request
