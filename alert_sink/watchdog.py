"""Notices when the watchdog stops arriving: then Prometheus, its rules, or Alertmanager is broken."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable

WATCHDOG = "StackWatchdog"
SILENT = "StackWatchdogSilent"

# Longer between two looks, and this process itself was stopped: what was sent meanwhile is still to be read.
_OWN_PAUSE_S = 5.0


class Change(enum.Enum):
    """What a look found."""

    SILENT = "silent"
    BACK = "back"


class Watchdog:
    """Counts on a monotonic clock, so that setting the time changes nothing.

    Args:
        silence_s: without a watchdog, until it is silent.
        grace_s: after the start, in addition.
        expected: whether one ever came, before this process: without, nothing is missed.
        silent: whether it was silent already.
        clock: in seconds.
    """

    def __init__(
        self, silence_s: float, grace_s: float, *, expected: bool, silent: bool, clock: Callable[[], float]
    ) -> None:
        self._silence_s = silence_s
        self._clock = clock
        self._lock = threading.Lock()
        self._expected = expected
        self._silent = silent
        self._came: float | None = None
        self._counts_from = clock() + grace_s
        self._looked = clock()

    def came(self) -> Change | None:
        """It arrived."""
        with self._lock:
            now = self._clock()
            self._expected, self._came, self._counts_from = True, now, max(now, self._counts_from)
            was_silent, self._silent = self._silent, False
            return Change.BACK if was_silent else None

    def look(self) -> Change | None:
        """Call about every second."""
        with self._lock:
            now = self._clock()
            if now - self._looked > _OWN_PAUSE_S:
                self._counts_from = max(self._counts_from, now)
            self._looked = now
            if self._silent or not self._expected or now - self._counts_from <= self._silence_s:
                return None
            self._silent = True
            return Change.SILENT

    @property
    def silent(self) -> bool:
        """Whether it is missed."""
        return self._silent

    @property
    def expected(self) -> bool:
        """Whether one ever came."""
        return self._expected

    def age(self) -> float | None:
        """Seconds since it came; None before it came to this process."""
        with self._lock:
            return None if self._came is None else self._clock() - self._came
