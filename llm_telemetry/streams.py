"""Streams that are observed while they are read, and otherwise are what they were.

The proxies hand every chunk on as it comes, answer for the stream's attributes and its class, and end the
observation when the stream ends, fails, is closed, or is forgotten.
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
    """A proxy for `result` where it is a stream, else None. `call` has begun and its span is current."""
    if isinstance(result, AsyncIterator):
        return ObservedAsyncStream(result, call, begun=True)
    if isinstance(result, Iterator):
        return ObservedStream(result, call, begun=True)
    return None


# What a stream or generator may be asked for by name and that has to be observed. A stream that lacks one
# must go on lacking it: others look which of them there are.
_OBSERVED_METHODS = frozenset({"send", "throw", "close", "asend", "athrow", "aclose"})


class _Proxy:
    def __init__(self, stream: Any, call: LLMCall, *, begun: bool = False) -> None:
        self._observed = stream
        self._observed_call = call
        self._observed_begun = begun
        # What is current while the stream's own code runs, not while its reader's does.
        self._observed_context: Context | None = context_api.get_current() if begun else None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._observed)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._observed, name)
        return getattr(self, f"_observed_{name}", value) if name in _OBSERVED_METHODS else value

    def _enter(self) -> Context:
        """Go into the context that the stream's own code left behind the last time; gives the reader's."""
        around = context_api.get_current()
        if self._observed_context is not None:
            context_api.attach(self._observed_context)
        return around

    def _leave(self, around: Context) -> None:
        self._observed_context = context_api.get_current()
        context_api.attach(around)

    def _begin(self) -> None:
        if not self._observed_begun:
            self._observed_begun = True
            self._observed_call.begin()

    def _end(self, error: BaseException) -> None:
        finished = isinstance(error, StopIteration | StopAsyncIteration)
        self._observed_call.end(None if finished else error)

    def _closed(self) -> None:
        """A stream that was closed or forgotten before its end: the reader went away."""
        if self._observed_begun:
            self._observed_call.end(GeneratorExit())

    def __del__(self) -> None:
        self._closed()


class ObservedStream(_Proxy):
    """A sync stream or generator."""

    def __iter__(self) -> ObservedStream:
        return self

    def __next__(self) -> Any:
        return self._step(self._observed.__next__)

    def _observed_send(self, value: Any) -> Any:
        return self._step(self._observed.send, value)

    def _observed_throw(self, *error: Any) -> Any:
        return self._step(self._observed.throw, *error)

    def _observed_close(self) -> None:
        """Close the stream; before its end this cancels the call."""
        around = self._enter()
        try:
            self._observed.close()
        finally:
            self._closed()
            self._leave(around)

    def __enter__(self) -> ObservedStream:
        self._observed.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        try:
            return self._observed.__exit__(*error)
        finally:
            self._closed()

    def _step(self, advance: Any, *args: Any) -> Any:
        around = self._enter()
        try:
            self._begin()
            chunk = advance(*args)
        except BaseException as error:
            self._end(error)
            raise
        finally:
            self._leave(around)
        self._observed_call.record_chunk(chunk)
        return chunk


class ObservedAsyncStream(_Proxy):
    """An async stream or generator."""

    def __aiter__(self) -> ObservedAsyncStream:
        return self

    async def __anext__(self) -> Any:
        return await self._step(self._observed.__anext__)

    async def _observed_asend(self, value: Any) -> Any:
        return await self._step(self._observed.asend, value)

    async def _observed_athrow(self, *error: Any) -> Any:
        return await self._step(self._observed.athrow, *error)

    async def _observed_aclose(self) -> None:
        """Close the stream; before its end this cancels the call."""
        around = self._enter()
        try:
            await self._observed.aclose()
        finally:
            self._closed()
            self._leave(around)

    async def _observed_close(self) -> None:
        """As OpenAI's async stream's; before its end this cancels the call."""
        around = self._enter()
        try:
            closing = self._observed.close()
            if inspect.isawaitable(closing):
                await closing
        finally:
            self._closed()
            self._leave(around)

    async def __aenter__(self) -> ObservedAsyncStream:
        await self._observed.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        try:
            return await self._observed.__aexit__(*error)
        finally:
            self._closed()

    async def _step(self, advance: Any, *args: Any) -> Any:
        around = self._enter()
        try:
            self._begin()
            chunk = await advance(*args)
        except BaseException as error:
            self._end(error)
            raise
        finally:
            self._leave(around)
        self._observed_call.record_chunk(chunk)
        return chunk
