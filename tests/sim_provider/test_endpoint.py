"""Whatever body is sent, the response is an answer or an error like OpenAI's, never status 500."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_live import Live

from sim_provider.app import create_app
from sim_provider.provider import Settings

APP = create_app(Settings(latency_scale=0))


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


_parts = st.fixed_dictionaries(
    {}, optional={"type": st.sampled_from(["text", "image_url", "x"]) | _values, "text": _values}
)


_messages = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "system", "assistant", "tool"]) | _values,
        "content": st.text(max_size=60) | st.lists(_parts, max_size=3) | _values,
        "name": _values,
        "tool_calls": _values,
    },
)


_chat_fields = ["stream", "n", "stop", "temperature", "top_p", "seed", "user", "tools", "max_tokens", "stream_options"]


_chat_fields += ["max_completion_tokens", "response_format", "presence_penalty", "frequency_penalty", "metadata"]
_chats = st.fixed_dictionaries(
    {"model": st.sampled_from(["gpt-4o", "gpt-4.1", "text-embedding-3-small"]) | _values},
    optional={"messages": st.lists(_messages, max_size=3) | _values, **dict.fromkeys(_chat_fields, _values)},
)


_embeddings = st.fixed_dictionaries(
    {"model": st.sampled_from(["text-embedding-3-small", "gpt-4o"]) | _values},
    optional={"input": _values, "encoding_format": _values, "dimensions": _values, "user": _values},
)


async def _post(path: str, body: bytes) -> tuple[int, bytes]:
    sent: list[dict[str, Any]] = []
    requests = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        return await asyncio.Future()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "root_path": ""}
    await APP(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def _check(path: str, body: bytes) -> None:
    status, answer = asyncio.run(_post(path, body))
    assert status in (200, 400, 403, 404), answer
    if status != 200:
        error = json.loads(answer)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]


@settings(max_examples=250, deadline=None)
@given(_chats | _values)
def test_no_chat_body_causes_an_internal_error(body: Any) -> None:
    _check("/v1/chat/completions", json.dumps(body).encode())


@settings(max_examples=150, deadline=None)
@given(_embeddings | _values)
def test_no_embedding_body_causes_an_internal_error(body: Any) -> None:
    _check("/v1/embeddings", json.dumps(body).encode())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_cause_an_internal_error(body: bytes) -> None:
    _check("/v1/chat/completions", body)


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 400), (b"", 400), (b"[]", 400), (b"\xff", 400), (b"{}", 400), (b" " * 10_000_000, 413), (b"[" * 5000, 400)],
    ids=["broken", "empty", "array", "not-utf8", "no-model", "10-MB", "deep"],
)
@pytest.mark.parametrize("path", ["chat/completions", "embeddings"])
def test_unreadable_bodies_are_refused_and_recorded(live: Live, path: str, content: bytes, status: int) -> None:
    answer = httpx.post(f"{live.url}/v1/{path}", content=content)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert live.entry()["http_status"] == status
