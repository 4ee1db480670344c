"""The ledger against what clients saw: one entry each, whatever happened to the connection."""

import asyncio
import json
import random
import socket
import struct
import tracemalloc

import openai
import pytest
from openai import OpenAI
from sim_live import Live, ask

from sim_provider.ledger import UNKNOWN_MODEL, Ledger, LedgerEntry

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _open(live: Live, **body: object) -> socket.socket:
    """A connection with a chat request on it."""
    content = json.dumps({"model": "gpt-4o", "messages": ask(), "stream": True} | body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", live.port), timeout=10)
    connection.sendall(head.encode() + content)
    return connection


def _read_until(connection: socket.socket, mark: bytes, count: int = 1) -> bytes:
    received = b""
    while received.count(mark) < count:
        piece = connection.recv(65536)
        if not piece:
            break
        received += piece
    return received


def _hang_up(connection: socket.socket, *, reset: bool) -> None:
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_entry_of_a_stream(client: OpenAI, live: Live) -> None:
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=ask(),
        stream=True,
        stream_options={"include_usage": True},
        extra_headers={"traceparent": TRACEPARENT},
    )
    usage = list(stream)[-1].usage
    entry = dict(live.entry())
    assert usage is not None
    assert entry["prompt_tokens"] == usage.prompt_tokens
    assert entry["completion_tokens"] == usage.completion_tokens
    assert entry["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert entry["span_id"] == "b7ad6b7169203331"
    assert 0 <= entry["ttft_ms"] <= entry["duration_ms"]
    fixed = ("endpoint", "model", "stream", "http_status", "outcome", "usage_sent", "finish_reason", "faults")
    assert [entry[name] for name in fixed] == ["chat", "gpt-4o", True, 200, "ok", True, "stop", []]


@pytest.mark.parametrize(
    "header", ["", "nonsense", "ff-" + TRACEPARENT[3:], "00-" + "0" * 32 + "-b7ad6b7169203331-01", TRACEPARENT.upper()]
)
def test_what_is_not_a_traceparent_is_ignored(client: OpenAI, live: Live, header: str) -> None:
    client.chat.completions.create(model="gpt-4o", messages=ask(), extra_headers={"traceparent": header})
    assert (live.entry()["trace_id"], live.entry()["span_id"]) == (None, None)


def test_stream_without_include_usage_sends_none(client: OpenAI, live: Live) -> None:
    list(client.chat.completions.create(model="gpt-4o", messages=ask(), stream=True))
    entry = live.entry()
    assert (entry["outcome"], entry["usage_sent"]) == ("ok", False)
    assert entry["completion_tokens"] > 0


def test_entry_is_there_as_soon_as_the_answer_is(client: OpenAI, live: Live) -> None:
    for number in range(1, 31):
        client.chat.completions.create(model="gpt-4o", messages=ask())
        assert live.admin("GET", "/ledger/totals").json()["all"]["requests"] == number


@pytest.mark.parametrize("reset", [False, True])
def test_hang_up_mid_stream(start, reset: bool) -> None:
    live = start(latency_scale=0.05)
    # Long enough that the stream is nowhere near its end: minutes, were nobody to hang up.
    live.fault("verbosity", factor=50)
    live.fault("latency", multiplier=20)
    connection = _open(live, stream_options={"include_usage": True})
    received = _read_until(connection, b'"delta":{"content"', 5)
    _hang_up(connection, reset=reset)
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"]) == ("client_gone", 200)
    assert (entry["usage_sent"], entry["finish_reason"]) == (False, None)
    assert entry["completion_tokens"] >= received.count(b'"delta":{"content"')
    assert entry["completion_tokens"] < 500
    assert entry["prompt_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True])
def test_hang_up_before_the_first_byte(live: Live, stream: bool) -> None:
    live.fault("latency", added_ms=60_000)
    connection = _open(live, stream=stream)
    while not live.admin("GET", "/ledger").json()["in_progress"]:
        pass
    _hang_up(connection, reset=False)
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["completion_tokens"]) == ("client_gone", None, 0)


def test_hang_up_in_the_middle_of_the_request(live: Live) -> None:
    connection = socket.create_connection(("127.0.0.1", live.port), timeout=10)
    connection.sendall(b'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{"model"')
    while not live.admin("GET", "/ledger").json()["in_progress"]:
        pass
    _hang_up(connection, reset=False)
    assert live.entry()["outcome"] == "client_gone"


@pytest.mark.parametrize("mark", [b'"finish_reason":"stop"', b'"choices":[]', b"[DONE]"])
@pytest.mark.parametrize("reset", [False, True])
def test_hang_up_on_the_last_chunk_is_not_gone(live: Live, mark: bytes, reset: bool) -> None:
    for _ in range(10):
        connection = _open(live, stream_options={"include_usage": True})
        _read_until(connection, mark)
        _hang_up(connection, reset=reset)
    entries = live.entries()
    assert [entry["outcome"] for entry in entries] == ["ok"] * 10
    assert all(entry["usage_sent"] and entry["finish_reason"] == "stop" for entry in entries)


def test_hang_ups_anywhere_leave_one_consistent_entry_each(start) -> None:
    live = start(latency_scale=0.01)
    draw = random.Random(3)
    received = []
    for _ in range(80):
        connection = _open(live, stream_options={"include_usage": True})
        wanted, got = draw.randint(0, 20_000), b""
        while len(got) < wanted and b"[DONE]" not in got and (piece := connection.recv(min(2048, wanted - len(got)))):
            got += piece
        _hang_up(connection, reset=draw.random() < 0.5)
        received.append(got)
    entries = live.entries()
    assert len(entries) == len(received)
    assert {entry["outcome"] for entry in entries} <= {"ok", "client_gone"}
    for entry in entries:
        assert entry["usage_sent"] == (entry["outcome"] == "ok")
        assert (entry["finish_reason"] is None) == (entry["outcome"] == "client_gone")
    assert sum(entry["outcome"] == "ok" for entry in entries) >= sum(b"[DONE]" in got for got in received)


async def test_200_mixed_requests_at_once(live: Live) -> None:
    live.fault("rate_limit", model="gpt-4o-mini", probability=0.4)
    live.fault("connection_reset", model="gpt-4.1", probability=0.3)
    live.fault("usage_omitted", model="acme-experimental-1", probability=0.5)
    live.fault("truncated_stream", model="acme-experimental-1", probability=0.3)
    seen: list[tuple[str, int, int]] = []

    async def one(number: int, client: openai.AsyncOpenAI) -> None:
        models = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "acme-experimental-1", "text-embedding-3-small", "gpt-9"]
        model = models[number % len(models)]
        try:
            if model == "text-embedding-3-small":
                embedded = await client.embeddings.create(model=model, input=f"text {number}")
                seen.append(("ok", embedded.usage.prompt_tokens, 0))
                return
            messages = ask(f"How long are backups kept, take {number}?")
            if number % 2:
                usage = (await client.chat.completions.create(model=model, messages=messages)).usage
            else:
                usage = None
                options = {"include_usage": True}
                async for chunk in await client.chat.completions.create(
                    model=model, messages=messages, stream=True, stream_options=options
                ):
                    usage = chunk.usage or usage
            seen.append(("ok", usage.prompt_tokens, usage.completion_tokens) if usage else ("ok, no usage", 0, 0))
        except openai.RateLimitError:
            seen.append(("rate_limit", 0, 0))
        except openai.NotFoundError:
            seen.append(("model_not_found", 0, 0))
        except openai.APIConnectionError:
            seen.append(("broken", 0, 0))

    async with live.async_client() as client:
        await asyncio.gather(*(one(number, client) for number in range(200)))
    entries = await asyncio.to_thread(live.entries)
    assert len(entries) == len(seen) == 200
    assert [entry["seq"] for entry in entries] == sorted({entry["seq"] for entry in entries})

    def count(*outcomes: str) -> int:
        return sum(entry["outcome"] in outcomes for entry in entries)

    def count_seen(outcome: str) -> int:
        return sum(name == outcome for name, _, _ in seen)

    assert count("rate_limit") == count_seen("rate_limit") > 0
    assert count("model_not_found") == count_seen("model_not_found") > 0
    assert count("connection_reset", "truncated") == count_seen("broken") > 0
    told = [entry for entry in entries if entry["usage_sent"]]
    assert len(told) == count_seen("ok")
    assert sum(entry["prompt_tokens"] for entry in told) == sum(prompt for _, prompt, _ in seen)
    assert sum(entry["completion_tokens"] for entry in told) == sum(completion for _, _, completion in seen)
    totals = (await asyncio.to_thread(live.admin, "GET", "/ledger/totals")).json()
    assert totals["all"]["requests"] == 200
    assert totals["all"]["usage_sent_prompt_tokens"] == sum(prompt for _, prompt, _ in seen)
    assert totals["all"]["completion_tokens"] == sum(entry["completion_tokens"] for entry in entries)
    unknown = [row for row in totals["totals"] if row["model"] == UNKNOWN_MODEL]
    assert [(row["outcome"], row["requests"]) for row in unknown] == [("model_not_found", count("model_not_found"))]


