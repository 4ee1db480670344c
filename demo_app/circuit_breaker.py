"""A circuit breaker for one model.

Of the kept libraries none does what is needed here: `purgatory` and `circuitbreaker` let everybody through
when half-open and close on one success, `hyx` changes state only when called, so that it cannot be read at
a scrape, `pybreaker` is asynchronous only with Tornado, and `aiobreaker` has not been released since 2021.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from demo_app.failures import CircuitOpen
from llm_telemetry.names import BREAKER_CLOSED, BREAKER_HALF_OPEN, BREAKER_OPEN


class CircuitBreaker:
    """Opens after `failures` in a row; after `open_s` lets one probe through at a time, which decides.

    For one event loop: nothing here awaits, so nothing can come in between.
    """

    def __init__(self, model: str, failures: int, open_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.model = model
        self._threshold = failures
        self._open_s = open_s
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False
        self._period = 0  # goes up whenever the breaker opens or closes

    def state(self) -> int:
        """0 closed, 1 half-open, 2 open, as of now."""
        if self._opened_at is None:
            return BREAKER_CLOSED
        return BREAKER_HALF_OPEN if self._clock() >= self._opened_at + self._open_s else BREAKER_OPEN

    def enter(self) -> Attempt:
        """Ask for an attempt; say once what becomes of it.

        Raises:
            CircuitOpen: the breaker is open, or half-open with its probe under way.
        """
        state = self.state()
        if state == BREAKER_OPEN or self._probing:
            waited = self._clock() - (self._opened_at or 0.0)
            raise CircuitOpen(self.model, max(self._open_s - waited, 1.0))
        self._probing = state == BREAKER_HALF_OPEN
        return Attempt(self, self._period)

    def _succeeded(self) -> None:
        self._failures = 0
        if self._opened_at is not None:
            self._move(None)

    def _failed(self) -> None:
        self._failures += 1
        if self._probing or self._failures >= self._threshold:
            self._move(self._clock())

    def _move(self, opened_at: float | None) -> None:
        self._opened_at, self._failures, self._probing = opened_at, 0, False
        self._period += 1


class Attempt:
    """One attempt that a breaker let through. What is said first counts, and only to the period it began in.

    One that was under way when the breaker opened proves nothing later, and is not the probe.
    """

    def __init__(self, breaker: CircuitBreaker, period: int) -> None:
        self._breaker = breaker
        self._period = period

    def succeeded(self) -> None:
        """The model answered."""
        if self._counts():
            self._breaker._succeeded()

    def failed(self) -> None:
        """The model did not answer, and that was its fault."""
        if self._counts():
            self._breaker._failed()

    def neither(self) -> None:
        """The attempt says nothing of the model: it was cancelled, limited, or the request was wrong."""
        if self._counts():
            self._breaker._probing = False

    def _counts(self) -> bool:
        counts = self._period == self._breaker._period
        self._period = -1
        return counts
