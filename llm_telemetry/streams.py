"""Proxies that observe a stream while the application reads it.

A proxy passes every chunk on at once and behaves like the stream: same attributes, same class. It ends the
observation when the stream ends, fails, is closed, or is garbage-collected.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from opentelemetry import context as context_api
from opentelemetry.context import Context

if TYPE_CHECKING:
    from llm_telemetry.llm_call import LLMCall


def observed_stream(result: Any, call: LLMCall) -> ObservedStream | ObservedAsyncStream | None:
    """Return a proxy for `result` if it is a stream, else None. `call` has begun and its span is current."""
    if isinstance(result, AsyncIterator):
        return ObservedAsyncStream(result, call, begun=True)
    if isinstance(result, Iterator):
        return ObservedStream(result, call, begun=True)
    return None


# Methods that must be observed, if the stream has them. A stream without one of these methods must not get it
# from the proxy, because callers test with hasattr which methods a stream has.
_OBSERVED_METHODS = frozenset({"send", "throw", "close", "asend", "athrow", "aclose"})


class _Proxy:
    """What both proxies share. All its names start with `_observed`, so that they hide none of the stream's."""

    def __init__(self, stream: Any, call: LLMCall, *, begun: bool = False) -> None:
        self._observed = stream
        self._observed_call = call
        self._observed_begun = begun
        # The context in which the stream's own code runs; the code that reads the stream keeps its own.
        self._observed_context: Context | None = context_api.get_current() if begun else None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._observed)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._observed, name)
        return getattr(self, f"_observed_{name}", value) if name in _OBSERVED_METHODS else value

    def _observed_enter(self) -> Context:
        """Switch to the stream's context, as the stream's code last left it. Return the reader's context."""
        reader_context = context_api.get_current()
        if self._observed_context is not None:
            context_api.attach(self._observed_context)
        return reader_context

    def _observed_leave(self, reader_context: Context) -> None:
        self._observed_context = context_api.get_current()
        context_api.attach(reader_context)

    def _observed_begin(self) -> None:
        if not self._observed_begun:
            self._observed_begun = True
            self._observed_call.begin()

    def _observed_end(self, error: BaseException) -> None:
        finished = isinstance(error, StopIteration | StopAsyncIteration)
        self._observed_call.end(None if finished else error)

    def _observed_cancel(self) -> None:
        """End the call as cancelled. Does nothing if the stream was read to its end before."""
        if self._observed_begun:
            self._observed_call.end(GeneratorExit())

    def __del__(self) -> None:
        self._observed_cancel()


class ObservedStream(_Proxy):
    """Proxy for a synchronous stream or generator."""

    def __iter__(self) -> ObservedStream:
        return self

    def __next__(self) -> Any:
        return self._observed_step(self._observed.__next__)

    def _observed_send(self, value: Any) -> Any:
        return self._observed_step(self._observed.send, value)

    def _observed_throw(self, *error: Any) -> Any:
        return self._observed_step(self._observed.throw, *error)

    def _observed_close(self) -> None:
        reader_context = self._observed_enter()
        try:
            self._observed.close()
        finally:
            self._observed_cancel()
            self._observed_leave(reader_context)

    def __enter__(self) -> ObservedStream:
        self._observed.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        try:
            return self._observed.__exit__(*error)
        finally:
            self._observed_cancel()

    def _observed_step(self, advance: Any, *args: Any) -> Any:
        reader_context = self._observed_enter()
        try:
            self._observed_begin()
            chunk = advance(*args)
        except BaseException as error:
            self._observed_end(error)
            raise
        finally:
            self._observed_leave(reader_context)
        self._observed_call.record_chunk(chunk)
        return chunk


class ObservedAsyncStream(_Proxy):
    """Proxy for an asynchronous stream or generator."""

    def __aiter__(self) -> ObservedAsyncStream:
        return self

    async def __anext__(self) -> Any:
        return await self._observed_step(self._observed.__anext__)

    async def _observed_asend(self, value: Any) -> Any:
        return await self._observed_step(self._observed.asend, value)

    async def _observed_athrow(self, *error: Any) -> Any:
        return await self._observed_step(self._observed.athrow, *error)

    async def _observed_aclose(self) -> None:
        await self._observed_close_by(self._observed.aclose)

    async def _observed_close(self) -> None:
        """`close` of OpenAI's async stream is a coroutine function; other streams' `close` may not be."""
        await self._observed_close_by(self._observed.close)

    async def _observed_close_by(self, close: Any) -> None:
        reader_context = self._observed_enter()
        try:
            closing = close()
            if inspect.isawaitable(closing):
                await closing
        finally:
            self._observed_cancel()
            self._observed_leave(reader_context)

    async def __aenter__(self) -> ObservedAsyncStream:
        await self._observed.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        try:
            return await self._observed.__aexit__(*error)
        finally:
            self._observed_cancel()

    async def _observed_step(self, advance: Any, *args: Any) -> Any:
        reader_context = self._observed_enter()
        try:
            self._observed_begin()
            chunk = await advance(*args)
        except BaseException as error:
            self._observed_end(error)
            raise
        finally:
            self._observed_leave(reader_context)
        self._observed_call.record_chunk(chunk)
        return chunk
