"""Latency comes from the model, multiplied and extended by the faults `latency` and `ttft`."""

import openai
import pytest
from openai import OpenAI
from sim_live import Live, ask, create_chat


def test_latency_comes_from_the_model(start) -> None:
    live = start(latency_scale=0.02)
    with live.client() as client:
        list(client.chat.completions.create(model="gpt-4o", messages=ask(), stream=True))
        client.chat.completions.create(model="gpt-4o", messages=ask())
    streamed, whole = live.entries()
    # Half of the medians, scaled: log-normal draws with these sigmas stay above it except once in about 50 runs,
    # and the seed makes this run always the same.
    assert streamed["ttft_ms"] > 520 * 0.02 / 2
    assert streamed["duration_ms"] >= streamed["ttft_ms"]
    assert whole["ttft_ms"] is None
    assert whole["duration_ms"] > 520 * 0.02 / 2


def test_latency_delays_all_responses_and_errors(client: OpenAI, live: Live) -> None:
    live.fault("latency", added_ms=60)
    create_chat(client)
    client.embeddings.create(model="text-embedding-3-small", input="x")
    live.fault("server_error")
    with pytest.raises(openai.InternalServerError):
        create_chat(client)
    entries = live.entries()
    assert all(entry["duration_ms"] >= 59 for entry in entries)
    assert [entry["faults"] for entry in entries] == [["latency"], ["latency"], ["latency", "server_error"]]


def test_latency_multiplies(start) -> None:
    live = start(latency_scale=0.02)
    live.fault("latency", multiplier=10)
    with live.client() as client:
        list(create_chat(client, stream=True))
    # ms: the median times the scale times 10 is 104; half of it is far out for its sigma, and the seed is fixed.
    assert live.entry()["ttft_ms"] > 52


def test_ttft_delays_the_first_token(client: OpenAI, live: Live) -> None:
    live.fault("ttft", added_ms=80)
    list(create_chat(client, stream=True))
    entry = live.entry()
    assert entry["ttft_ms"] >= 79
    assert entry["faults"] == ["ttft"]
