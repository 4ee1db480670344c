"""The moment at which an expression holds for what was seen, on requests whose answer can be told by hand."""

from __future__ import annotations

import pytest
from loadtest_samples import request

from dashboards_src import config
from dashboards_src.alerts import ALERT_NAMES
from loadtest import bounds
from loadtest.bounds import Attempt, Seen, Window, crossing, way_s
from loadtest.events import Request
from loadtest.scenarios import SCENARIOS
from loadtest.traffic import STREAM

BEGAN = 1000.0


def seen(requests: list[Request], attempts: list[Attempt] | None = None, **more: int) -> Seen:
    return Seen(requests, attempts or [], BEGAN, BEGAN + 120, **more)


def test_window_is_open_at_its_old_end() -> None:
    window = Window([(1.0, 2.0), (5.0, 3.0)], 4.0)
    assert [window.sum(at) for at in (0.9, 1.0, 4.9, 5.0, 8.9, 9.0)] == [0, 2, 2, 3, 3, 0]


def test_error_rate_crosses_when_one_in_twenty_has_failed() -> None:
    """One request a second, all fail from 1000 s on: of 30 in the window the second failure makes 6.7 %."""
    requests = [request(970 + n, error="server_error" if n >= 30 else "") for n in range(150)]
    assert crossing("LLMHighErrorRate", seen(requests)) == pytest.approx(1001, abs=0.11)


def test_error_rate_needs_enough_requests() -> None:
    requests = [request(970 + 2 * n, error="server_error" if n >= 15 else "") for n in range(70)]
    assert crossing("LLMHighErrorRate", seen(requests)) is None


def test_rejections_hits_and_lost_connections_are_no_generations() -> None:
    good = [request(970 + n) for n in range(150)]
    bad = [request(1000 + n, error="bad_input", status=422) for n in range(50)]
    bad += [request(1000 + n, error="queue_full", status=429) for n in range(50)]
    bad += [request(1000 + n, error="client", status=0) for n in range(50)]
    assert crossing("LLMHighErrorRate", seen(good + bad)) is None


def test_latency_counts_answers_beyond_the_limit() -> None:
    def ms(n: int) -> float:
        return 3500.0 if n >= 60 and n % 2 == 0 else 900.0

    requests = [request(970 + n / 2, latency_ms=ms(n)) for n in range(300)]  # 2/s, every other slow
    assert crossing("LLMLatencyHigh", seen(requests)) == pytest.approx(1003, abs=0.11)  # the fourth of 60 is 6.7 %


def test_time_to_first_token_is_of_streams_alone() -> None:
    slow = [request(970 + n, ttft_ms=2000.0) for n in range(100)]
    assert crossing("LLMTimeToFirstTokenHigh", seen(slow)) is None
    streams = [request(970 + n, endpoint=STREAM, ttft_ms=2000.0) for n in range(100)]
    assert crossing("LLMTimeToFirstTokenHigh", seen(streams)) == BEGAN


def test_money_is_summed_over_endpoints() -> None:
    limit = config.COST_PER_HOUR.rehearsal / 3600 * 30
    requests = [request(970 + n, endpoint=f"/{n % 3}", cost_usd=limit / 15.5) for n in range(30, 100)]
    assert crossing("LLMCostSpike", seen(requests)) == pytest.approx(1015, abs=0.11)


def test_a_dearer_request_is_compared_with_the_usual_ones() -> None:
    """From 1 cent to 1.95: of 30 in the window, 10 dear ones make more than 1.3 times."""
    requests = [request(970 + n, cost_usd=0.0195 if n >= 30 else 0.01) for n in range(150)]
    assert crossing("LLMCostPerRequestGrowing", seen(requests)) == pytest.approx(1009, abs=0.11)


