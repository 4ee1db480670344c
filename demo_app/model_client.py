"""Calls to the model provider: attempts, retries, breakers and fallback, each of them visible.

The official client is told not to retry: what it did on its own would be seen by nobody.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
from anyio import CancelScope
from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk
from tenacity import AsyncRetrying, RetryCallState

from demo_app.circuit_breaker import CircuitBreaker
from demo_app.failures import CircuitOpen, CutOffAnswer, ModelFailure, UnusableAnswer
from demo_app.prompts import Message
from demo_app.retry_budget import RetryBudget
from demo_app.settings import DemoSettings
from llm_telemetry import Generation, LLMCall, names, observe_llm_call, register_breaker
from llm_telemetry.errors import error_type

T = TypeVar("T")

# What another attempt can mend.
_TRANSIENT = {names.RATE_LIMIT, names.SERVER_ERROR, names.TIMEOUT, names.CONNECTION, names.VALIDATION_FAILED}
# What is held against the model. A limit is not: it is the provider at work, and it says when to come back.
_MODELS_FAULT = {names.SERVER_ERROR, names.TIMEOUT, names.CONNECTION}
_FIRST_WAIT_S, _LONGEST_BACKOFF_S = 0.2, 2.0

Check = Callable[[str, str | None], None]  # whole text and finish reason; raises UnusableAnswer


@dataclass(frozen=True)
class Answer:
    """A whole answer. `call` knows its usage and cost."""

    text: str
    call: LLMCall


class ModelClient:
    """The models the application may use: the wanted one, its fallback, and the one for embeddings."""

    def __init__(self, settings: DemoSettings, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        timeout = httpx2.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s)
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
        self._http = httpx2.AsyncClient(timeout=timeout, limits=limits, transport=transport)
        self._openai = AsyncOpenAI(max_retries=0, timeout=timeout, http_client=self._http)
        self.budget = RetryBudget(limited=settings.retry_budget)
        self.breakers = {
            model: CircuitBreaker(model, settings.breaker_failures, settings.breaker_open_s)
            for model in (settings.model, settings.fallback_model, settings.embedding_model)
        }
        for model, breaker in self.breakers.items():
            register_breaker(settings.provider, model, breaker.state)

    async def close(self) -> None:
        """Close the connections."""
        await self._openai.close()

    async def complete(self, generation: Generation, messages: Sequence[Message], check: Check) -> Answer:
        """A whole answer that passed `check`.

        Raises:
            ModelFailure: no model gave one.
        """

        async def attempt(model: str) -> Answer:
            with self._observed(model, messages) as call:
                async with asyncio.timeout(self._settings.attempt_timeout_s):
                    response = await self._openai.chat.completions.create(**self._request(model, messages))
                call.record_response(response)
                text = response.choices[0].message.content or ""
                check(text, call.finish_reason)
                return Answer(text, call)

        return await self._first_success(generation, attempt)

    async def stream(
        self, generation: Generation, messages: Sequence[Message], check_part: Callable[[str], None], check: Check
    ) -> AsyncGenerator[str, None]:
        """The parts of an answer as they come. Until the first one there may be retries and a fallback.

        Raises:
            ModelFailure: no model gave an answer, or it broke off, or it failed a check.
        """

        async def attempt(model: str) -> _OpenStream:
            call = self._observed(model, messages)
            call.begin()
            try:
                chunks = await self._openai.chat.completions.create(
                    **self._request(model, messages), stream=True, stream_options={"include_usage": True}
                )
                opened = _OpenStream(call, chunks, await _next_text(call, chunks))
                if opened.first is None:
                    check("", call.finish_reason)
            except BaseException as error:
                call.end(error)
                raise
            call.detach()
            return opened

        opened = await self._first_success(generation, attempt)
        text, part = "", opened.first
        try:
            while part is not None:
                text += part
                check_part(text)
                yield part
                part = await _next_text(opened.call, opened.chunks)
            check(text, opened.call.finish_reason)
        except BaseException as error:
            opened.call.end(error)
            if error_type(error) in _MODELS_FAULT:
                self.breakers[opened.call.model].failed()
            if isinstance(error, Exception):
                raise ModelFailure(error_type(error)) from error
            raise
        finally:
            with CancelScope(shield=True):  # a reader that hangs up must not leave the connection open
                await opened.chunks.close()
        opened.call.end()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text.

        Raises:
            ModelFailure: the provider gave none.
        """
        model = self._settings.embedding_model

        async def attempt(model: str) -> list[list[float]]:
            with observe_llm_call(
                model, provider=self._settings.provider, operation=names.OPERATION_EMBEDDINGS
            ) as call:
                options: dict[str, Any] = {}
                if self._settings.embedding_dimensions:
                    options["dimensions"] = self._settings.embedding_dimensions
                response = await self._openai.embeddings.create(model=model, input=list(texts), **options)
                call.record_response(response)
                return [item.embedding for item in response.data]

        try:
            return await self._guarded(model, attempt)
        except Exception as error:
            raise _failure(error) from error

    async def _first_success(self, generation: Generation, attempt: Callable[[str], Awaitable[T]]) -> T:
        """What `attempt` gives for the wanted model, after retries, or else for the fallback."""
        self.budget.request()
        failure: Exception | None = None
        for model in dict.fromkeys((self._settings.model, self._settings.fallback_model)):
            if generation.attempts and not self.budget.withdraw():
                break
            try:
                return await self._with_retries(model, attempt)
            except CircuitOpen as error:
                generation.refused(model)
                failure = failure or error
            except Exception as error:
                failure = error
                if error_type(error) not in _TRANSIENT:
                    break
        assert failure is not None
        raise _failure(failure) from failure

    async def _with_retries(self, model: str, attempt: Callable[[str], Awaitable[T]]) -> T:
        started = time.monotonic()

        def again(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            return (
                error is not None
                and error_type(error) in _TRANSIENT
                and not isinstance(error, CircuitOpen)
                and state.attempt_number < self._settings.max_attempts
                and (_retry_after_s(error) or 0.0) <= self._settings.longest_retry_wait_s
                and time.monotonic() - started < self._settings.attempt_timeout_s
                and self.budget.withdraw()
            )

        async for retry in AsyncRetrying(retry=again, wait=_wait_s, reraise=True):
            with retry:
                return await self._guarded(model, attempt)
        raise AssertionError("tenacity ends with a result or an exception")

    async def _guarded(self, model: str, attempt: Callable[[str], Awaitable[T]]) -> T:
        """One attempt, if the model's breaker lets it through; what becomes of it goes into the breaker."""
        breaker = self.breakers[model]
        breaker.enter()
        try:
            result = await attempt(model)
        except UnusableAnswer as error:
            breaker.failed() if isinstance(error, CutOffAnswer) else breaker.succeeded()
            raise
        except BaseException as error:
            breaker.failed() if error_type(error) in _MODELS_FAULT else breaker.neither()
            raise
        breaker.succeeded()
        return result

    def _observed(self, model: str, messages: Sequence[Message]) -> LLMCall:
        return observe_llm_call(model, provider=self._settings.provider, prompt=messages)

    def _request(self, model: str, messages: Sequence[Message]) -> dict[str, Any]:
        return {"model": model, "messages": list(messages), "max_tokens": self._settings.max_output_tokens}


@dataclass(frozen=True)
class _OpenStream:
    call: LLMCall
    chunks: AsyncStream[ChatCompletionChunk]
    first: str | None  # None: the stream ended without text


async def _next_text(call: LLMCall, chunks: AsyncStream[ChatCompletionChunk]) -> str | None:
    """The next text of the stream, None at its end; chunks without text are only recorded."""
    async for chunk in chunks:
        call.record_chunk(chunk)
        if chunk.choices and (text := chunk.choices[0].delta.content):
            return text
    return None


def _failure(error: Exception) -> ModelFailure:
    if isinstance(error, ModelFailure):
        return error
    wait_s = error.retry_after_s if isinstance(error, CircuitOpen) else _retry_after_s(error)
    return ModelFailure(error_type(error), retry_after_s=wait_s)


def _retry_after_s(error: BaseException) -> float | None:
    """The provider's `Retry-After`, where it gave one in seconds."""
    response = getattr(error, "response", None)
    value = response.headers.get("retry-after") if response is not None else None
    try:
        return max(float(value), 0.0) if value is not None else None
    except ValueError:
        return None


def _wait_s(state: RetryCallState) -> float:
    """As long as the provider asks for; else growing, and random so that not all come back at once."""
    error = state.outcome.exception() if state.outcome else None
    asked = _retry_after_s(error) if error else None
    if asked is not None:
        return asked
    backoff: float = min(_FIRST_WAIT_S * 2 ** (state.attempt_number - 1), _LONGEST_BACKOFF_S)
    return backoff * random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
