"""Every exception maps to one error type, on all signals."""

# ruff: noqa: SIM117 - blocks inside blocks are what is tested
from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import openai
import pytest
from recorded_telemetry import CALLER, Recorded

import llm_telemetry as lt
from llm_telemetry.errors import error_type

REQUEST = httpx2.Request("POST", "http://mock/v1/chat/completions")


def status_error(kind: type[openai.APIStatusError], status: int, body: Any = None) -> openai.APIStatusError:
    return kind("as it says", response=httpx2.Response(status, request=REQUEST), body=body)


class Stated(Exception):
    def __init__(self, llm_error_type: object) -> None:
        self.llm_error_type = llm_error_type


class WithResponse(Exception):
    """Like httpx's HTTPStatusError."""

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
def test_an_exception_has_its_error_type_on_every_signal(
    error: BaseException, expected: str, recorded: Recorded
) -> None:
    assert error_type(error) == expected
    with pytest.raises(type(error)) as raised, lt.request_context(**CALLER):
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            raise error
    assert raised.value is error
    assert recorded.value("llm_errors_total", error_type=expected) == 1
    assert recorded.value("llm_requests_total", status="error") == 1
    assert recorded.value("llm_provider_attempts_total", outcome=expected) == 1
    assert recorded.value("llm_latency_ms_count") in (None, 0)
    for name in ("chat gpt-4o", "generate"):
        assert (recorded.span(name).attributes or {})["error.type"] == expected
        assert recorded.span(name).status.description == expected
    assert recorded.line()["error_type"] == expected
    violations = recorded.value("llm_safety_violations_total", kind="content_filter")
    assert violations == (1 if expected == "content_filter" else 0)


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(), GeneratorExit()])
def test_a_caller_that_goes_away_is_cancelled_and_not_an_error(error: BaseException, recorded: Recorded) -> None:
    with pytest.raises(type(error)), lt.request_context(**CALLER), lt.observe_retrieval():
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            raise error
    assert recorded.value("llm_requests_total", status="cancelled") == 1
    assert all("llm_errors_total" not in name for name in recorded.changed())
    assert all(span.status.is_ok for span in recorded.spans())
