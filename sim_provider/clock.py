"""The clock of the provider. A test replaces it to move the time."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Two functions that return seconds: `monotonic` for durations and expiry, `unix` (since 1970) for the ledger."""

    monotonic: Callable[[], float] = time.monotonic
    unix: Callable[[], float] = time.time


SYSTEM_CLOCK = Clock()
