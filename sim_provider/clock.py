"""Where the provider reads the time, so that a test can move it."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`monotonic` in seconds from any start, for durations and expiry; `unix` in seconds since 1970, for records."""

    monotonic: Callable[[], float] = time.monotonic
    unix: Callable[[], float] = time.time


SYSTEM_CLOCK = Clock()
