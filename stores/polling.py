"""Waits for telemetry, which can be queried only seconds after it was sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from stores.errors import StoreError

T = TypeVar("T")


class PollTimeout(AssertionError):
    """The condition was not met in time. `last` is the last answer or StoreError."""

    def __init__(self, timeout_s: float, last: object) -> None:
        shown = str(last) if isinstance(last, StoreError) else repr(last)
        super().__init__(f"not within {timeout_s:g} s; seen last: {shown}")
        self.last = last


def poll_until(
    ask: Callable[[], T],
    accept: Callable[[T], object] = bool,
    timeout_s: float = 10.0,
    every_s: float = 0.1,
) -> T:
    """Ask until an answer is accepted, and return it. After a StoreError, ask again.

    By default every answer that is true or not empty is accepted.

    Raises:
        PollTimeout: no answer was accepted in time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        last: object
        try:
            answer = ask()
            if accept(answer):
                return answer
            last = answer
        except StoreError as error:
            last = error
        if time.monotonic() >= deadline:
            raise PollTimeout(timeout_s, last)
        time.sleep(every_s)
