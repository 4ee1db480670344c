"""Notices when the watchdog alert stops arriving: then Prometheus, its rules or Alertmanager is broken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

WATCHDOG = "StackWatchdog"
SILENT = "StackWatchdogSilent"

# After a longer time between two checks, this process itself was paused: requests that waited are still unread.
_OWN_PAUSE_S = 5.0

WatchdogChange = Literal["went silent", "returned"]


class Watchdog:
    """Watches the time since the watchdog last arrived. The clock is monotonic, so setting the time has no effect.

    Args:
        silence_s: time without a watchdog before it counts as silent.
        grace_s: added to silence_s once, after the start.
        expected: whether the watchdog arrived before this process started. Until it first arrives it is not missing.
        silent: whether the watchdog was silent when the last process stopped.
        clock: monotonic seconds.
    """

    def __init__(
        self, silence_s: float, grace_s: float, *, expected: bool, silent: bool, clock: Callable[[], float]
    ) -> None:
        self._silence_s = silence_s
        self._clock = clock
        self._lock = threading.Lock()
        self.expected = expected
        self.silent = silent
        self._last_arrival: float | None = None
        self._counts_from = clock() + grace_s
        self._checked = clock()

    def arrived(self) -> WatchdogChange | None:
        with self._lock:
            now = self._clock()
            self.expected, self._last_arrival, self._counts_from = True, now, max(now, self._counts_from)
            was_silent, self.silent = self.silent, False
            return "returned" if was_silent else None

    def check(self) -> WatchdogChange | None:
        """Call about once a second."""
        with self._lock:
            now = self._clock()
            if now - self._checked > _OWN_PAUSE_S:
                self._counts_from = max(self._counts_from, now)
            self._checked = now
            if self.silent or not self.expected or now - self._counts_from <= self._silence_s:
                return None
            self.silent = True
            return "went silent"

    def age_s(self) -> float | None:
        """Time since the watchdog arrived; None before it first arrived at this process."""
        with self._lock:
            return None if self._last_arrival is None else self._clock() - self._last_arrival
