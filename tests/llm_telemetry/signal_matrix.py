"""The signal matrix: scenarios, and every series, span and log line that each of them must emit.

Whatever a scenario does not list must be absent: a series is 0, a span attribute is unset, a log field is null.
Times come from a clock that the scenario moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from recorded_telemetry import ANSWER, ANSWER_COST, ENDPOINT, SPAN_ID, TRACE_ID, Clock, chunks
from signal_expectations import (
    ANSWERED,
    ANSWERED_LINE,
    MINI,
    MINI_COST,
    PROMPT,
    PROMPT_HASH,
    SCOPE,
    USAGE,
    USERS,
    chat,
    context,
    failed,
    generate,
    latency,
    line,
    sample,
    tokens,
)

import llm_telemetry as lt
from llm_telemetry import names


@dataclass
class Scenario:
    """An action, and everything that it must emit."""

    act: Callable[[Clock], None]
    metrics: dict[str, float]
    spans: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)


def attempt(clock: Clock, ms: float, model: str = "gpt-4o", answer: Any = ANSWER, fail: str | None = None) -> None:
    """One attempt that takes `ms` milliseconds and gets an answer."""
    with lt.observe_llm_call(model, provider="openai") as call:
        clock.ms(ms)
        call.record_response(answer)
        if fail:
            call.fail(fail)


def failing_attempt(clock: Clock, ms: float, error: BaseException, model: str = "gpt-4o") -> None:
    """One attempt that takes `ms` milliseconds and raises."""
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
    lt.record_feedback("down", trace_id=TRACE_ID, span_id=SPAN_ID, model="gpt-4o")
    lt.record_feedback("up", trace_id=TRACE_ID)


def evaluation(clock: Clock) -> None:
    answer: dict[str, Any] = {
        "evaluator": "ragas",
        "endpoint": ENDPOINT,
        "model": "gpt-4o",
        "trace_id": TRACE_ID,
        "span_id": SPAN_ID,
    }
    lt.record_evaluation(**answer, faithfulness=0.9, answer_relevance=0.8, judge_model=MINI, judge_cost_usd=0.003)
    lt.record_evaluation(**answer, faithfulness=0.2, hallucinated=True, tenant_id="acme", prompt_version="v6")
    lt.record_evaluation(**answer, result="failed")


def application_events(clock: Clock) -> None:
    for reason in names.REJECTION_REASONS:
        lt.record_rejection(reason)
    lt.record_safety_violation("prompt_injection")
    lt.record_safety_violation("pii")
    lt.set_queue_capacity(32, endpoint=ENDPOINT)
    lt.register_breaker("openai", "gpt-4o", lambda: names.BREAKER_HALF_OPEN)
    lt.register_breaker("openai", MINI, lambda: names.BREAKER_OPEN)


def overflow(clock: Clock) -> None:
    lt.record_cache(False, endpoint="/not/configured", tenant_id="nobody-we-know")


ATTEMPT_OK = sample("llm_provider_attempts_total", outcome="ok")


STOP = sample("llm_finish_reasons_total", reason="stop")


OK = sample("llm_requests_total", status="ok")


COST = sample("llm_cost_dollars_total", ANSWER_COST, cost_source="table")


MINI_ANSWERED = {**ANSWERED, "llm.cost_usd": pytest.approx(MINI_COST)}


EMBEDDING = "text-embedding-3-small"


SIGNAL_MATRIX = {
    "plain": Scenario(
        plain,
        metrics={
            **OK, **latency(105), **tokens(), **COST, **STOP, **ATTEMPT_OK, **context(), **USERS,
            **sample("llm_retrieval_latency_ms_count"), **sample("llm_retrieval_latency_ms_sum", 20),
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
        streaming,  # TTFT 60 ms: 40 ms, the chunk with the role, the first content
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
            **sample("llm_requests_total", status="cancelled"), **latency(20, name="llm_ttft_ms"),
            **sample("llm_provider_attempts_total", outcome="cancelled"), **sample("llm_usage_unknown_total"), **USERS,
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
            **sample("llm_provider_attempts_total", outcome="timeout"), **sample("llm_retries_total", reason="timeout"),
        },
        spans=[chat(30, **failed("timeout")), chat(100, attempt=2, **ANSWERED), generate(130)],
        lines=[line(**ANSWERED_LINE, latency_ms=130, attempts=2)],
    ),
    "retry of a billed answer": Scenario(
        retry_of_a_billed_answer,
        metrics={
            **OK, **latency(200), **tokens(times=2), **context(times=2), **USERS, **ATTEMPT_OK,
            **sample("llm_finish_reasons_total", 2, reason="stop"),
            **sample("llm_cost_dollars_total", 2 * ANSWER_COST, cost_source="table"),
            **sample("llm_retry_cost_dollars_total", ANSWER_COST),
            **sample("llm_provider_attempts_total", outcome="validation_failed"),
            **sample("llm_retries_total", reason="validation_failed"),
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
            **sample("llm_requests_total", status="ok", model=MINI),
            **latency(130, MINI),
            **tokens(MINI),
            **context(MINI),
            **sample("llm_cost_dollars_total", MINI_COST, cost_source="table", model=MINI), **USERS,
            **sample("llm_finish_reasons_total", reason="stop", model=MINI),
            **sample("llm_provider_attempts_total", outcome="ok", model=MINI),
            **sample("llm_provider_attempts_total", outcome="connection"),
            **sample("llm_fallbacks_total", from_model="gpt-4o", to_model=MINI, reason="connection"),
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
            **sample("llm_requests_total", status="error"),
            **sample("llm_errors_total", error_type="circuit_open"),
            **USERS,
        },
        spans=[generate(1, "error", **failed("circuit_open"))],
        lines=[line(level="error", status="error", error_type="circuit_open", latency_ms=1, attempts=0)],
    ),
    "breaker open, fallback": Scenario(
        breaker_fallback,
        metrics={
            **sample("llm_requests_total", status="ok", model=MINI),
            **latency(100, MINI),
            **tokens(MINI),
            **context(MINI),
            **sample("llm_cost_dollars_total", MINI_COST, cost_source="table", model=MINI), **USERS,
            **sample("llm_finish_reasons_total", reason="stop", model=MINI),
            **sample("llm_provider_attempts_total", outcome="ok", model=MINI),
            **sample("llm_fallbacks_total", from_model="gpt-4o", to_model=MINI, reason="circuit_open"),
        },
        spans=[chat(100, MINI, **MINI_ANSWERED), generate(100, model=MINI, **{"llm.fallback_from": "gpt-4o"})],
        lines=[line(**{
            **ANSWERED_LINE, "cost_usd": pytest.approx(MINI_COST), "model": MINI, "latency_ms": 100,
            "fallback_from": "gpt-4o",
        })],
    ),
    "usage missing": Scenario(
        usage_missing,
        metrics={**OK, **latency(100), **STOP, **ATTEMPT_OK, **USERS, **sample("llm_usage_unknown_total")},
        spans=[
            chat(100, **{"gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.response.finish_reasons": ("stop",)}),
            generate(100),
        ],
        lines=[line(latency_ms=100, model_version="gpt-4o-2024-08-06", finish_reason="stop")],
    ),
    "unpriced": Scenario(
        unpriced,  # llm_cost_dollars_total{cost_source="unpriced"} is there and 0: see test_prices.py
        metrics={
            **sample("llm_requests_total", status="ok", model="acme-experimental-1"),
            **latency(100, "acme-experimental-1"), **tokens("acme-experimental-1"), **USERS,
            **sample("llm_finish_reasons_total", reason="stop", model="acme-experimental-1"),
            **sample("llm_provider_attempts_total", outcome="ok", model="acme-experimental-1"),
            **sample("llm_unpriced_requests_total", model="acme-experimental-1"),
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
            **sample("llm_cost_dollars_total", 0.02, cost_source="reported"),
        },
        spans=[chat(100, **USAGE, **{"llm.cost_usd": 0.02, "llm.cost_source": "reported"}), generate(100)],
        lines=[line(latency_ms=100, input_tokens=1847, output_tokens=312, cost_usd=0.02, cost_source="reported")],
    ),
    "content filter": Scenario(
        content_filter,
        metrics={
            **sample("llm_requests_total", status="error"), **sample("llm_errors_total", error_type="content_filter"),
            **tokens(), **COST, **context(), **USERS, **sample("llm_finish_reasons_total", reason="content_filter"),
            **sample("llm_provider_attempts_total", outcome="content_filter"),
            **sample("llm_safety_violations_total", kind="content_filter"),
            **sample("llm_retry_cost_dollars_total", ANSWER_COST),
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
        embeddings,  # not a generation: no llm_requests_total, no log line
        metrics={
            **sample("llm_embedding_requests_total", model=EMBEDDING, status="ok"),
            **sample("llm_embedding_requests_total", model=EMBEDDING, status="error"),
            **sample("llm_provider_attempts_total", model=EMBEDDING, outcome="ok"),
            **sample("llm_provider_attempts_total", model=EMBEDDING, outcome="timeout"),
            **sample("llm_input_tokens_total", 50, model=EMBEDDING),
            **sample("llm_cost_dollars_total", 50 * 0.02e-6, model=EMBEDDING, cost_source="table"),
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
        cache,  # not a generation, but a hit has an llm_call line
        metrics={
            **sample("llm_cache_requests_total", result="hit"),
            **sample("llm_cache_requests_total", result="miss"),
            **USERS,
        },
        lines=[line(
            latency_ms=1.235, input_tokens=0, output_tokens=0, cost_usd=0.0, cache_hit=True, attempts=0,
        )],
    ),
    "feedback": Scenario(
        feedback,
        metrics={
            **sample("llm_feedback_total", value="down"),
            **sample("llm_feedback_total", value="up", model="other"),
        },
        lines=[
            line(event="llm_feedback", feedback="down", trace_id=TRACE_ID, span_id=SPAN_ID, cache_hit=None,
                 prompt_version=None, attempts=None, status=None),
            line(event="llm_feedback", feedback="up", trace_id=TRACE_ID, model=None, cache_hit=None,
                 prompt_version=None, attempts=None, status=None),
        ],
    ),
    "evaluation": Scenario(
        evaluation,  # not in the evaluation worker: no llm_faithfulness_score, see test_scrape_gauges.py
        metrics={
            **sample("llm_eval_samples_total", 2, evaluator="ragas", result="scored"),
            **sample("llm_eval_samples_total", evaluator="ragas", result="failed"),
            **sample("llm_eval_cost_dollars_total", 0.003, evaluator="ragas", model=MINI),
            **sample("llm_eval_score_count", 2, metric="faithfulness"),
            **sample("llm_eval_score_sum", 1.1, metric="faithfulness"),
            **sample("llm_eval_score_count", metric="answer_relevance"),
            **sample("llm_eval_score_sum", 0.8, metric="answer_relevance"),
            **sample("llm_errors_total", error_type="hallucination"),
        },
        lines=[
            line(
                event="llm_evaluation", evaluator="ragas", user_id=None, cache_hit=None, attempts=None, status=None,
                trace_id=TRACE_ID, span_id=SPAN_ID, **fields,
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
    "application events": Scenario(
        application_events,
        metrics={
            **sample("llm_rejected_requests_total", reason="bad_input"),
            **sample("llm_rejected_requests_total", reason="queue_full"),
            **sample("llm_rejected_requests_total", reason="unauthorized"),
            **sample("llm_safety_violations_total", kind="prompt_injection"),
            **sample("llm_safety_violations_total", kind="pii"),
            **sample("llm_queue_capacity", 32),
            **sample("llm_circuit_breaker_state", 1), **sample("llm_circuit_breaker_state", 2, model=MINI),
        },
    ),
    "overflow": Scenario(
        overflow,
        metrics={
            **sample("llm_cache_requests_total", result="miss", endpoint="other"),
            **sample("llm_label_overflow_total", label="endpoint"),
            **sample("llm_label_overflow_total", label="tenant"),
        },
    ),
}  # fmt: skip