def test_pages(client: OpenAI, live: Live) -> None:
    for _ in range(5):
        client.chat.completions.create(model="gpt-4o", messages=ask())
    first = live.admin("GET", "/ledger", params={"limit": 2}).json()
    second = live.admin("GET", "/ledger", params={"limit": 2, "since": first["next"]}).json()
    third = live.admin("GET", "/ledger", params={"since": second["next"]}).json()
    numbers = [entry["seq"] for page in (first, second, third) for entry in page["entries"]]
    assert numbers == list(range(first["oldest"], first["oldest"] + 5))
    assert third["next"] == third["last"] == numbers[-1]
    assert live.admin("GET", "/ledger", params={"since": third["next"]}).json()["entries"] == []
    assert live.admin("DELETE", "/ledger").json() == {"removed": 5}
    assert live.admin("GET", "/ledger/totals").json()["totals"] == []


@pytest.mark.parametrize("query", ["since=-1", "since=x", "limit=0", "limit=10001", "limit=²", "since=" + "9" * 400])
def test_wrong_pages_are_refused(live: Live, query: str) -> None:
    answer = live.admin("GET", f"/ledger?{query}")
    assert answer.status_code == 400
    assert "must be a whole number from" in answer.json()["error"]["message"]


def test_ring_forgets_entries_not_sums() -> None:
    ledger = Ledger(3, ["gpt-4o"])
    for number in range(10):
        ledger.write(LedgerEntry(endpoint="chat", time=0.0, request_id="r", model="gpt-4o", prompt_tokens=number))
    page = json.loads(ledger.page(0, 100))
    assert [entry["seq"] for entry in page["entries"]] == [8, 9, 10]
    assert (page["oldest"], page["next"]) == (8, 10)
    assert [entry["seq"] for entry in json.loads(ledger.page(8, 1))["entries"]] == [9]
    assert json.loads(ledger.page(99, 1)) == {"entries": [], "next": 10, "oldest": 8, "last": 10, "in_progress": 0}
    assert ledger.totals()["all"]["requests"] == 10
    assert ledger.totals()["all"]["prompt_tokens"] == 45


def test_entries_are_small() -> None:
    ledger = Ledger(2_000, ["gpt-4o"])
    tracemalloc.start()
    try:
        for _ in range(1_000):
            ledger.write(LedgerEntry(endpoint="chat", time=0.0, request_id="r" * 36, trace_id="0" * 32, model="gpt-4o"))
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < 1_000 * 700, "bytes; 200,000 of them are kept"


def test_names_from_outside_do_not_grow_the_totals(client: OpenAI, live: Live) -> None:
    for number in range(20):
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=f"made-up-{number}" + "x" * 500, messages=ask())
    assert len(live.admin("GET", "/ledger/totals").json()["totals"]) == 1
    assert all(len(entry["model"]) <= 200 for entry in live.entries())
