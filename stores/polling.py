"""Waits for what arrives later: telemetry is seen seconds after it was sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from stores.errors import StoreError

T = TypeVar("T")


class NotInTime(AssertionError):
    """What was waited for did not come. `last` is what was seen instead, or the StoreError."""

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
    """Ask again and again until the answer is accepted, and return it. A StoreError counts as an answer not accepted.

    Args:
        ask: asks once.
        accept: whether the answer is the one waited for; by default one that is not empty.
        timeout_s: how long.
        every_s: pause between two.

    Raises:
        NotInTime: with what was seen last.
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
            raise NotInTime(timeout_s, last)
        time.sleep(every_s)
