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

    def state(self) -> int:
        """0 closed, 1 half-open, 2 open, as of now."""
        if self._opened_at is None:
            return BREAKER_CLOSED
        return BREAKER_HALF_OPEN if self._clock() >= self._opened_at + self._open_s else BREAKER_OPEN

    def enter(self) -> None:
        """Ask for an attempt; after it say `succeeded`, `failed` or `neither`.

        Raises:
            CircuitOpen: the breaker is open, or half-open with its probe under way.
        """
        state = self.state()
        if state == BREAKER_CLOSED:
            return
        if state == BREAKER_OPEN or self._probing:
            waited = self._clock() - (self._opened_at or 0.0)
            raise CircuitOpen(self.model, max(self._open_s - waited, 1.0))
        self._probing = True

    def succeeded(self) -> None:
        """The model answered."""
        if self.state() != BREAKER_OPEN:  # one that was under way when it opened proves nothing
            self._failures, self._opened_at, self._probing = 0, None, False

    def failed(self) -> None:
        """The model did not answer, and that was its fault."""
        self._failures += 1
        if self.state() == BREAKER_HALF_OPEN or (self._opened_at is None and self._failures >= self._threshold):
            self._opened_at = self._clock()
        self._probing = False

    def neither(self) -> None:
        """The attempt says nothing of the model: it was cancelled, limited, or the request was wrong."""
        self._probing = False
