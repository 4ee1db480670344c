"""Limits how many generations run at a time and how many wait."""

from __future__ import annotations

import math
import time
from typing import Self

from anyio import CapacityLimiter

from demo_app.failures import QueueFull

_INITIAL_MEAN_S = 2.0  # assumed duration of a generation until one has finished
_WEIGHT = 0.1  # of the newest duration in the exponential moving average


class BoundedQueue:
    """`concurrency` slots, and a queue of at most `capacity` that wait for a slot. For one event loop."""

    def __init__(self, concurrency: int, capacity: int) -> None:
        self._slots = CapacityLimiter(concurrency)
        self._capacity = capacity
        self._tickets = 0
        self._mean_s = _INITIAL_MEAN_S

    @property
    def concurrency(self) -> int:
        """Number of slots. New slots go to waiting tickets at once; if slots are removed, no running ticket ends."""
        return int(self._slots.total_tokens)

    @concurrency.setter
    def concurrency(self, slots: int) -> None:
        self._slots.total_tokens = slots

    def reserve(self) -> Ticket:
        """Return a ticket that gets a slot, now or after a wait.

        Raises QueueFull: the queue is full. `retry_after_s` estimates when a slot is free.
        """
        if self._tickets >= self.concurrency + self._capacity:
            wait_s = math.ceil(self._capacity / self.concurrency * self._mean_s) or 1
            raise QueueFull("Too many questions are being answered.", f"Try again in {wait_s} s.", retry_after_s=wait_s)
        return Ticket(self)


class Ticket:
    """A slot, or a place in the queue, from creation to `release` or to the end of a `with` block."""

    def __init__(self, queue: BoundedQueue) -> None:
        self._queue = queue
        self._slot_taken_at: float | None = None
        self._released = False
        queue._tickets += 1

    def __enter__(self) -> Self:
        return self

    async def wait(self) -> None:
        await self._queue._slots.acquire_on_behalf_of(self)
        self._slot_taken_at = time.monotonic()

    def __exit__(self, *_error: object) -> None:
        self.release()

    def release(self) -> None:
        """Free the slot. Further calls do nothing."""
        if self._released:
            return
        self._released = True
        queue = self._queue
        queue._tickets -= 1
        if self._slot_taken_at is not None:
            queue._mean_s += _WEIGHT * (time.monotonic() - self._slot_taken_at - queue._mean_s)
            queue._slots.release_on_behalf_of(self)
