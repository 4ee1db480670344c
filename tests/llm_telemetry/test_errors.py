# ruff: noqa: PT012, SIM117 - blocks inside blocks are what is tested
"""Which error type an exception is, and what becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx2
import openai
import pytest
from telemetry_seen import ENDPOINT, WHO, Seen

import llm_telemetry as lt
from llm_telemetry import names
from llm_telemetry.errors import error_type

REQUEST = httpx2.Request("POST", "http://mock/v1/chat/completions")


def status_error(kind: type[openai.APIStatusError], status: int, body: Any = None) -> openai.APIStatusError:
    return kind("as it says", response=httpx2.Response(status, request=REQUEST), body=body)


class Stated(Exception):
    def __init__(self, llm_error_type: object) -> None:
        self.llm_error_type = llm_error_type


class WithResponse(Exception):
    """As httpx's HTTPStatusError."""

    def __init__(self, status: int) -> None:
        self.response = httpx2.Response(status)


FILTERED = {"code": "content_filter", "message": "blocked"}
ERRORS: list[tuple[BaseException, str]] = [
    (status_error(openai.RateLimitError, 429), "rate_limit"),
    (status_error(openai.InternalServerError, 500), "server_error"),
    (status_error(openai.InternalServerError, 503), "server_error"),
    (status_error(openai.APIStatusError, 504), "timeout"),
    (status_error(openai.APIStatusError, 408), "timeout"),
    (status_error(openai.ConflictError, 409), "server_error"),
    (status_error(openai.BadRequestError, 400), "invalid_request"),
    (status_error(openai.AuthenticationError, 401), "invalid_request"),
    (status_error(openai.NotFoundError, 404), "invalid_request"),
    (status_error(openai.UnprocessableEntityError, 422), "invalid_request"),
    (status_error(openai.BadRequestError, 400, FILTERED), "content_filter"),
    (openai.APITimeoutError(REQUEST), "timeout"),
    (openai.APIConnectionError(request=REQUEST), "connection"),
    (openai.APIError("in a stream", REQUEST, body={"type": "server_error"}), "server_error"),
    (openai.APIError("in a stream", REQUEST, body={"code": "rate_limit_exceeded"}), "rate_limit"),
    (openai.APIResponseValidationError(httpx2.Response(200, request=REQUEST), None), "server_error"),
    (openai.ContentFilterFinishReasonError(), "content_filter"),
    (WithResponse(429), "rate_limit"),
    (httpx2.ReadTimeout("slow"), "timeout"),
    (httpx2.ConnectError("gone"), "connection"),
    (httpx2.RemoteProtocolError("truncated"), "connection"),
    (TimeoutError(), "timeout"),
    (TimeoutError(), "timeout"),
    (TimeoutError(), "timeout"),
    (ConnectionResetError(), "connection"),
    (Stated("prompt_injection"), "prompt_injection"),
    (Stated("no such type"), "other"),
    (Stated(7), "other"),
    (ValueError("the application's own"), "other"),
]


@pytest.mark.parametrize(("error", "expected"), ERRORS, ids=lambda value: getattr(type(value), "__name__", value))
def test_error_types(error: BaseException, expected: str, seen: Seen) -> None:
    assert error_type(error) == expected
    with pytest.raises(type(error)) as raised, lt.request_context(**WHO):
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            raise error
    assert raised.value is error
    assert seen.value("llm_errors_total", error_type=expected) == 1
    assert seen.value("llm_requests_total", status="error") == 1
    assert seen.value("llm_provider_attempts_total", outcome=expected) == 1
    assert seen.value("llm_latency_ms_count") in (None, 0)
    for name in ("chat gpt-4o", "generate"):
        assert (seen.span(name).attributes or {})["error.type"] == expected
        assert seen.span(name).status.description == expected
    assert seen.line()["error_type"] == expected
    violations = seen.value("llm_safety_violations_total", kind="content_filter")
    assert violations == (1 if expected == "content_filter" else 0)