def test_what_failed_requests_cost_is_in_the_ledger() -> None:
    """Half of the requests fail and cost as much as an answer: a request is as dear as before, not half."""
    requests = [
        request(970 + n, cost_usd=0.01)
        if n < 30 or n % 2
        else request(970 + n, error="validation_failed", trace_id=str(n))
        for n in range(150)
    ]
    dear = [Attempt(970 + n, "m", "ok", str(n), 970 + n, cost=0.02) for n in range(150)]
    cheap = [Attempt(970 + n, "m", "ok", str(n), 970 + n, cost=0.01) for n in range(150)]
    assert crossing("LLMCostPerRequestGrowing", seen(requests, cheap)) is None
    at = crossing("LLMCostPerRequestGrowing", seen(requests, dear))
    assert at == pytest.approx(1018, abs=2.1)  # of 30, ten are twice as dear


def test_cache_is_compared_with_the_usual_hits() -> None:
    requests = [request(970 + n, cache_hit=n < 30 and n % 2 == 0) for n in range(150)]
    at = crossing("LLMCacheHitRateCollapsed", seen(requests))
    assert at == pytest.approx(1015, abs=1.1)
    never = [request(970 + n, cache_hit=False) for n in range(150)]
    assert crossing("LLMCacheHitRateCollapsed", seen(never)) is None


def test_injections_are_those_that_were_refused() -> None:
    refused = [request(1000 + n, injection=True, error="bad_input", status=422) for n in range(30)]
    assert crossing("LLMSafetyViolations", seen(refused)) == pytest.approx(1009, abs=0.11)  # the tenth
    let_in = [request(1000 + n, injection=True) for n in range(30)]
    assert crossing("LLMSafetyViolations", seen(let_in)) is None


def test_queue_is_who_was_let_in_and_waits() -> None:
    """One place to work in; 40 come at once and one is done every 10 s: more than 26 wait in the mean of 20 s."""
    requests = [request(1010 + 10 * n, took_s=10 + 10 * n) for n in range(40)]
    at = crossing("LLMQueueSaturated", seen(requests, workers=1))
    assert at is not None
    assert BEGAN + 10 < at < BEGAN + 20
    assert crossing("LLMQueueSaturated", seen(requests, workers=40)) is None


def attempt(finished: float, outcome: str = "ok", trace: str = "", model: str = "m") -> Attempt:
    return Attempt(finished, model, outcome, trace or str(finished), finished - 0.5)


def test_provider_alerts_are_told_by_its_ledger() -> None:
    attempts = [attempt(970 + n, "rate_limit" if n >= 30 else "ok") for n in range(100)]
    assert crossing("LLMProviderErrorRateHigh", seen([], attempts)) == pytest.approx(1003, abs=0.11)
    retried = [attempt(1000 + n, "rate_limit", trace=str(n // 2)) for n in range(100)]
    assert crossing("LLMRetryStorm", seen([], retried)) == pytest.approx(1019, abs=0.11)  # the twentieth attempt
    assert crossing("LLMRetryStorm", seen([], attempts)) is None


def test_breaker_opens_at_the_fifth_failure_in_a_row() -> None:
    outcomes = ["server_error"] * 4 + ["ok"] + ["timeout"] * 5 + ["ok"]
    attempts = [attempt(1000 + n, outcome) for n, outcome in enumerate(outcomes)]
    assert crossing("LLMCircuitBreakerOpen", seen([], attempts)) == pytest.approx(1009, abs=0.11)
    limited = [attempt(1000 + n, "rate_limit") for n in range(20)]
    assert crossing("LLMCircuitBreakerOpen", seen([], limited)) is None


def test_way_adds_scrape_batch_evaluation_for_and_wait() -> None:
    assert way_s("LLMHighErrorRate", "rehearsal") == pytest.approx(5 + 0.2 + 5 + 10 + 1)
    assert way_s("LLMHighErrorRate", "production") == pytest.approx(15 + 0.2 + 15 + 120 + 10)
    assert way_s("StackWatchdogSilent", "rehearsal") == 4 * 5 + 5 + 60 + 1


def test_every_expected_alert_has_a_bound() -> None:
    known = {*bounds._CONDITIONS, *bounds._AT_ONCE}
    for scenario in SCENARIOS:
        assert set(scenario.expected) <= known, scenario.name
    assert known - {"StackWatchdogSilent"} <= set(ALERT_NAMES)
