"""Calls to the model provider with retries, circuit breakers and a fallback.

The official client's own retries are switched off, because they would not be visible in telemetry.
"""

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

from demo_app.circuit_breaker import BreakerPermit, CircuitBreaker
from demo_app.failures import CircuitOpen, EmptyAnswer, ModelFailure, UnusableAnswer
from demo_app.faults import LiveSettings
from demo_app.prompts import Message
from demo_app.retry_budget import RetryBudget
from demo_app.settings import DemoSettings
from llm_telemetry import Generation, LLMCall, names, observe_llm_call, register_breaker
from llm_telemetry.errors import error_type

T = TypeVar("T")

# Errors after which another attempt may succeed.
_TRANSIENT = {names.RATE_LIMIT, names.SERVER_ERROR, names.TIMEOUT, names.CONNECTION, names.VALIDATION_FAILED}
# Errors that open the circuit breaker. A rate limit does not: the provider works, and tells when to try again.
_COUNTS_AGAINST_MODEL = {names.SERVER_ERROR, names.TIMEOUT, names.CONNECTION}
_FIRST_WAIT_S, _MAX_BACKOFF_S = 0.2, 2.0

Check = Callable[[str, str | None], None]  # whole text and finish reason; raises UnusableAnswer
# One attempt at a model. The function reports success to the permit; its caller reports exceptions.
AttemptFunction = Callable[[str, BreakerPermit], Awaitable[T]]