@pytest.mark.parametrize("reason", [*names.ERROR_TYPES, "no such type"])
def test_the_application_says_that_an_answer_is_of_no_use(reason: str, seen: Seen) -> None:
    expected = reason if reason in names.ERROR_TYPES else "other"
    with lt.request_context(**WHO):
        with lt.observe_llm_call("gpt-4o", provider="openai") as call:
            call.fail(reason)
        with lt.observe_generation("gpt-4o") as generation:
            generation.fail(reason)
    assert seen.value("llm_errors_total", error_type=expected) == 2


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(), GeneratorExit()])
def test_who_goes_away_is_no_error(error: BaseException, seen: Seen) -> None:
    with pytest.raises(type(error)), lt.request_context(**WHO), lt.observe_retrieval():
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            raise error
    assert seen.value("llm_requests_total", status="cancelled") == 1
    assert all("llm_errors_total" not in name for name in seen.changed())
    assert all(span.status.is_ok for span in seen.spans())


class RetriesExhausted(Exception):
    """As tenacity's RetryError: says nothing about what happened."""


def test_a_retry_librarys_exception_says_less_than_the_attempt(seen: Seen) -> None:
    with pytest.raises(RetriesExhausted), lt.request_context(**WHO), lt.observe_generation("gpt-4o"):
        try:
            with lt.observe_llm_call("gpt-4o", provider="openai"):
                raise status_error(openai.RateLimitError, 429)
        except openai.RateLimitError as error:
            raise RetriesExhausted from error
    assert seen.value("llm_errors_total", error_type="rate_limit") == 1


def test_a_breakers_exception_says_less_than_the_refusal(seen: Seen) -> None:
    with pytest.raises(RetriesExhausted), lt.request_context(**WHO), lt.observe_generation() as generation:
        generation.refused("gpt-4o", "circuit_open")
        raise RetriesExhausted
    assert seen.value("llm_errors_total", error_type="circuit_open") == 1


def test_an_exception_after_a_good_answer_is_the_applications(seen: Seen) -> None:
    with pytest.raises(ValueError, match="mine"), lt.request_context(**WHO), lt.observe_generation("gpt-4o"):
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass
        raise ValueError("mine")
    assert seen.value("llm_errors_total", error_type="other") == 1
    assert seen.value("llm_provider_attempts_total", outcome="ok") == 1


def test_a_retrieval_that_fails_has_no_latency(seen: Seen) -> None:
    with pytest.raises(ConnectionError), lt.observe_retrieval(endpoint=ENDPOINT):
        raise ConnectionError
    assert seen.value("llm_retrieval_latency_ms_count") in (None, 0)
    assert seen.span("retrieval").status.description == "connection"


def test_what_is_refused_has_a_bounded_reason(seen: Seen) -> None:
    with lt.observe_generation("gpt-4o") as generation:
        generation.refused("gpt-4o", "whatever the user wrote")
    assert (seen.span("generate").attributes or {})["error.type"] == "other"


def test_a_fallback_that_is_refused_is_no_fallback(seen: Seen) -> None:
    with contextlib.suppress(TimeoutError), lt.observe_generation("gpt-4o") as generation:
        with contextlib.suppress(TimeoutError), lt.observe_llm_call("gpt-4o", provider="openai"):
            raise TimeoutError
        generation.refused("gpt-4o-mini")
        raise TimeoutError
    assert generation.model == "gpt-4o"
    assert generation.fallback_from is None


def test_the_wanted_model_that_is_passed_over_is_what_a_fallback_is_from(seen: Seen) -> None:
    with lt.observe_generation("gpt-4o") as generation:
        generation.refused("gpt-4o")
        with lt.observe_llm_call("gpt-4o-mini", provider="openai"):
            pass
    assert generation.model == "gpt-4o-mini"
    assert generation.fallback_from == "gpt-4o"
