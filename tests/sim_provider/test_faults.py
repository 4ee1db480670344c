"""Every fault as the official client meets it, and how faults are set, end and are refused."""

import re

import httpx2
import openai
import pytest
from openai import OpenAI
from sim_live import SYSTEM, Live, MovedClock, ask

from sim_provider.faults import FAULTS, MAX_DURATION_S


def _chat(client: OpenAI, **options: object):
    return client.chat.completions.create(**({"model": "gpt-4o", "messages": ask()} | options))


def _text(client: OpenAI, **options: object) -> str:
    return _chat(client, **options).choices[0].message.content or ""


def test_latency_slows_everything_errors_too(client: OpenAI, live: Live) -> None:
    live.fault("latency", added_ms=60)
    _chat(client)
    client.embeddings.create(model="text-embedding-3-small", input="x")
    live.fault("server_error")
    with pytest.raises(openai.InternalServerError):
        _chat(client)
    entries = live.entries()
    assert all(entry["duration_ms"] >= 59 for entry in entries)
    assert [entry["faults"] for entry in entries] == [["latency"], ["latency"], ["latency", "server_error"]]


def test_latency_multiplies(start) -> None:
    live = start(latency_scale=0.02)
    live.fault("latency", multiplier=10)
    with live.client() as client:
        list(_chat(client, stream=True))
    # ms: the median times the scale times 10 is 104; half of it is far out for its sigma, and the seed is fixed.
    assert live.entry()["ttft_ms"] > 52


def test_ttft_delays_the_first_token(client: OpenAI, live: Live) -> None:
    live.fault("ttft", added_ms=80)
    list(_chat(client, stream=True))
    entry = live.entry()
    assert entry["ttft_ms"] >= 79
    assert entry["faults"] == ["ttft"]


def test_rate_limit(client: OpenAI, live: Live) -> None:
    live.fault("rate_limit", model="gpt-4o", retry_after_s=7)
    with pytest.raises(openai.RateLimitError) as error:
        _chat(client)
    headers = error.value.response.headers
    assert (headers["retry-after"], headers["x-ratelimit-remaining-requests"]) == ("7", "0")
    assert error.value.code == "rate_limit_exceeded"
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["prompt_tokens"]) == ("rate_limit", 429, 0)
    _chat(client, model="gpt-4o-mini")


def test_client_retries_after_the_time_it_is_given(live: Live) -> None:
    live.fault("rate_limit", retry_after_s=0.01)
    with live.client(max_retries=2) as client, pytest.raises(openai.RateLimitError):
        _chat(client)
    assert [entry["outcome"] for entry in live.entries()] == ["rate_limit"] * 3


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_error(client: OpenAI, live: Live, status: int) -> None:
    live.fault("server_error", status=status)
    for call in (_chat, lambda c: c.embeddings.create(model="text-embedding-3-small", input="x")):
        with pytest.raises(openai.InternalServerError) as error:
            call(client)
        assert error.value.status_code == status
    assert [(entry["outcome"], entry["http_status"]) for entry in live.entries()] == [("server_error", status)] * 2


@pytest.mark.parametrize("stream", [False, True])
def test_timeout_until_the_client_gives_up(live: Live, stream: bool) -> None:
    live.fault("timeout")
    with live.client(timeout=0.1) as client, pytest.raises(openai.APITimeoutError):
        _chat(client, stream=stream)
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["faults"]) == ("timeout", None, ["timeout"])
    assert entry["duration_ms"] < 5000


def test_timeout_ends_by_itself(client: OpenAI, live: Live) -> None:
    live.fault("timeout", max_s=0.1)
    with pytest.raises(openai.APIConnectionError):
        _chat(client)
    assert live.entry()["outcome"] == "timeout"


@pytest.mark.parametrize("stream", [False, True])
def test_connection_reset(client: OpenAI, live: Live, stream: bool) -> None:
    live.fault("connection_reset")
    with pytest.raises(openai.APIConnectionError) as error:
        _chat(client, stream=stream)
    assert isinstance(error.value.__cause__, httpx2.ReadError), "a reset, not an orderly end"
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["completion_tokens"]) == ("connection_reset", None, 0)


@pytest.mark.parametrize("after_chunks", [0, 1, 5, None, 100_000])
def test_truncated_stream_cut(client: OpenAI, live: Live, after_chunks: int | None) -> None:
    live.fault("truncated_stream", **({} if after_chunks is None else {"after_chunks": after_chunks}))
    stream = _chat(client, stream=True, stream_options={"include_usage": True})
    chunks = []
    with pytest.raises(openai.APIConnectionError) as error:
        chunks.extend(stream)
    assert isinstance(error.value.__cause__, httpx2.RemoteProtocolError), "an end midway, not a reset"
    contents = [chunk for chunk in chunks if chunk.choices[0].delta.content]
    assert not any(chunk.choices[0].finish_reason for chunk in chunks)
    entry = live.entry()
    assert (entry["outcome"], entry["usage_sent"], entry["finish_reason"]) == ("truncated", False, None)
    assert entry["completion_tokens"] == len(contents)
    if after_chunks in (0, 1, 5):
        assert len(contents) == after_chunks


