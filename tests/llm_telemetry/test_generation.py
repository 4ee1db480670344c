"""A generation counts its queueing, attempts, refusals, fallbacks and errors once."""

# ruff: noqa: PT012, SIM117 - blocks inside blocks are what is tested
from __future__ import annotations

import contextlib
from typing import Any

import httpx2
import openai
import pytest
from recorded_telemetry import CALLER, Recorded

import llm_telemetry as lt
from llm_telemetry import names


def test_queued_and_in_flight_generations_are_counted(recorded: Recorded) -> None:
    def now() -> tuple[Any, Any]:
        return recorded.value("llm_queue_depth"), recorded.value("llm_in_flight_requests")

    assert now() == (0, 0)
    with lt.request_context(**CALLER):
        with lt.observe_generation("gpt-4o") as generation:
            assert now() == (0, 1)
            with generation.queueing():
                assert now() == (1, 0)
            assert now() == (0, 1)
            with pytest.raises(TimeoutError), generation.queueing():
                raise TimeoutError
            assert now() == (0, 1)
        assert now() == (0, 0)


def test_a_task_that_outlives_its_generation_starts_a_new_one(recorded: Recorded) -> None:
    import contextvars

    with lt.request_context(**CALLER), lt.observe_generation("gpt-4o"):
        inside = contextvars.copy_context()
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass

    def later() -> None:
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass

    inside.run(later)
    assert recorded.value("llm_requests_total", status="ok") == 2
    assert all(value != 1 for name, value in recorded.changed().items() if name.startswith("llm_retries"))


def test_nested_generations_both_count(recorded: Recorded) -> None:
    with lt.request_context(**CALLER), lt.observe_generation("gpt-4o") as outer:
        with lt.observe_generation("gpt-4o-mini") as inner:
            with lt.observe_llm_call("gpt-4o-mini", provider="openai"):
                pass
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass
    assert (outer.attempts, inner.attempts) == (1, 1)
    assert recorded.value("llm_requests_total", status="ok") == 1
    assert recorded.value("llm_requests_total", status="ok", model="gpt-4o-mini") == 1
    inner_line, outer_line = recorded.lines()
    assert inner_line["trace_id"] == outer_line["trace_id"]
    assert inner_line["span_id"] != outer_line["span_id"]


def test_one_attempt_without_a_price_makes_the_cost_unknown(recorded: Recorded) -> None:
    with lt.request_context(**CALLER), lt.observe_generation("gpt-4o") as generation:
        for model in ("gpt-4o", "acme-experimental-1"):
            with lt.observe_llm_call(model, provider="openai") as call:
                call.record_usage(1_000)
    assert generation.cost == lt.Cost(None, "unpriced")
    assert recorded.line()["cost_usd"] is None
    assert recorded.line()["input_tokens"] == 2_000
    assert recorded.value("llm_cost_dollars_total", cost_source="table") == pytest.approx(0.0025)


def test_attempts_may_overlap(recorded: Recorded) -> None:
    """A hedged request: the second attempt begins before the first has ended."""
    with lt.request_context(**CALLER), lt.observe_generation("gpt-4o") as generation:
        first, second = (lt.observe_llm_call("gpt-4o", provider="openai") for _ in range(2))
        first.begin()
        first.detach()
        second.begin()
        second.record_usage(10)
        second.end()
        first.end(TimeoutError())
    assert generation.attempts == 2
    assert recorded.value("llm_retries_total", reason="other") == 1
    assert recorded.value("llm_requests_total", status="ok") == 1


@pytest.mark.parametrize("reason", [*names.ERROR_TYPES, "no such type"])
def test_fail_records_an_error_type(reason: str, recorded: Recorded) -> None:
    expected = reason if reason in names.ERROR_TYPES else "other"
    with lt.request_context(**CALLER):
        with lt.observe_llm_call("gpt-4o", provider="openai") as call:
            call.fail(reason)
        with lt.observe_generation("gpt-4o") as generation:
            generation.fail(reason)
    assert recorded.value("llm_errors_total", error_type=expected) == 2


def status_error(kind: type[openai.APIStatusError], status: int, body: Any = None) -> openai.APIStatusError:
    return kind("as it says", response=httpx2.Response(status, request=REQUEST), body=body)


REQUEST = httpx2.Request("POST", "http://mock/v1/chat/completions")


class RetriesExhausted(Exception):
    """Like tenacity's RetryError: it does not tell what happened."""


def test_the_last_attempt_explains_the_exception_of_a_retry_library(recorded: Recorded) -> None:
    with pytest.raises(RetriesExhausted), lt.request_context(**CALLER), lt.observe_generation("gpt-4o"):
        try:
            with lt.observe_llm_call("gpt-4o", provider="openai"):
                raise status_error(openai.RateLimitError, 429)
        except openai.RateLimitError as error:
            raise RetriesExhausted from error
    assert recorded.value("llm_errors_total", error_type="rate_limit") == 1


def test_the_refusal_explains_the_exception_of_a_circuit_breaker(recorded: Recorded) -> None:
    with pytest.raises(RetriesExhausted), lt.request_context(**CALLER), lt.observe_generation() as generation:
        generation.refused("gpt-4o", "circuit_open")
        raise RetriesExhausted
    assert recorded.value("llm_errors_total", error_type="circuit_open") == 1


def test_an_exception_after_a_good_answer_is_other(recorded: Recorded) -> None:
    with pytest.raises(ValueError, match="mine"), lt.request_context(**CALLER), lt.observe_generation("gpt-4o"):
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass
        raise ValueError("mine")
    assert recorded.value("llm_errors_total", error_type="other") == 1
    assert recorded.value("llm_provider_attempts_total", outcome="ok") == 1


def test_an_unknown_refusal_reason_is_other(recorded: Recorded) -> None:
    with lt.observe_generation("gpt-4o") as generation:
        generation.refused("gpt-4o", "whatever the user wrote")
    assert (recorded.span("generate").attributes or {})["error.type"] == "other"


def test_a_refused_fallback_is_not_a_fallback(recorded: Recorded) -> None:
    with contextlib.suppress(TimeoutError), lt.observe_generation("gpt-4o") as generation:
        with contextlib.suppress(TimeoutError), lt.observe_llm_call("gpt-4o", provider="openai"):
            raise TimeoutError
        generation.refused("gpt-4o-mini")
        raise TimeoutError
    assert generation.model == "gpt-4o"
    assert generation.fallback_from is None


def test_fallback_from_is_the_model_that_was_refused_first(recorded: Recorded) -> None:
    with lt.observe_generation("gpt-4o") as generation:
        generation.refused("gpt-4o")
        with lt.observe_llm_call("gpt-4o-mini", provider="openai"):
            pass
    assert generation.model == "gpt-4o-mini"
    assert generation.fallback_from == "gpt-4o"
