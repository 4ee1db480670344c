"""The breaker alone, by a clock that moves when told."""

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


def test_failures_in_a_row_open_it(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    breaker.enter().succeeded()
    fail(breaker, 2)
    assert breaker.state() == CLOSED
    fail(breaker, 1)
    assert breaker.state() == OPEN


def test_neither_is_no_success_and_no_failure(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    for _ in range(5):
        breaker.enter().neither()
    assert breaker.state() == CLOSED
    fail(breaker, 1)
    assert breaker.state() == OPEN


def test_open_lets_nobody_in_and_says_for_how_long(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 4
    with pytest.raises(CircuitOpen) as refused:
        breaker.enter()
    assert refused.value.retry_after_s == 6


def test_state_moves_by_time_alone(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 9.999
    assert breaker.state() == OPEN
    clock.now += 0.001
    assert breaker.state() == HALF_OPEN


def test_one_probe(breaker: CircuitBreaker, clock: Clock) -> None:
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


def test_bad_probe_opens_it_for_as_long_again(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 12
    breaker.enter().failed()
    assert breaker.state() == OPEN
    clock.now += 9
    assert breaker.state() == OPEN
    clock.now += 1
    assert breaker.state() == HALF_OPEN


def test_cancelled_probe_makes_room_for_another(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    breaker.enter().neither()
    assert breaker.state() == HALF_OPEN
    breaker.enter().succeeded()
    assert breaker.state() == CLOSED


@pytest.mark.parametrize("late", ["succeeded", "failed", "neither"])
def test_attempt_from_before_it_opened_decides_nothing(breaker: CircuitBreaker, clock: Clock, late: str) -> None:
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


def test_late_success_while_open(breaker: CircuitBreaker) -> None:
    old = breaker.enter()
    fail(breaker, 3)
    old.succeeded()
    assert breaker.state() == OPEN


def test_failures_after_it_closed_count_from_none(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    breaker.enter().succeeded()
    fail(breaker, 2)
    assert breaker.state() == CLOSED


def test_what_is_said_first_counts(breaker: CircuitBreaker) -> None:
    attempts = [breaker.enter() for _ in range(3)]
    for attempt in attempts:
        attempt.succeeded()
        attempt.failed()
    assert breaker.state() == CLOSED