def test_truncated_stream_clean(client: OpenAI, live: Live) -> None:
    live.fault("truncated_stream", clean=True, after_chunks=4)
    chunks = list(_chat(client, stream=True, stream_options={"include_usage": True}))
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks)
    assert not any(chunk.usage for chunk in chunks)
    entry = live.entry()
    assert (entry["outcome"], entry["completion_tokens"], entry["usage_sent"]) == ("truncated", 4, False)


@pytest.mark.parametrize("clean", [False, True])
def test_truncated_answer_in_one_piece_is_cut(client: OpenAI, live: Live, clean: bool) -> None:
    live.fault("truncated_stream", clean=clean)
    with pytest.raises(openai.APIConnectionError):
        _chat(client)
    with pytest.raises(openai.APIConnectionError):
        client.embeddings.create(model="text-embedding-3-small", input="x")
    for entry in live.entries():
        assert (entry["outcome"], entry["http_status"], entry["usage_sent"]) == ("truncated", 200, False)


def test_usage_omitted(client: OpenAI, live: Live) -> None:
    live.fault("usage_omitted")
    assert _chat(client).usage is None
    chunks = list(_chat(client, stream=True, stream_options={"include_usage": True}))
    assert not any(chunk.usage for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"
    for entry in live.entries():
        assert (entry["outcome"], entry["usage_sent"]) == ("ok", False)
        assert entry["completion_tokens"] > 0


def test_hallucination_is_not_in_the_context(client: OpenAI, live: Live) -> None:
    live.fault("hallucination")
    text = _text(client)
    numbers = re.findall(r"\d[\d.]*", text.replace("[1]", ""))
    assert len(numbers) >= 2
    assert "90 days" not in text
    assert live.entry()["faults"] == ["hallucination"]


def test_content_filter_finish(client: OpenAI, live: Live) -> None:
    whole = _text(client, seed=1)
    live.admin("DELETE", "/ledger")
    live.fault("content_filter")
    answer = _chat(client, seed=1)
    assert answer.choices[0].finish_reason == "content_filter"
    assert whole.startswith(answer.choices[0].message.content or "")
    assert answer.choices[0].message.content != whole
    entry = live.entry()
    assert (entry["outcome"], entry["http_status"], entry["usage_sent"]) == ("content_filter", 200, True)


def test_content_filter_reject(client: OpenAI, live: Live) -> None:
    live.fault("content_filter", mode="reject")
    with pytest.raises(openai.BadRequestError) as error:
        _chat(client)
    assert error.value.code == "content_filter"
    assert live.entry()["outcome"] == "content_filter"


def test_verbosity(client: OpenAI, live: Live) -> None:
    usual = _chat(client, seed=1).usage.completion_tokens
    live.fault("verbosity", factor=6)
    longer = _chat(client, seed=1).usage.completion_tokens
    assert 6 * usual <= longer <= 8 * usual


def test_empty_answer(client: OpenAI, live: Live) -> None:
    live.fault("empty_answer")
    answer = _chat(client)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("", "stop")
    chunks = list(_chat(client, stream=True))
    assert not any(chunk.choices[0].delta.content for chunk in chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [entry["completion_tokens"] for entry in live.entries()] == [0, 0]


def test_leak_system_prompt(client: OpenAI, live: Live) -> None:
    live.fault("leak_system_prompt")
    assert SYSTEM in _text(client)


def test_several_at_once(client: OpenAI, live: Live) -> None:
    live.fault("verbosity", model="gpt-4o", factor=3)
    live.fault("usage_omitted")
    live.fault("latency", added_ms=1)
    live.fault("rate_limit", model="gpt-4o-mini")
    assert _chat(client).usage is None
    assert live.entry()["faults"] == ["latency", "verbosity", "usage_omitted"]
    with pytest.raises(openai.RateLimitError):
        _chat(client, model="gpt-4o-mini")


def test_the_fault_of_a_model_goes_before_that_of_all(client: OpenAI, live: Live) -> None:
    live.fault("server_error", status=500)
    live.fault("server_error", model="gpt-4o", status=503)
    live.fault("server_error", model="gpt-4.1", probability=0)
    assert len(live.admin("GET", "/faults").json()["active"]) == 3
    for model, status in (("gpt-4o", 503), ("gpt-4o-mini", 500)):
        with pytest.raises(openai.InternalServerError) as error:
            _chat(client, model=model)
        assert error.value.status_code == status
    _chat(client, model="gpt-4.1")


def test_probability(client: OpenAI, live: Live) -> None:
    live.fault("empty_answer", probability=0.3)
    empty = sum(_text(client, messages=ask(f"Question {number}?")) == "" for number in range(100))
    # Drawn by seed and content, so it is the same number each run.
    assert 18 <= empty <= 42


def test_put_replaces_and_delete_removes(live: Live) -> None:
    live.fault("rate_limit", model="gpt-4o", retry_after_s=1)
    live.fault("rate_limit", model="gpt-4o", retry_after_s=9)
    live.fault("rate_limit")
    live.fault("latency", added_ms=1)
    active = live.admin("GET", "/faults").json()["active"]
    assert [(fault["name"], fault["model"]) for fault in active] == [
        ("latency", "*"),
        ("rate_limit", "*"),
        ("rate_limit", "gpt-4o"),
    ]
    assert active[2]["retry_after_s"] == 9
    assert live.admin("DELETE", "/faults/rate_limit", params={"model": "gpt-4o"}).json() == {"removed": 1}
    assert live.admin("DELETE", "/faults/rate_limit").json() == {"removed": 1}
    assert live.admin("DELETE", "/faults/rate_limit").json() == {"removed": 0}
    assert live.admin("DELETE", "/faults").json() == {"removed": 1}
    assert live.admin("GET", "/faults").json()["active"] == []


def test_faults_end_by_themselves(start) -> None:
    moved = MovedClock()
    live = start(clock=moved.clock)
    live.fault("empty_answer", duration_s=30)
    live.fault("latency", added_ms=1, duration_s=60)
    with live.client() as client:
        moved.now += 29.5
        assert _text(client) == ""
        assert [fault["remaining_s"] for fault in live.admin("GET", "/faults").json()["active"]] == [0.5, 30.5]
        moved.now += 0.5
        assert _text(client) != ""
        assert [fault["name"] for fault in live.admin("GET", "/faults").json()["active"]] == ["latency"]
        moved.now += 3600
        assert live.admin("DELETE", "/faults").json() == {"removed": 0}


@pytest.mark.parametrize(
    ("name", "body", "status", "says"),
    [
        ("nonsense", {"duration_s": 1}, 404, "there are latency, ttft"),
        ("empty_answer", {}, 400, 'Add "duration_s"'),
        ("empty_answer", {"duration_s": MAX_DURATION_S + 1}, 400, '"duration_s" must be a number from 0.001 to 3600'),
        ("empty_answer", {"duration_s": 0}, 400, '"duration_s" must be'),
        ("empty_answer", {"duration_s": True}, 400, '"duration_s" must be'),
        ("empty_answer", {"duration_s": 1, "probability": 1.1}, 400, '"probability" must be a number from 0 to 1'),
        ("empty_answer", {"duration_s": 1, "model": "gpt-9"}, 400, '"model" must be "*" or one of gpt-4o'),
        ("empty_answer", {"duration_s": 1, "model": ["gpt-4o"]}, 400, '"model" must be'),
        ("empty_answer", {"duration_s": 1, "probabilty": 1}, 400, "it takes model, probability, duration_s"),
        ("latency", {"duration_s": 1}, 400, "give at least one"),
        ("server_error", {"duration_s": 1, "status": 418}, 400, "one of 500, 502, 503"),
        ("truncated_stream", {"duration_s": 1, "clean": 1}, 400, "one of false, true"),
        ("truncated_stream", {"duration_s": 1, "after_chunks": 1.5}, 400, "a whole number"),
        ("content_filter", {"duration_s": 1, "mode": []}, 400, "one of finish, reject"),
        ("verbosity", [], 400, "Send a JSON object"),
    ],
)
def test_wrong_faults_are_refused_with_what_to_do(live: Live, name: str, body: object, status: int, says: str) -> None:
    answer = live.admin("PUT", f"/faults/{name}", json=body)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    assert live.admin("GET", "/faults").json()["active"] == []


def test_unreadable_fault_bodies(live: Live) -> None:
    assert live.admin("PUT", "/faults/latency", content=b"{").status_code == 400
    assert live.admin("PUT", "/faults/latency", content=b" " * 20_000).status_code == 413
    assert live.admin("POST", "/faults/latency", json={}).status_code == 405


def test_every_fault_is_described(live: Live) -> None:
    assert set(live.admin("GET", "/faults").json()["available"]) == set(FAULTS)
