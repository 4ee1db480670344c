"""Calls to the model provider: attempts, retries, breakers and fallback, each of them visible.

The official client is told not to retry: what it did on its own would be seen by nobody.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx2
from anyio import CancelScope
from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk
from tenacity import AsyncRetrying, RetryCallState

from demo_app.circuit_breaker import Attempt, CircuitBreaker
from demo_app.failures import CircuitOpen, EmptyAnswer, ModelFailure, UnusableAnswer
from demo_app.faults import LiveSettings
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
# One attempt at a model. Says itself when it succeeded; its exceptions are told to the breaker by who calls it.
Try = Callable[[str, Attempt], Awaitable[T]]


@dataclass(frozen=True)
class Answer:
    """A whole answer. `call` knows its usage and cost."""

    text: str
    call: LLMCall


class ModelClient:
    """The models the application may use: the wanted one, its fallback, and the one for embeddings."""

    def __init__(self, live: LiveSettings, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._live = live
        settings = live.now
        timeout = httpx2.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s)
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
        self._http = httpx2.AsyncClient(timeout=timeout, limits=limits, transport=transport)
        self._openai = AsyncOpenAI(max_retries=0, timeout=timeout, http_client=self._http)
        self._budget = RetryBudget()
        self._breakers: dict[str, CircuitBreaker] = {}
        for model in (settings.model, settings.fallback_model, settings.embedding_model):
            self._breaker(model)

    @property
    def _settings(self) -> DemoSettings:
        return self._live.now

    @property
    def embeddings(self) -> str:
        """Names the vectors that `embed` gives: those of another name must not be compared with them."""
        return f"{self._openai.base_url} {self._settings.embedding_model} {self._settings.embedding_dimensions}"

    async def close(self) -> None:
        """Close the connections."""
        await self._openai.close()

    async def complete(self, generation: Generation, model: str, messages: Sequence[Message], check: Check) -> Answer:
        """A whole answer of `model`, or of its fallback, that passed `check`.

        Raises:
            ModelFailure: no model gave one.
        """

        async def attempt(model: str, passed: Attempt) -> Answer:
            with self._observed(model, messages) as call:
                async with asyncio.timeout(self._settings.attempt_timeout_s):
                    response = await self._openai.chat.completions.create(**self._request(model, messages))
                call.record_response(response)
                if not response.choices:
                    raise EmptyAnswer
                text = response.choices[0].message.content or ""
                check(text, response.choices[0].finish_reason)
            passed.succeeded()
            return Answer(text, call)

        return await self._first_success(generation, model, attempt)

    async def stream(
        self,
        generation: Generation,
        model: str,
        messages: Sequence[Message],
        check_part: Callable[[str], None],
        check: Check,
    ) -> AsyncGenerator[str, None]:
        """The parts of an answer of `model` as they come. Until the first one there may be retries and a fallback.

        Raises:
            ModelFailure: no model gave an answer, or it broke off, or it failed a check.
        """

        async def attempt(model: str, passed: Attempt) -> _OpenStream:
            call = self._observed(model, messages)
            call.begin()
            chunks: AsyncStream[ChatCompletionChunk] | None = None
            try:
                async with asyncio.timeout(self._settings.attempt_timeout_s):
                    chunks = await self._openai.chat.completions.create(
                        **self._request(model, messages), stream=True, stream_options={"include_usage": True}
                    )
                    opened = _OpenStream(call, passed, chunks)
                    opened.first = await opened.next_text()
                if opened.first is None:
                    check("", opened.finish_reason)
            except BaseException as error:
                call.end(error)
                await _close(chunks)
                raise
            call.detach()
            return opened

        opened = await self._first_success(generation, model, attempt)
        text, part = "", opened.first
        try:
            while part is not None:
                text += part
                check_part(text)
                yield part
                part = await opened.next_text()
            check(text, opened.finish_reason)
        except BaseException as error:
            opened.call.end(error)
            _tell(opened.passed, error)
            if isinstance(error, Exception):
                raise ModelFailure(error_type(error)) from error
            raise
        finally:
            await _close(opened.chunks)
        opened.call.end()
        opened.passed.succeeded()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text.

        Raises:
            ModelFailure: the provider gave none.
        """

        async def attempt(model: str, passed: Attempt) -> list[list[float]]:
            options: dict[str, Any] = {}
            if self._settings.embedding_dimensions:
                options["dimensions"] = self._settings.embedding_dimensions
            with observe_llm_call(
                model, provider=self._settings.provider, operation=names.OPERATION_EMBEDDINGS
            ) as call:
                async with asyncio.timeout(self._settings.attempt_timeout_s):
                    response = await self._openai.embeddings.create(model=model, input=list(texts), **options)
                call.record_response(response)
            passed.succeeded()
            return [item.embedding for item in response.data]

        try:
            return await self._guarded(self._settings.embedding_model, attempt)
        except Exception as error:
            raise _failure(error) from error

    async def _first_success(self, generation: Generation, wanted: str, attempt: Try[T]) -> T:
        """What `attempt` gives for the wanted model, after retries, or else for the fallback."""
        self._budget.request()
        failure: Exception | None = None
        attempted = False
        for model in dict.fromkeys((wanted, self._settings.fallback_model)):
            if attempted and not self._may_try_again():
                break
            try:
                return await self._with_retries(model, attempt)
            except CircuitOpen as error:
                generation.refused(model)
                failure = failure or error
            except Exception as error:
                failure, attempted = error, True
                if error_type(error) not in _TRANSIENT:
                    break
        assert failure is not None
        raise _failure(failure) from failure

    async def _with_retries(self, model: str, attempt: Try[T]) -> T:
        started = time.monotonic()
        failure: Exception | None = None

        def again(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            return (
                error is not None
                and error_type(error) in _TRANSIENT
                and not isinstance(error, CircuitOpen)
                and state.attempt_number < self._settings.max_attempts
                and (_retry_after_s(error) or 0.0) <= self._settings.longest_retry_wait_s
                and time.monotonic() - started < self._settings.attempt_timeout_s
                and self._breaker(model).state() == names.BREAKER_CLOSED
                and self._may_try_again()
            )

        try:
            async for retry in AsyncRetrying(retry=again, wait=_wait_s, reraise=True):
                with retry:
                    try:
                        return await self._guarded(model, attempt)
                    except CircuitOpen:
                        raise
                    except Exception as error:
                        failure = error
                        raise
        except CircuitOpen:
            if failure is None:
                raise
            raise failure from None  # others opened it during our wait; what we saw is why there is no answer
        raise AssertionError("tenacity ends with a result or an exception")

    async def _guarded(self, model: str, attempt: Try[T]) -> T:
        """One attempt, if the model's breaker lets it through."""
        passed = self._breaker(model).enter()
        try:
            return await attempt(model, passed)
        except BaseException as error:
            _tell(passed, error)
            raise

    def _may_try_again(self) -> bool:
        return not self._settings.retry_budget or self._budget.withdraw()

    def _breaker(self, model: str) -> CircuitBreaker:
        if model not in self._breakers:
            settings = self._settings
            breaker = CircuitBreaker(model, settings.breaker_failures, settings.breaker_open_s)
            self._breakers[model] = breaker
            register_breaker(settings.provider, model, breaker.state)
        return self._breakers[model]

    def _observed(self, model: str, messages: Sequence[Message]) -> LLMCall:
        return observe_llm_call(model, provider=self._settings.provider, prompt=messages)

    def _request(self, model: str, messages: Sequence[Message]) -> dict[str, Any]:
        return {"model": model, "messages": list(messages), "max_tokens": self._settings.max_output_tokens}


@dataclass
class _OpenStream:
    """A stream that has begun. What it says is read here, and not off `call`: telemetry may be broken."""

    call: LLMCall
    passed: Attempt
    chunks: AsyncStream[ChatCompletionChunk]
    first: str | None = None  # None: the stream ended without text
    finish_reason: str | None = None

    async def next_text(self) -> str | None:
        """The next text, None at the end; chunks without text are only recorded."""
        while (chunk := await anext(self.chunks, None)) is not None:
            self.call.record_chunk(chunk)
            if chunk.choices:
                self.finish_reason = chunk.choices[0].finish_reason or self.finish_reason
                if text := chunk.choices[0].delta.content:
                    return text
        return None


async def _close(chunks: AsyncStream[ChatCompletionChunk] | None) -> None:
    if chunks is not None:
        with CancelScope(shield=True):  # a reader that hangs up must not leave the connection open
            await chunks.close()


def _tell(passed: Attempt, error: BaseException) -> None:
    """Tell the breaker what an attempt that ended with `error` says of the model."""
    if error_type(error) in _MODELS_FAULT:
        passed.failed()
    elif isinstance(error, UnusableAnswer):
        passed.succeeded()
    else:
        passed.neither()


def _failure(error: Exception) -> ModelFailure:
    if isinstance(error, ModelFailure):
        return error
    wait_s = error.retry_after_s if isinstance(error, CircuitOpen) else _retry_after_s(error)
    return ModelFailure(error_type(error), retry_after_s=wait_s)


def _retry_after_s(error: BaseException) -> float | None:
    """The provider's `Retry-After`, in seconds or as a date (RFC 9110), where it gave one."""
    response = getattr(error, "response", None)
    value = response.headers.get("retry-after") if response is not None else None
    if value is None:
        return None
    try:
        seconds = float(value) if value.strip()[:1].isdigit() else _seconds_until(value)
    except ValueError:
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    moment = parsedate_to_datetime(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()


def _wait_s(state: RetryCallState) -> float:
    """As long as the provider asks for; else growing, and random so that not all come back at once."""
    error = state.outcome.exception() if state.outcome else None
    asked = _retry_after_s(error) if error else None
    if asked is not None:
        return asked
    backoff: float = min(_FIRST_WAIT_S * 2 ** (state.attempt_number - 1), _LONGEST_BACKOFF_S)
    return backoff * random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
