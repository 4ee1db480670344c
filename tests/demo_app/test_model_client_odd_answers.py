"""Malformed answers of a provider become the right error type."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from demo_live import Provider, Start

WHOLE: dict[str, Any] = {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-11-20"}


CHUNK = WHOLE | {"object": "chat.completion.chunk"}


class FakeChatTransport(httpx2.AsyncBaseTransport):
    """Forwards embeddings and answers chats with `body`."""

    def __init__(self, body: bytes, content_type: str) -> None:
        self._body, self._type = body, content_type
        self._real = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/embeddings"):
            return await self._real.handle_async_request(request)
        return httpx2.Response(200, headers={"content-type": self._type}, content=self._body, request=request)


def choice(content: str | None, finish: str | None = "stop") -> dict[str, Any]:
    return {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content}}


def delta(content: str | None, finish: str | None = None) -> dict[str, Any]:
    return CHUNK | {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("answer", "error_type"),
    [
        (WHOLE | {"choices": []}, "validation_failed"),
        (WHOLE | {"choices": None}, "validation_failed"),
        (WHOLE | {"choices": [choice(None)]}, "validation_failed"),
        (WHOLE | {"choices": [choice("It is [9].")]}, "validation_failed"),
        (WHOLE | {"choices": [choice("It is", None)]}, "connection"),
        (WHOLE | {"choices": [choice("It is", "content_filter")]}, "content_filter"),
    ],
)
def test_malformed_answers_have_their_error_type(
    start: Start, provider: Provider, answer: dict[str, Any], error_type: str
) -> None:
    app = start(transport=FakeChatTransport(json.dumps(answer).encode(), "application/json"), max_attempts=1)
    assert app.ask().json()["error"]["type"] == error_type
    assert app.total("llm_errors_total", error_type=error_type) == app.total("llm_requests_total", status="error") == 1
    assert app.total("llm_telemetry_failures_total") == 0


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"{"])
def test_an_answer_that_is_not_json_is_an_error(start: Start, provider: Provider, body: bytes) -> None:
    app = start(transport=FakeChatTransport(body, "application/json"), max_attempts=1)
    answer = app.ask()
    assert answer.status_code >= 500
    assert answer.json()["error"]["hint"]
    assert app.total("llm_errors_total") == app.total("llm_requests_total", status="error") == 1


@pytest.mark.parametrize(
    ("chunks", "error_type", "text"),
    [
        ([], "connection", ""),
        ([CHUNK | {"choices": []}], "connection", ""),
        ([delta("It is [9]."), delta(None, "stop")], "validation_failed", "It is [9]."),
        ([delta("It is "), {"error": {"message": "Overloaded", "type": "server_error"}}], "server_error", "It is "),
        ([delta("It is "), {"error": {"message": "Wait", "code": "rate_limit_exceeded"}}], "rate_limit", "It is "),
    ],
)
def test_malformed_streams_have_their_error_type(
    start: Start, provider: Provider, chunks: list[Any], error_type: str, text: str
) -> None:
    body = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    app = start(transport=FakeChatTransport(body, "text/event-stream"), max_attempts=1)
    streamed = app.stream()
    assert streamed.one("error")["error"]["type"] == error_type
    assert streamed.text == text
    assert app.total("llm_errors_total", error_type=error_type) == app.total("llm_requests_total", status="error") == 1


def test_a_stream_without_usage_is_an_answer(start: Start, provider: Provider) -> None:
    chunks = [delta("It is "), CHUNK | {"choices": []}, delta("[1]."), delta(None, "stop")]
    body = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    streamed = start(transport=FakeChatTransport(body, "text/event-stream")).stream()
    assert (streamed.text, streamed.one("done")["usage"]) == ("It is [1].", None)
