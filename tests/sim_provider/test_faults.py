"""Faults are set, combined, drawn, replaced, removed, expired and refused."""

import openai
import pytest
from openai import OpenAI
from sim_live import Live, ManualClock, answer_text, ask, create_chat

from sim_provider.faults import FAULTS, MAX_DURATION_S


def test_several_faults_apply_at_once(client: OpenAI, live: Live) -> None:
    live.fault("verbosity", model="gpt-4o", factor=3)
    live.fault("usage_omitted")
    live.fault("latency", added_ms=1)
    live.fault("rate_limit", model="gpt-4o-mini")
    assert create_chat(client).usage is None
    assert live.entry()["faults"] == ["latency", "verbosity", "usage_omitted"]
    with pytest.raises(openai.RateLimitError):
        create_chat(client, model="gpt-4o-mini")


def test_a_fault_for_a_model_takes_precedence(client: OpenAI, live: Live) -> None:
    live.fault("server_error", status=500)
    live.fault("server_error", model="gpt-4o", status=503)
    live.fault("server_error", model="gpt-4.1", probability=0)
    assert len(live.admin("GET", "/faults").json()["active"]) == 3
    for model, status in (("gpt-4o", 503), ("gpt-4o-mini", 500)):
        with pytest.raises(openai.InternalServerError) as error:
            create_chat(client, model=model)
        assert error.value.status_code == status
    create_chat(client, model="gpt-4.1")


def test_probability_is_the_share_of_requests(client: OpenAI, live: Live) -> None:
    live.fault("empty_answer", probability=0.3)
    empty = sum(answer_text(client, messages=ask(f"Question {number}?")) == "" for number in range(100))
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
    clock = ManualClock()
    live = start(clock=clock.clock)
    live.fault("empty_answer", duration_s=30)
    live.fault("latency", added_ms=1, duration_s=60)
    with live.client() as client:
        clock.now += 29.5
        assert answer_text(client) == ""
        assert [fault["remaining_s"] for fault in live.admin("GET", "/faults").json()["active"]] == [0.5, 30.5]
        clock.now += 0.5
        assert answer_text(client) != ""
        assert [fault["name"] for fault in live.admin("GET", "/faults").json()["active"]] == ["latency"]
        clock.now += 3600
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
def test_wrong_faults_are_refused_with_what_to_change(
    live: Live, name: str, body: object, status: int, says: str
) -> None:
    answer = live.admin("PUT", f"/faults/{name}", json=body)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    assert live.admin("GET", "/faults").json()["active"] == []


def test_unreadable_fault_bodies_are_refused(live: Live) -> None:
    assert live.admin("PUT", "/faults/latency", content=b"{").status_code == 400
    assert live.admin("PUT", "/faults/latency", content=b" " * 20_000).status_code == 413
    assert live.admin("POST", "/faults/latency", json={}).status_code == 405


def test_every_fault_is_described(live: Live) -> None:
    assert set(live.admin("GET", "/faults").json()["available"]) == set(FAULTS)
