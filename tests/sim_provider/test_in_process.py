"""The app without a server below it, as other tests may call it, and what it does when it is itself at fault."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from sim_live import Live, ask

from sim_provider import chat
from sim_provider.app import create_app
from sim_provider.settings import Settings

ASK = {"model": "gpt-4o", "messages": ask()}


@pytest.fixture
async def inside() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(Settings(latency_scale=0)))
    async with httpx.AsyncClient(transport=transport, base_url="http://sim") as client:
        yield client


async def _last(client: httpx.AsyncClient) -> dict:
    page = (await client.get("/admin/ledger")).json()
    assert page["in_progress"] == 0
    return page["entries"][-1]


async def test_answers_and_streams(inside: httpx.AsyncClient) -> None:
    whole = (await inside.post("/v1/chat/completions", json=ASK)).json()
    assert whole["usage"]["completion_tokens"] == (await _last(inside))["completion_tokens"]
    streamed = await inside.post("/v1/chat/completions", json=ASK | {"stream": True})
    events = streamed.text.removesuffix("\n\n").split("\n\n")
    assert events[-1] == "data: [DONE]"
    assert all(json.loads(event.removeprefix("data: "))["object"] == "chat.completion.chunk" for event in events[:-1])
    assert (await _last(inside))["outcome"] == "ok"


@pytest.mark.parametrize(
    ("fault", "outcome"), [("connection_reset", "connection_reset"), ("truncated_stream", "truncated")]
)
async def test_broken_connections_are_raised(inside: httpx.AsyncClient, fault: str, outcome: str) -> None:
    await inside.put(f"/admin/faults/{fault}", json={"duration_s": 60})
    with pytest.raises(ConnectionResetError):
        await inside.post("/v1/chat/completions", json=ASK)
    assert (await _last(inside))["outcome"] == outcome


async def test_a_bug_of_ours_is_a_500_on_record(inside: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "compose_answer", lambda *_: 1 / 0)
    answer = await inside.post("/v1/chat/completions", json=ASK)
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "server_error"
    assert (await _last(inside))["outcome"] == "internal_error"


def test_a_bug_of_ours_midway_cuts_the_connection(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat.AnswerSender, "_usage", lambda _: 1 / 0)
    with pytest.raises(httpx.RemoteProtocolError):
        live.http.post(
            f"{live.url}/v1/chat/completions", json=ASK | {"stream": True, "stream_options": {"include_usage": True}}
        )
    assert live.entry()["outcome"] == "internal_error"
