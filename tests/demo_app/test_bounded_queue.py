"""The queue limits the running and the waiting generations, and frees every slot exactly once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from demo_app.bounded_queue import BoundedQueue
from demo_app.failures import QueueFull


async def settle() -> None:
    """Let every task run until it has to wait."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_full_queue_raises_and_a_free_slot_is_taken() -> None:
    queue = BoundedQueue(2, 1)
    first, second, third = (queue.reserve() for _ in range(3))
    with pytest.raises(QueueFull) as full:
        queue.reserve()
    assert full.value.retry_after_s == 1
    await first.wait()
    await second.wait()
    waiting = asyncio.create_task(third.wait())
    await settle()
    assert not waiting.done()
    first.release()
    await waiting
    queue.reserve()


async def test_a_reserved_slot_counts_before_it_is_used() -> None:
    queue = BoundedQueue(1, 0)
    ticket = queue.reserve()
    with pytest.raises(QueueFull):
        queue.reserve()
    with ticket:
        pass
    queue.reserve()


async def test_a_slot_is_released_once() -> None:
    queue = BoundedQueue(1, 0)
    ticket = queue.reserve()
    await ticket.wait()
    for _ in range(3):
        ticket.release()
    other = queue.reserve()
    await other.wait()
    with pytest.raises(QueueFull):
        queue.reserve()


async def test_a_cancelled_wait_takes_no_slot() -> None:
    queue = BoundedQueue(1, 2)
    first, second, third = (queue.reserve() for _ in range(3))
    await first.wait()
    waiting = asyncio.create_task(second.wait())
    await settle()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    second.release()
    first.release()
    await asyncio.wait_for(third.wait(), 5)


async def test_more_slots_go_to_the_longest_waiting() -> None:
    queue = BoundedQueue(1, 4)
    tickets = [queue.reserve() for _ in range(5)]
    waiting = [asyncio.create_task(ticket.wait()) for ticket in tickets]
    await asyncio.wait_for(waiting[0], 5)
    queue.concurrency = 3
    await asyncio.wait_for(asyncio.gather(*waiting[:3]), 5)
    await settle()
    assert not waiting[3].done()
    tickets[0].release()
    await asyncio.wait_for(waiting[3], 5)
    await settle()
    assert not waiting[4].done()
    tickets[1].release()
    await asyncio.wait_for(waiting[4], 5)


async def test_running_generations_keep_their_slots_when_slots_are_removed() -> None:
    queue = BoundedQueue(3, 2)
    running = [queue.reserve() for _ in range(3)]
    for ticket in running:
        await ticket.wait()
    queue.concurrency = 1
    with pytest.raises(QueueFull) as full:
        queue.reserve()
    assert full.value.retry_after_s == 4, "two wait for one place, and not for three"
    running[0].release()
    next_one = queue.reserve()
    waiting = asyncio.create_task(next_one.wait())
    running[1].release()
    await settle()
    assert not waiting.done(), "one still runs, and there is one place"
    running[2].release()
    await asyncio.wait_for(waiting, 5)


async def test_retry_after_follows_the_duration_of_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("demo_app.bounded_queue.time", SimpleNamespace(monotonic=lambda: now[0]))
    queue = BoundedQueue(1, 2)
    for _ in range(200):
        ticket = queue.reserve()
        await ticket.wait()
        now[0] += 20.0
        ticket.release()
    for _ in range(3):
        queue.reserve()
    with pytest.raises(QueueFull) as full:
        queue.reserve()
    assert full.value.retry_after_s == 40
    assert full.value.hint == "Try again in 40 s."
