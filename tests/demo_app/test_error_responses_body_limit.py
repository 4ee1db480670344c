"""Bodies over the limit are refused, with or without a Content-Length; other bodies and protocols pass."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

from demo_live import (
    ANSWER,
    JSON,
    QUESTION,
    App,
    Provider,
    assert_rejected,
    assert_says_what_to_do,
)

from demo_app.app import create_app
from demo_app.error_responses import MAX_BODY_BYTES
from demo_app.settings import DemoSettings


def parts(size: int) -> Iterator[bytes]:
    yield b'{"question": "'
    for _ in range(size // 10_000):
        yield b"a" * 10_000
    yield b'"}'


def test_a_large_body_without_content_length_is_rejected(app: App, provider: Provider) -> None:
    answer = app.post(ANSWER, content=parts(1_000_000), headers=JSON)
    assert answer.status_code == 413
    assert str(MAX_BODY_BYTES) in assert_says_what_to_do(answer)["message"]
    assert_rejected(app, provider, ANSWER)


def test_a_small_body_without_content_length_is_accepted(app: App) -> None:
    body = json.dumps({"question": QUESTION}).encode()
    assert app.post(ANSWER, content=iter([body[:20], body[20:]]), headers=JSON).status_code == 200


def test_an_endless_body_is_rejected(app: App, provider: Provider) -> None:
    answer = app.post(ANSWER, content=parts(4_200_000), headers=JSON)
    assert answer.status_code == 413
    assert_rejected(app, provider, ANSWER)


def test_a_client_that_disconnects_within_its_body_is_not_counted(app: App, provider: Provider) -> None:
    host, port = app.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        head = f"POST {ANSWER} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n"
        client.sendall(head.encode() + b'{"question"')
    assert app.ask().status_code == 200
    assert app.total("llm_rejected_requests_total") == 0


async def test_other_protocols_pass_the_body_limit(provider: Provider, tmp_path: Any) -> None:
    """The body limit passes a WebSocket on; the router refuses it, because no route accepts one."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    app = create_app(DemoSettings(data_dir=tmp_path))
    scope = {"type": "websocket", "path": "/", "root_path": "", "headers": [], "query_string": b"", "subprotocols": []}
    await app(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
