"""A circuit breaker for one model.

No maintained library fits: `purgatory` and `circuitbreaker` let all calls through when half-open and close after
one success; `hyx` changes its state only when it is called, so a scrape would read an old state; `pybreaker` is
asynchronous with Tornado only; `aiobreaker` has had no release since 2021.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from demo_app.failures import CircuitOpen
from llm_telemetry.names import BREAKER_CLOSED, BREAKER_HALF_OPEN, BREAKER_OPEN


class CircuitBreaker:
    """Opens after `failures` failures in a row. After `open_s` seconds it is half-open: it allows one probe at a time.

    The probe's result closes the breaker or opens it again. For one event loop: no method awaits.
    """

    def __init__(self, model: str, failures: int, open_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.model = model
        self._threshold = failures
        self._open_s = open_s
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False
        self._period = 0  # increases whenever the breaker opens or closes

    def state(self) -> int:
        """One of names.BREAKER_*."""
        if self._opened_at is None:
            return BREAKER_CLOSED
        return BREAKER_HALF_OPEN if self._clock() >= self._opened_at + self._open_s else BREAKER_OPEN

    def enter(self) -> BreakerPermit:
        """Return the permit for one attempt. Call one of its methods with the attempt's result.

        Raises CircuitOpen: the breaker is open, or it is half-open and its probe has not ended.
        """
        state = self.state()
        if state == BREAKER_OPEN or self._probing:
            waited = self._clock() - (self._opened_at or 0.0)
            raise CircuitOpen(self.model, max(self._open_s - waited, 1.0))
        self._probing = state == BREAKER_HALF_OPEN
        return BreakerPermit(self, self._period)

    def _succeeded(self) -> None:
        self._failures = 0
        if self._opened_at is not None:
            self._switch(None)

    def _failed(self) -> None:
        self._failures += 1
        if self._probing or self._failures >= self._threshold:
            self._switch(self._clock())

    def _switch(self, opened_at: float | None) -> None:
        self._opened_at, self._failures, self._probing = opened_at, 0, False
        self._period += 1


class BreakerPermit:
    """The permit for one attempt. Only the first result counts, and only if the breaker has not changed since.

    An attempt that began before the breaker opened says nothing about the time after it, and it is not the probe.
    """

    def __init__(self, breaker: CircuitBreaker, period: int) -> None:
        self._breaker = breaker
        self._period = period

    def succeeded(self) -> None:
        if self._use():
            self._breaker._succeeded()

    def failed(self) -> None:
        if self._use():
            self._breaker._failed()

    def inconclusive(self) -> None:
        """Report a result that says nothing about the model: cancelled, rate limited, or an invalid request."""
        if self._use():
            self._breaker._probing = False

    def _use(self) -> bool:
        counts = self._period == self._breaker._period
        self._period = -1
        return counts
