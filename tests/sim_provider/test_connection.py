"""Without a server, the app answers, and a broken connection is an exception."""

import json

import httpx
import pytest
from sim_live import CHAT_REQUEST, last_entry


async def test_the_app_answers_and_streams_without_a_server(in_process: httpx.AsyncClient) -> None:
    whole = (await in_process.post("/v1/chat/completions", json=CHAT_REQUEST)).json()
    assert whole["usage"]["completion_tokens"] == (await last_entry(in_process))["completion_tokens"]
    streamed = await in_process.post("/v1/chat/completions", json=CHAT_REQUEST | {"stream": True})
    events = streamed.text.removesuffix("\n\n").split("\n\n")
    assert events[-1] == "data: [DONE]"
    assert all(json.loads(event.removeprefix("data: "))["object"] == "chat.completion.chunk" for event in events[:-1])
    assert (await last_entry(in_process))["outcome"] == "ok"


@pytest.mark.parametrize(
    ("fault", "outcome"), [("connection_reset", "connection_reset"), ("truncated_stream", "truncated")]
)
async def test_a_broken_connection_raises_connection_reset_error(
    in_process: httpx.AsyncClient, fault: str, outcome: str
) -> None:
    await in_process.put(f"/admin/faults/{fault}", json={"duration_s": 60})
    with pytest.raises(ConnectionResetError):
        await in_process.post("/v1/chat/completions", json=CHAT_REQUEST)
    assert (await last_entry(in_process))["outcome"] == outcome
