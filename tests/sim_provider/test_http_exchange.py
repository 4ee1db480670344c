"""Every request leaves one consistent ledger entry, whenever the client or the app fails."""

import random
import socket

import httpx
import pytest
from openai import OpenAI
from raw_client import hang_up, open_chat, read_until
from sim_live import CHAT_REQUEST, Live, ask, last_entry

from sim_provider import chat

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    "header", ["", "nonsense", "ff-" + TRACEPARENT[3:], "00-" + "0" * 32 + "-b7ad6b7169203331-01", TRACEPARENT.upper()]
)
def test_an_invalid_traceparent_is_ignored(client: OpenAI, live: Live, header: str) -> None:
    client.chat.completions.create(model="gpt-4o", messages=ask(), extra_headers={"traceparent": header})
    assert (live.entry()["trace_id"], live.entry()["span_id"]) == (None, None)


def test_the_entry_is_there_as_soon_as_the_response_is(client: OpenAI, live: Live) -> None:
    for number in range(1, 31):
        client.chat.completions.create(model="gpt-4o", messages=ask())
        assert live.admin("GET", "/ledger/totals").json()["all"]["requests"] == number


@pytest.mark.parametrize("reset", [False, True])
def test_hang_up_in_a_stream_is_client_gone(start, reset: bool) -> None:
    live = start(latency_scale=0.05)
    # So long that the stream would take minutes if the client did not close it.
    live.fault("verbosity", factor=50)
    live.fault("latency", multiplier=20)
    connection = open_chat(live, stream_options={"include_usage": True})
    received = read_until(connection, b'"delta":{"content"', 5)
    hang_up(connection, reset=reset)
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"]) == ("client_gone", 200)
    assert (entry["usage_sent"], entry["finish_reason"]) == (False, None)
    assert entry["completion_tokens"] >= received.count(b'"delta":{"content"')
    assert entry["completion_tokens"] < 500
    assert entry["prompt_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True])
def test_hang_up_before_the_first_byte_is_client_gone(live: Live, stream: bool) -> None:
    live.fault("latency", added_ms=60_000)
    connection = open_chat(live, stream=stream)
    while not live.admin("GET", "/ledger").json()["in_progress"]:
        pass
    hang_up(connection, reset=False)
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["completion_tokens"]) == ("client_gone", None, 0)


def test_hang_up_in_the_request_is_client_gone(live: Live) -> None:
    connection = socket.create_connection(("127.0.0.1", live.port), timeout=10)
    connection.sendall(b'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{"model"')
    while not live.admin("GET", "/ledger").json()["in_progress"]:
        pass
    hang_up(connection, reset=False)
    assert live.entry()["outcome"] == "client_gone"


@pytest.mark.parametrize("mark", [b'"finish_reason":"stop"', b'"choices":[]', b"[DONE]"])
@pytest.mark.parametrize("reset", [False, True])
def test_hang_up_on_the_last_chunk_is_ok(live: Live, mark: bytes, reset: bool) -> None:
    for _ in range(10):
        connection = open_chat(live, stream_options={"include_usage": True})
        read_until(connection, mark)
        hang_up(connection, reset=reset)
    entries = live.entries()
    assert [entry["outcome"] for entry in entries] == ["ok"] * 10
    assert all(entry["usage_sent"] and entry["finish_reason"] == "stop" for entry in entries)


def test_hang_ups_anywhere_leave_one_consistent_entry_each(start) -> None:
    live = start(latency_scale=0.01)
    draw = random.Random(3)
    received = []
    for _ in range(80):
        connection = open_chat(live, stream_options={"include_usage": True})
        wanted, got = draw.randint(0, 20_000), b""
        while len(got) < wanted and b"[DONE]" not in got and (piece := connection.recv(min(2048, wanted - len(got)))):
            got += piece
        hang_up(connection, reset=draw.random() < 0.5)
        received.append(got)
    entries = live.entries()
    assert len(entries) == len(received)
    assert {entry["outcome"] for entry in entries} <= {"ok", "client_gone"}
    for entry in entries:
        assert entry["usage_sent"] == (entry["outcome"] == "ok")
        assert (entry["finish_reason"] is None) == (entry["outcome"] == "client_gone")
    assert sum(entry["outcome"] == "ok" for entry in entries) >= sum(b"[DONE]" in got for got in received)


async def test_an_exception_in_the_app_is_status_500_and_recorded(
    in_process: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "compose_answer", lambda *_: 1 / 0)
    answer = await in_process.post("/v1/chat/completions", json=CHAT_REQUEST)
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "server_error"
    assert (await last_entry(in_process))["outcome"] == "internal_error"


def test_an_exception_in_a_response_cuts_the_connection(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat.AnswerSender, "_usage", lambda _: 1 / 0)
    with pytest.raises(httpx.RemoteProtocolError):
        live.http.post(
            f"{live.url}/v1/chat/completions",
            json=CHAT_REQUEST | {"stream": True, "stream_options": {"include_usage": True}},
        )
    assert live.entry()["outcome"] == "internal_error"
