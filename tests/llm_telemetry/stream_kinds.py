"""Streams of every kind: generators, and classes like those of provider clients."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

from recorded_telemetry import ENDPOINT, Recorded, chunks

import llm_telemetry as lt


class Stream:
    """Like a client's stream: an iterator with attributes and `close` that is a context manager."""

    def __init__(self) -> None:
        self._chunks = iter(chunks())
        self.response = "the response"
        self.closed = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._chunks)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> Literal[False]:
        self.close()
        return False

    def close(self) -> None:
        self.closed = True


class AsyncStream:
    """The asynchronous form of Stream."""

    def __init__(self) -> None:
        self._chunks = iter(chunks())
        self.response = "the response"
        self.closed = False

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        await asyncio.sleep(0)
        for piece in self._chunks:
            return piece
        raise StopAsyncIteration

    async def __aenter__(self) -> AsyncStream:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        self.closed = True


def generator() -> Iterator[Any]:
    yield from chunks()


async def async_generator() -> AsyncIterator[Any]:
    for piece in chunks():
        await asyncio.sleep(0)
        yield piece


def stream_of_function() -> Any:
    return Stream()


def async_stream_of_function() -> Any:
    return AsyncStream()


async def async_stream_of_coroutine() -> Any:
    return AsyncStream()


async def generator_of_coroutine() -> Any:
    return async_generator()


async def read(result: Any) -> list[Any]:
    """Read a stream of any kind to its end."""
    if inspect.isawaitable(result):
        result = await result
    return [piece async for piece in result] if hasattr(result, "__anext__") else list(result)


STREAMS = [generator, async_generator, stream_of_function, async_stream_of_function, async_stream_of_coroutine,
           generator_of_coroutine]  # fmt: skip


observe = lt.observe_llm_call("gpt-4o", provider="openai", endpoint=ENDPOINT, tenant_id="acme")


def status_of(recorded: Recorded) -> dict[str, float]:
    return {
        status: value
        for status in ("ok", "error", "cancelled")
        if (value := recorded.value("llm_requests_total", status=status))
    }
