"""Active users, recent scores and circuit breaker states are computed at the scrape."""

from __future__ import annotations

import pytest
from recorded_telemetry import ENDPOINT, SPAN_ID, TRACE_ID, Recorded

import llm_telemetry as lt
from llm_telemetry import names, scrape_gauges
from llm_telemetry.scrape_gauges import ActiveUsers, RecentScores


class Time:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_users_count_once_over_endpoints_and_expire_after_5_minutes(time: Time) -> None:
    users = ActiveUsers(time)
    for endpoint, user in (("/a", "u1"), ("/b", "u1"), ("/a", "u2"), ("/a", "u2")):
        users.add(endpoint, user)
    assert users.counts() == {"all": 2, "/a": 2, "/b": 1}
    time.now += 200
    users.add("/b", "u1")
    time.now += 100
    assert users.counts() == {"all": 2, "/a": 2, "/b": 1}  # 300 s: still inside
    time.now += 0.001
    assert users.counts() == {"all": 1, "/b": 1}
    time.now += 200
    assert users.counts() == {"all": 0}


def test_expired_users_are_removed_between_scrapes(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrape_gauges, "_PRUNE_ABOVE", 10)
    users = ActiveUsers(time)
    for number in range(100):
        time.now += 60
        users.add("/a", f"u{number}")
    assert len(users._last_seen) <= 12


def test_requests_with_a_user_count_active_users(recorded: Recorded) -> None:
    for user, endpoint in (("u1", ENDPOINT), ("u1", "/api/support/stream"), ("u2", ENDPOINT), (None, ENDPOINT)):
        with lt.request_context(endpoint=endpoint, user_id=user), lt.observe_llm_call("gpt-4o"):
            pass
    assert recorded.value("llm_active_users") == 2
    assert recorded.value("llm_active_users", endpoint="/api/support/stream") == 1
    assert recorded.value("llm_active_users", endpoint="/api/search/summarise") == 0
    assert recorded.value("llm_active_users", endpoint="all") == 2


def test_means_are_of_the_newest_50_scores_of_the_last_hour(time: Time) -> None:
    scores = RecentScores(time)
    scores.add("faithfulness", "/a", "m", 0.0)
    for _ in range(50):
        scores.add("faithfulness", "/a", "m", 0.8)
    assert scores.means("faithfulness") == {("/a", "m"): pytest.approx(0.8)}
    assert scores.means("answer_relevance") == {}
    time.now += 1800
    scores.add("faithfulness", "/a", "m", 0.3)
    time.now += 1800.001
    assert scores.means("faithfulness") == {("/a", "m"): 0.3}
    time.now += 1800
    assert scores.means("faithfulness") == {}


def test_only_the_evaluation_worker_sets_score_gauges_and_they_expire(recorded: Recorded, time: Time) -> None:
    def evaluate(**scores: float) -> None:
        lt.record_evaluation(
            evaluator="lexical", endpoint=ENDPOINT, model="gpt-4o", trace_id=TRACE_ID, span_id=SPAN_ID, **scores  # type: ignore[arg-type]
        )  # fmt: skip

    evaluate(faithfulness=0.5)
    assert recorded.value("llm_faithfulness_score") is None
    made = recorded.configure(evaluation_worker=True)
    made.scrape_gauges.scores = RecentScores(time)
    evaluate(faithfulness=0.9, answer_relevance=0.6)
    evaluate(faithfulness=0.7)
    assert recorded.value("llm_faithfulness_score") == pytest.approx(0.8)
    assert recorded.value("llm_answer_relevance_score") == pytest.approx(0.6)
    time.now += 3601
    assert recorded.value("llm_faithfulness_score") is None
    assert recorded.value("llm_answer_relevance_score") is None
    assert recorded.value("llm_eval_score_count", metric="faithfulness") == 3


def test_breaker_states_are_read_at_the_scrape(recorded: Recorded) -> None:
    state = [names.BREAKER_CLOSED]
    lt.register_breaker("openai", "gpt-4o", lambda: state[0])
    lt.register_breaker("openai", "gpt-4o-mini", broken)
    for value in (0, 1, 2):
        state[0] = value
        assert recorded.value("llm_circuit_breaker_state") == value
    assert recorded.value("llm_circuit_breaker_state", model="gpt-4o-mini") is None


def broken() -> int:
    raise RuntimeError("the application's own")
