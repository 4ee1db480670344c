"""The circuit breaker alone, with a clock that the test moves."""

from __future__ import annotations

import pytest

from demo_app.circuit_breaker import CircuitBreaker
from demo_app.failures import CircuitOpen

CLOSED, HALF_OPEN, OPEN = 0, 1, 2


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("m", failures=3, open_s=10, clock=clock)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.enter().failed()


def test_failures_in_a_row_open_the_breaker(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    breaker.enter().succeeded()
    fail(breaker, 2)
    assert breaker.state() == CLOSED
    fail(breaker, 1)
    assert breaker.state() == OPEN


def test_neither_is_no_success_and_no_failure(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    for _ in range(5):
        breaker.enter().inconclusive()
    assert breaker.state() == CLOSED
    fail(breaker, 1)
    assert breaker.state() == OPEN


def test_an_open_breaker_refuses_calls_and_names_the_remaining_time(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 4
    with pytest.raises(CircuitOpen) as refused:
        breaker.enter()
    assert refused.value.retry_after_s == 6


def test_an_open_breaker_becomes_half_open_by_time(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 9.999
    assert breaker.state() == OPEN
    clock.now += 0.001
    assert breaker.state() == HALF_OPEN


def test_a_half_open_breaker_allows_one_probe(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    probe = breaker.enter()
    for _ in range(3):
        with pytest.raises(CircuitOpen) as refused:
            breaker.enter()
        assert refused.value.retry_after_s == 1
    probe.succeeded()
    assert breaker.state() == CLOSED
    breaker.enter()
    breaker.enter()


def test_a_failed_probe_opens_the_breaker_again(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 12
    breaker.enter().failed()
    assert breaker.state() == OPEN
    clock.now += 9
    assert breaker.state() == OPEN
    clock.now += 1
    assert breaker.state() == HALF_OPEN


def test_a_cancelled_probe_allows_another_probe(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    breaker.enter().inconclusive()
    assert breaker.state() == HALF_OPEN
    breaker.enter().succeeded()
    assert breaker.state() == CLOSED


@pytest.mark.parametrize("late", ["succeeded", "failed", "inconclusive"])
def test_an_attempt_from_before_the_breaker_opened_is_ignored(breaker: CircuitBreaker, clock: Clock, late: str) -> None:
    old = breaker.enter()
    fail(breaker, 3)
    clock.now += 10
    probe = breaker.enter()
    getattr(old, late)()
    assert breaker.state() == HALF_OPEN
    with pytest.raises(CircuitOpen):  # it is not the probe, so there is no room
        breaker.enter()
    probe.succeeded()
    assert breaker.state() == CLOSED


def test_a_late_success_does_not_close_an_open_breaker(breaker: CircuitBreaker) -> None:
    old = breaker.enter()
    fail(breaker, 3)
    old.succeeded()
    assert breaker.state() == OPEN


def test_failures_are_counted_anew_after_the_breaker_closed(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    breaker.enter().succeeded()
    fail(breaker, 2)
    assert breaker.state() == CLOSED


def test_the_first_result_of_an_attempt_counts(breaker: CircuitBreaker) -> None:
    attempts = [breaker.enter() for _ in range(3)]
    for attempt in attempts:
        attempt.succeeded()
        attempt.failed()
    assert breaker.state() == CLOSED