class ModelClient:
    """The models that the application uses: the requested model, its fallback and the embedding model."""

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
        """Identifies the vectors that `embed` returns. Vectors with another identifier cannot be compared with them."""
        return f"{self._openai.base_url} {self._settings.embedding_model} {self._settings.embedding_dimensions}"

    async def close(self) -> None:
        await self._openai.close()

    async def complete(self, generation: Generation, model: str, messages: Sequence[Message], check: Check) -> str:
        """Return an answer of `model`, or of its fallback, that passes `check`.

        Raises ModelFailure: no model gave such an answer.
        """

        async def attempt(model: str, permit: BreakerPermit) -> str:
            with self._observed(model, messages) as call:
                async with asyncio.timeout(self._settings.attempt_timeout_s):
                    response = await self._openai.chat.completions.create(**self._request(model, messages))
                call.record_response(response)
                if not response.choices:
                    raise EmptyAnswer
                text = response.choices[0].message.content or ""
                check(text, response.choices[0].finish_reason)
            permit.succeeded()
            return text

        return await self._first_success(generation, model, attempt)

    async def stream(
        self,
        generation: Generation,
        model: str,
        messages: Sequence[Message],
        check_part: Callable[[str], None],
        check: Check,
    ) -> AsyncGenerator[str, None]:
        """Yield the parts of an answer of `model`. Retries and the fallback are possible before the first part only.

        Raises ModelFailure: no model gave an answer, or the answer broke off or failed a check.
        """

        async def attempt(model: str, permit: BreakerPermit) -> _OpenStream:
            call = self._observed(model, messages)
            call.begin()
            chunks: AsyncStream[ChatCompletionChunk] | None = None
            try:
                async with asyncio.timeout(self._settings.attempt_timeout_s):
                    chunks = await self._openai.chat.completions.create(
                        **self._request(model, messages), stream=True, stream_options={"include_usage": True}
                    )
                    opened = _OpenStream(call, permit, chunks)
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
            _report(opened.permit, error)
            if isinstance(error, Exception):
                raise ModelFailure(error_type(error)) from error
            raise
        finally:
            await _close(opened.chunks)
        opened.call.end()
        opened.permit.succeeded()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text. Raises ModelFailure: the provider returned no vectors."""

        async def attempt(model: str, permit: BreakerPermit) -> list[list[float]]:
            settings = self._settings
            options: dict[str, Any] = {}
            if settings.embedding_dimensions:
                options["dimensions"] = settings.embedding_dimensions
            with observe_llm_call(model, provider=settings.provider, operation=names.OPERATION_EMBEDDINGS) as call:
                async with asyncio.timeout(settings.attempt_timeout_s):
                    response = await self._openai.embeddings.create(model=model, input=list(texts), **options)
                call.record_response(response)
            permit.succeeded()
            return [item.embedding for item in response.data]

        try:
            return await self._attempt_with_breaker(self._settings.embedding_model, attempt)
        except Exception as error:
            raise _model_failure(error) from error

    async def _first_success(self, generation: Generation, wanted: str, attempt: AttemptFunction[T]) -> T:
        self._budget.add_request()
        failure: Exception | None = None
        attempted = False
        for model in dict.fromkeys((wanted, self._settings.fallback_model)):
            if attempted and not self._retry_is_allowed():
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
        raise _model_failure(failure) from failure

    async def _with_retries(self, model: str, attempt: AttemptFunction[T]) -> T:
        started = time.monotonic()
        failure: Exception | None = None

        def should_retry(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            return (
                error is not None
                and error_type(error) in _TRANSIENT
                and not isinstance(error, CircuitOpen)
                and state.attempt_number < self._settings.max_attempts
                and (_retry_after_s(error) or 0.0) <= self._settings.longest_retry_wait_s
                and time.monotonic() - started < self._settings.attempt_timeout_s
                and self._breaker(model).state() == names.BREAKER_CLOSED
                and self._retry_is_allowed()
            )

        try:
            async for retry in AsyncRetrying(retry=should_retry, wait=_wait_s, reraise=True):
                with retry:
                    try:
                        return await self._attempt_with_breaker(model, attempt)
                    except CircuitOpen:
                        raise
                    except Exception as error:
                        failure = error
                        raise
        except CircuitOpen:
            if failure is None:
                raise
            raise failure from None  # the breaker opened while this call waited; report its own failure
        raise AssertionError("tenacity ends with a result or an exception")

    async def _attempt_with_breaker(self, model: str, attempt: AttemptFunction[T]) -> T:
        permit = self._breaker(model).enter()
        try:
            return await attempt(model, permit)
        except BaseException as error:
            _report(permit, error)
            raise

    def _retry_is_allowed(self) -> bool:
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
    """A stream that has begun. Its values are read here and not from `call`, because telemetry may fail."""

    call: LLMCall
    permit: BreakerPermit
    chunks: AsyncStream[ChatCompletionChunk]
    first: str | None = None  # None: the stream ended without text
    finish_reason: str | None = None

    async def next_text(self) -> str | None:
        """None at the end. Chunks without text are recorded and skipped."""
        while (chunk := await anext(self.chunks, None)) is not None:
            self.call.record_chunk(chunk)
            if chunk.choices:
                self.finish_reason = chunk.choices[0].finish_reason or self.finish_reason
                if text := chunk.choices[0].delta.content:
                    return text
        return None


async def _close(chunks: AsyncStream[ChatCompletionChunk] | None) -> None:
    if chunks is not None:
        with CancelScope(shield=True):  # also if the client hangs up and the task is cancelled
            await chunks.close()


def _report(permit: BreakerPermit, error: BaseException) -> None:
    if error_type(error) in _COUNTS_AGAINST_MODEL:
        permit.failed()
    elif isinstance(error, UnusableAnswer):
        permit.succeeded()
    else:
        permit.inconclusive()


def _model_failure(error: Exception) -> ModelFailure:
    if isinstance(error, ModelFailure):
        return error
    wait_s = error.retry_after_s if isinstance(error, CircuitOpen) else _retry_after_s(error)
    return ModelFailure(error_type(error), retry_after_s=wait_s)


def _retry_after_s(error: BaseException) -> float | None:
    """Return the provider's `Retry-After` in seconds, or None. The header has seconds or a date (RFC 9110)."""
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
    """Return `Retry-After`, else a growing backoff in seconds, random so that not all clients retry at once."""
    error = state.outcome.exception() if state.outcome else None
    requested = _retry_after_s(error) if error else None
    if requested is not None:
        return requested
    backoff: float = min(_FIRST_WAIT_S * 2 ** (state.attempt_number - 1), _MAX_BACKOFF_S)
    return backoff * random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
