# ruff: noqa: SIM117 - blocks inside blocks are what is tested
"""Gauges: computed at the scrape, moved by what runs, set at the start."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from telemetry_seen import ENDPOINT, WHO, Seen

import llm_telemetry as lt
from llm_telemetry import names, scrape_gauges
from llm_telemetry.scrape_gauges import ActiveUsers, RecentScores

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Time:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_users_are_counted_once_over_endpoints_and_forgotten_after_5_minutes(time: Time) -> None:
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


def test_users_are_bounded_between_scrapes(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrape_gauges, "_PRUNE_ABOVE", 10)
    users = ActiveUsers(time)
    for number in range(100):
        time.now += 60
        users.add("/a", f"u{number}")
    assert len(users._last_seen) <= 12


def test_active_users_of_a_request(seen: Seen) -> None:
    for user, endpoint in (("u1", ENDPOINT), ("u1", "/api/support/stream"), ("u2", ENDPOINT), (None, ENDPOINT)):
        with lt.request_context(endpoint=endpoint, user_id=user), lt.observe_llm_call("gpt-4o"):
            pass
    assert seen.value("llm_active_users") == 2
    assert seen.value("llm_active_users", endpoint="/api/support/stream") == 1
    assert seen.value("llm_active_users", endpoint="/api/search/summarise") == 0
    assert seen.value("llm_active_users", endpoint="all") == 2


def test_scores_are_of_the_newest_50_of_the_last_hour(time: Time) -> None:
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


def test_the_score_gauges_are_the_evaluation_workers_and_go_away(seen: Seen, time: Time) -> None:
    def evaluate(**scores: float) -> None:
        lt.record_evaluation(
            evaluator="lexical", endpoint=ENDPOINT, model="gpt-4o", trace_id=TRACE, span_id=SPAN, **scores  # type: ignore[arg-type]
        )  # fmt: skip

    evaluate(faithfulness=0.5)
    assert seen.value("llm_faithfulness_score") is None
    made = seen.configure(evaluation_worker=True)
    made.scrape_gauges.scores = RecentScores(time)
    evaluate(faithfulness=0.9, answer_relevance=0.6)
    evaluate(faithfulness=0.7)
    assert seen.value("llm_faithfulness_score") == pytest.approx(0.8)
    assert seen.value("llm_answer_relevance_score") == pytest.approx(0.6)
    time.now += 3601
    assert seen.value("llm_faithfulness_score") is None
    assert seen.value("llm_answer_relevance_score") is None
    assert seen.value("llm_eval_score_count", metric="faithfulness") == 3


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_a_score_that_is_none_is_not_recorded(score: float, seen: Seen) -> None:
    lt.record_evaluation(
        evaluator="lexical", endpoint=ENDPOINT, model="gpt-4o", trace_id=TRACE, span_id=SPAN, faithfulness=score
    )
    assert seen.changed() == {'llm_telemetry_failures_total{signal="metric"}': 1}


def test_breakers_are_asked_at_the_scrape(seen: Seen) -> None:
    state = [names.BREAKER_CLOSED]
    lt.register_breaker("openai", "gpt-4o", lambda: state[0])
    lt.register_breaker("openai", "gpt-4o-mini", broken)
    for value in (0, 1, 2):
        state[0] = value
        assert seen.value("llm_circuit_breaker_state") == value
    assert seen.value("llm_circuit_breaker_state", model="gpt-4o-mini") is None


def broken() -> int:
    raise RuntimeError("the application's own")


def test_queues(seen: Seen) -> None:
    def now() -> tuple[Any, Any]:
        return seen.value("llm_queue_depth"), seen.value("llm_in_flight_requests")

    assert now() == (0, 0)
    with lt.request_context(**WHO):
        with lt.observe_generation("gpt-4o") as generation:
            assert now() == (0, 1)
            with generation.queueing():
                assert now() == (1, 0)
            assert now() == (0, 1)
            with pytest.raises(TimeoutError), generation.queueing():
                raise TimeoutError
            assert now() == (0, 1)
        assert now() == (0, 0)


def test_the_build_is_one_series(seen: Seen) -> None:
    assert seen.value("llm_build_info", version="1.4.0", prompt_version="v7") == 1
    seen.configure(version="1.5.0", prompt_version="v8")
    builds = [sample.labels for family in seen.registry.collect() for sample in family.samples
              if sample.name == "llm_build_info"]  # fmt: skip
    assert builds == [{"service": "svc", "version": "1.5.0", "prompt_version": "v8"}]


def test_reconfiguring_keeps_counting(seen: Seen) -> None:
    lt.record_rejection("bad_input", endpoint=ENDPOINT)
    seen.configure()
    lt.record_rejection("bad_input", endpoint=ENDPOINT)
    assert seen.value("llm_rejected_requests_total", reason="bad_input") == 2


def test_what_is_known_at_the_start_is_there_with_0(seen: Seen) -> None:
    for name, labels in {
        "llm_requests_total": {"status": "error"},
        "llm_errors_total": {"error_type": "hallucination"},
        "llm_cost_dollars_total": {"cost_source": "table"},
        "llm_latency_ms_count": {},
        "llm_input_tokens_total": {"model": "text-embedding-3-small"},
        "llm_embedding_requests_total": {"model": "text-embedding-3-small", "status": "ok"},
        "llm_finish_reasons_total": {"reason": "length"},
        "llm_feedback_total": {"value": "down"},
        "llm_cache_requests_total": {"result": "hit"},
        "llm_safety_violations_total": {"kind": "pii"},
        "llm_rejected_requests_total": {"reason": "queue_full"},
        "llm_provider_attempts_total": {"outcome": "rate_limit"},
        "llm_retries_total": {"reason": "timeout"},
        "llm_label_overflow_total": {"label": "tenant"},
        "llm_telemetry_failures_total": {"signal": "log"},
        "llm_queue_depth": {},
    }.items():
        assert seen.value(name, **labels) == 0, name
    assert seen.changed() == {}


def test_too_many_series_are_not_made_at_the_start(
    seen: Seen, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("llm_telemetry.metrics.MAX_SERIES_AT_START", 5)
    seen.configure(registry=CollectorRegistry())
    assert "llm_requests_total would have more than 5 series" in caplog.text


def test_tasks_that_outlive_a_generation_are_generations_of_their_own(seen: Seen) -> None:
    """A task started inside a generation has its context, also when it is over."""
    import contextvars

    with lt.request_context(**WHO), lt.observe_generation("gpt-4o"):
        inside = contextvars.copy_context()
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass

    def later() -> None:
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass

    inside.run(later)
    assert seen.value("llm_requests_total", status="ok") == 2
    assert all(value != 1 for name, value in seen.changed().items() if name.startswith("llm_retries"))


def test_generations_inside_generations_count_both(seen: Seen) -> None:
    with lt.request_context(**WHO), lt.observe_generation("gpt-4o") as outer:
        with lt.observe_generation("gpt-4o-mini") as inner:
            with lt.observe_llm_call("gpt-4o-mini", provider="openai"):
                pass
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass
    assert (outer.attempts, inner.attempts) == (1, 1)
    assert seen.value("llm_requests_total", status="ok") == 1
    assert seen.value("llm_requests_total", status="ok", model="gpt-4o-mini") == 1
    inner_line, outer_line = seen.lines()
    assert inner_line["trace_id"] == outer_line["trace_id"]
    assert inner_line["span_id"] != outer_line["span_id"]


def test_an_attempt_without_a_price_leaves_the_whole_without_one(seen: Seen) -> None:
    with lt.request_context(**WHO), lt.observe_generation("gpt-4o") as generation:
        for model in ("gpt-4o", "acme-experimental-1"):
            with lt.observe_llm_call(model, provider="openai") as call:
                call.record_usage(1_000)
    assert generation.cost == lt.Cost(None, "unpriced")
    assert seen.line()["cost_usd"] is None
    assert seen.line()["input_tokens"] == 2_000
    assert seen.value("llm_cost_dollars_total", cost_source="table") == pytest.approx(0.0025)


def test_attempts_that_are_open_at_once(seen: Seen) -> None:
    """A hedged request: the second begins before the first has ended."""
    with lt.request_context(**WHO), lt.observe_generation("gpt-4o") as generation:
        first, second = (lt.observe_llm_call("gpt-4o", provider="openai") for _ in range(2))
        first.begin()
        first.detach()
        second.begin()
        second.record_usage(10)
        second.end()
        first.end(TimeoutError())
    assert generation.attempts == 2
    assert seen.value("llm_retries_total", reason="other") == 1
    assert seen.value("llm_requests_total", status="ok") == 1


# A deployment while the process runs ------------------------------------------------------------------------


def builds(seen: Seen) -> list[tuple[str, str]]:
    return [
        (sample.labels["version"], sample.labels["prompt_version"])
        for family in seen.registry.collect()
        for sample in family.samples
        if sample.name == "llm_build_info" and sample.value == 1
    ]


def test_deployment_is_another_series_and_what_is_recorded_after_it_says_so(seen: Seen) -> None:
    def call() -> None:
        with lt.request_context(**WHO), lt.observe_llm_call("gpt-4o", provider="openai"):
            pass

    call()
    lt.record_deployment(version="1.5.0", prompt_version="v8")
    assert builds(seen) == [("1.5.0", "v8")]
    call()
    lt.record_deployment(prompt_version="v9")
    assert builds(seen) == [("1.5.0", "v9")], "the version stays"
    with lt.request_context(**WHO):
        lt.record_cache(True)
    lt.record_deployment(version="1.6.0")
    assert builds(seen) == [("1.6.0", "v9")], "the prompt version stays"
    assert [line["prompt_version"] for line in seen.lines()] == ["v7", "v8", "v9"]
    assert [span.attributes["llm.prompt_version"] for span in seen.spans("generate")] == ["v7", "v8"]


def test_generation_says_the_prompt_version_that_it_began_with(seen: Seen) -> None:
    with lt.request_context(**WHO), lt.observe_generation("gpt-4o"):
        lt.record_deployment(prompt_version="v8")
        with lt.observe_llm_call("gpt-4o", provider="openai"):
            pass
    assert [line["prompt_version"] for line in seen.lines()] == ["v7"]
