"""A limit on how many generations run at a time, and on how many may wait for it."""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import Self

from anyio import CapacityLimiter

from demo_app.failures import QueueFull

_FIRST_GUESS_S = 2.0  # how long a generation takes, before one has been seen
_WEIGHT = 0.1  # of the newest in the running mean


class BoundedQueue:
    """`concurrency` places and `capacity` who may wait for one. For one event loop."""

    def __init__(self, concurrency: int, capacity: int) -> None:
        self._places = CapacityLimiter(concurrency)
        self._capacity = capacity
        self._inside = 0
        self._mean_s = _FIRST_GUESS_S

    @property
    def concurrency(self) -> int:
        """How many may run at a time. More places are taken at once by who waits; of fewer nobody loses one."""
        return int(self._places.total_tokens)

    @concurrency.setter
    def concurrency(self, places: int) -> None:
        self._places.total_tokens = places

    def reserve(self) -> Ticket:
        """A ticket for a place, now or after a wait.

        Raises:
            QueueFull: with the seconds after which a place is likely.
        """
        if self._inside >= self.concurrency + self._capacity:
            wait_s = math.ceil(self._capacity / self.concurrency * self._mean_s) or 1
            raise QueueFull("Too many questions are being answered.", f"Try again in {wait_s} s.", retry_after_s=wait_s)
        return Ticket(self)


class Ticket:
    """Holds a place, or a place in the queue, from the start until `release` or the end of a `with` block."""

    def __init__(self, queue: BoundedQueue) -> None:
        self._queue = queue
        self._placed_at: float | None = None
        self._released = False
        queue._inside += 1

    def __enter__(self) -> Self:
        return self

    async def wait(self) -> None:
        """Wait for the place."""
        await self._queue._places.acquire_on_behalf_of(self)
        self._placed_at = time.monotonic()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Give the place back; once only, however often it is called."""
        if self._released:
            return
        self._released = True
        queue = self._queue
        queue._inside -= 1
        if self._placed_at is not None:
            queue._mean_s += _WEIGHT * (time.monotonic() - self._placed_at - queue._mean_s)
            queue._places.release_on_behalf_of(self)
