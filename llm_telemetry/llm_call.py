"""One attempt at a provider: a `chat` span inside a generation, or an `embeddings` span."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from opentelemetry.trace import SpanKind

from llm_telemetry import names, responses
from llm_telemetry.block import Block, Scope, present
from llm_telemetry.errors import CANCELLATIONS, error_type
from llm_telemetry.generation import Generation, current_generation
from llm_telemetry.guard import never_raises
from llm_telemetry.prices import Cost, Usage
from llm_telemetry.privacy import captured
from llm_telemetry.settings import strip_provider
from llm_telemetry.spans import CurrentSpan
from llm_telemetry.state import Telemetry, duration_ms, telemetry
from llm_telemetry.streams import ObservedAsyncStream, ObservedStream, observed_stream

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@dataclass(slots=True)
class CallOptions:
    """What is known before the call."""

    model: str
    provider: str
    operation: str
    endpoint: str | None
    tenant_id: str | None
    user_id: str | None
    prompt_version: str | None
    prompt: Any


def observe_llm_call(
    model: str,
    *,
    provider: str = names.UNKNOWN,
    operation: str = names.OPERATION_CHAT,
    endpoint: str | None = None,
    tenant_id: str | None = None,
    user_id: str | None = None,
    prompt_version: str | None = None,
    prompt: Any = None,
) -> LLMCall:
    """Observe one call of a model: as a block (`with`, `async with`) or as a decorator.

    In a block say what came: `record_response`, or `stream` / `astream` around the chunks. A decorated
    function may be sync, async or a generator, and return an answer or a stream: it is read off what it
    returns. Inside `observe_generation` the call is one attempt; alone it is a generation of its own.

    Args:
        model: as requested; a provider prefix (`openai/`) is taken off for telemetry.
        provider: as in OpenTelemetry's `gen_ai.provider.name`.
        operation: `chat`, or `embeddings`, which is no generation.
        endpoint, tenant_id, user_id: where neither the generation nor the request context says them.
        prompt_version: of this prompt, where it is not the one given to `configure`.
        prompt: text or messages. A keyed hash is kept; the text only where content capture is on.
    """
    model = model if isinstance(model, str) else str(model or names.UNKNOWN)
    return LLMCall(CallOptions(model, provider, operation, endpoint, tenant_id, user_id, prompt_version, prompt))


class LLMCall(Block):
    """What becomes of one attempt. See `observe_llm_call`."""

    _scope: Scope
    _start: float  # a reading of time.perf_counter()

    def __init__(self, options: CallOptions) -> None:
        self._options = options
        self._span = CurrentSpan()
        self._state: Telemetry | None = None
        self._generation: Generation | None = None
        self._owns_generation = False
        self._number = 1
        self._ended = False
        self._failure: str | None = None
        self._answered = False
        self._answer: list[str] = []  # content capture only
        self._reported_cost: float | None = None
        self.model = strip_provider(options.model)
        self.provider = options.provider
        self.usage: Usage | None = None
        self.cost: Cost | None = None
        self.finish_reason: str | None = None
        self.model_version: str | None = None
        self.first_content_at: float | None = None  # a reading of time.perf_counter()
        self.outcome: str | None = None  # once it ended: `ok`, an error type or `cancelled`

    # What the application says ----------------------------------------------------------------------

    @never_raises("trace")
    def record_response(self, response: Any) -> None:
        """Take usage, finish reason and model from a whole answer of OpenAI's or Anthropic's client."""
        self._answered = True
        self._take(responses.read(response), response)

    @never_raises("trace")
    def record_chunk(self, chunk: Any) -> None:
        """Take what a chunk of a stream tells; the first one with content is the first token."""
        facts = responses.read(chunk)
        self._answered = True
        if facts.has_content and self.first_content_at is None:
            self.first_content_at = time.perf_counter()
        self._take(facts, chunk)

    @never_raises("trace")
    def record_usage(
        self,
        input_tokens: int,
        output_tokens: int = 0,
        *,
        cached_input_tokens: int = 0,
        cost_usd: float | None = None,
    ) -> None:
        """Say the usage where the client's answers cannot be read; `cost_usd` where the provider names it."""
        self._answered = True
        self.usage = responses.usage_of(input_tokens, output_tokens, cached_input_tokens)
        self._reported_cost = responses.dollars(cost_usd)

    def stream(self, chunks: Iterable[T]) -> Iterator[T]:
        """Record `chunks` and pass each on as it comes."""
        for chunk in chunks:
            self.record_chunk(chunk)
            yield chunk

    async def astream(self, chunks: AsyncIterable[T]) -> AsyncIterator[T]:
        """Record `chunks` and pass each on as it comes."""
        async for chunk in chunks:
            self.record_chunk(chunk)
            yield chunk

    def fail(self, reason: str) -> None:
        """Say that this answer is of no use although nothing is raised; `reason` is an error type."""
        self._failure = reason if reason in names.ERROR_TYPES else names.OTHER

    # As a decorator ---------------------------------------------------------------------------------

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Observe every call of `function` with these options."""
        options = self._options

        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def observed_generator(*args: P.args, **kwargs: P.kwargs) -> Any:
                return ObservedStream(function(*args, **kwargs), LLMCall(options))

            return cast("Callable[P, R]", observed_generator)

        if inspect.isasyncgenfunction(function):

            @functools.wraps(function)
            def observed_async_generator(*args: P.args, **kwargs: P.kwargs) -> Any:
                return ObservedAsyncStream(function(*args, **kwargs), LLMCall(options))

            return cast("Callable[P, R]", observed_async_generator)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def observed_coroutine(*args: P.args, **kwargs: P.kwargs) -> Any:
                call = LLMCall(options)
                call.begin()
                try:
                    result = await function(*args, **kwargs)
                except BaseException as error:
                    call.end(error)
                    raise
                return call._ended_with(result)

            return cast("Callable[P, R]", observed_coroutine)

        @functools.wraps(function)
        def observed(*args: P.args, **kwargs: P.kwargs) -> R:
            call = LLMCall(options)
            call.begin()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                call.end(error)
                raise
            return call._ended_with(result)

        return observed

    def _ended_with(self, result: R) -> R:
        """End with `result`, or go on observing it where it is a stream, or is still to be awaited."""
        if inspect.iscoroutine(result):  # of a plain function, as `create` of OpenAI's async client is one
            self.detach()
            return cast("R", self._awaited(result))
        stream = observed_stream(result, self)
        if stream is not None:
            self.detach()
            return cast("R", stream)
        self.record_response(result)
        self.end()
        return result

    async def _awaited(self, answer: Coroutine[Any, Any, T]) -> T:
        self.attach()
        try:
            result = await answer
        except BaseException as error:
            self.end(error)
            raise
        return self._ended_with(result)

    # Recording --------------------------------------------------------------------------------------

    @never_raises("trace")
    def begin(self) -> None:
        """Begin to observe; opens a generation where there is none around it."""
        state, options = telemetry(), self._options
        if options.operation == names.OPERATION_CHAT:
            self._generation = current_generation()
            if self._generation is None:
                self._generation = Generation(
                    options.model,
                    (options.endpoint, options.tenant_id, options.user_id),
                    options.prompt_version,
                    options.prompt,
                )
                self._generation.begin()
                self._owns_generation = True
            self._generation.begin_attempt(self)
            self._number = self._generation.attempts
            self._scope = self._generation.scope
        else:
            state.mark()
            self._scope = Scope.of(state, options.endpoint, options.tenant_id, options.user_id)
        self._start = time.perf_counter()
        self._state = state
        self._span.start(state.tracer, f"{options.operation} {self.model}", SpanKind.CLIENT)

    def attach(self) -> None:
        """Make its span current again after `detach`, and with it the generation it is in."""
        self._span.attach()

    def detach(self) -> None:
        """Make current what was before, while the call goes on: a stream is with its reader."""
        self._span.detach()
        if self._generation and self._owns_generation:
            self._generation.detach()

    def end(self, error: BaseException | None = None) -> None:
        """Record the attempt, and its generation where it opened it."""
        self._span.detach()
        if self._ended:
            return
        self._ended = True
        if self._state is not None:
            self._finish(self._state, error)
        generation, self._generation = self._generation, None  # which holds this: no work for the garbage collector
        if generation and self._owns_generation:
            generation.end(error)

    def _take(self, facts: responses.Facts, answer: Any) -> None:
        if facts.usage is not None:
            self.usage = responses.merge_usage(self.usage, facts.usage)
        if facts.reported_cost is not None:
            self._reported_cost = facts.reported_cost
        self.finish_reason = facts.finish_reason or self.finish_reason
        self.model_version = facts.model or self.model_version
        if facts.has_content and self._state and self._state.capture_content:
            self._answer.append(responses.text(answer))

    @never_raises("trace")
    def _finish(self, state: Telemetry, error: BaseException | None) -> None:
        latency_ms = duration_ms(self._start)
        self.outcome = self._outcome(error)
        failed = self.outcome if self.outcome in names.ERROR_TYPES else None
        self._price(state)
        self._record_metrics(state)
        self._span.end(self._attributes(state, latency_ms) or {}, failed)

    def _outcome(self, error: BaseException | None) -> str:
        if isinstance(error, CANCELLATIONS):
            return names.STATUS_CANCELLED
        if error is not None:
            return self._failure or error_type(error)
        if self._failure:
            return self._failure
        return names.CONTENT_FILTER if self.finish_reason == names.CONTENT_FILTER else names.ATTEMPT_OK

    @never_raises("metric")
    def _price(self, state: Telemetry) -> None:
        if self.usage is not None:
            self.cost = Cost(None, names.COST_UNPRICED)  # should the look-up fail
            self.cost = state.prices.cost(
                self._options.model, self.usage, provider=self.provider, reported=self._reported_cost
            )

    @never_raises("metric")
    def _record_metrics(self, state: Telemetry) -> None:
        metrics, endpoint = state.metrics, self._scope.endpoint_label
        model = metrics.model(self.model)
        place, call = (endpoint, model), (endpoint, model, self._scope.tenant_label)
        metrics.add(names.PROVIDER_ATTEMPTS, (metrics.provider(self.provider), model, self.outcome or names.OTHER))
        if self._options.operation == names.OPERATION_EMBEDDINGS:
            metrics.add(names.EMBEDDING_REQUESTS, (*place, self._status()))
        if self.finish_reason:
            metrics.add(names.FINISH_REASON, (*place, self.finish_reason))
        usage, cost = self.usage, self.cost
        if usage is None or cost is None:  # there is none without the other
            if self._answered or self.outcome == names.ATTEMPT_OK:
                metrics.add(names.USAGE_UNKNOWN, place)
            return
        metrics.add(names.INPUT_TOKENS, call, usage.input_tokens)
        metrics.add(names.OUTPUT_TOKENS, call, usage.output_tokens)
        metrics.add(names.CACHED_INPUT_TOKENS, call, usage.cached_input_tokens)
        metrics.add(names.COST, (*call, cost.source), cost.dollars or 0)
        if cost.dollars is None:
            metrics.add(names.UNPRICED, (model,))
        window = state.prices.context_window(self._options.model, self.provider)
        if window and self._options.operation == names.OPERATION_CHAT:
            metrics.observe(
                names.CONTEXT_UTILISATION, place, min(usage.input_tokens / window, 1.0), state.exemplar(self._span.span)
            )

    def _status(self) -> str:
        if self.outcome == names.STATUS_CANCELLED:
            return names.STATUS_CANCELLED
        return names.STATUS_OK if self.outcome == names.ATTEMPT_OK else names.STATUS_ERROR

    @never_raises("trace")
    def _attributes(self, state: Telemetry, latency_ms: float) -> dict[str, Any]:
        usage, cost, options = self.usage, self.cost, self._options
        ttft_ms = None if self.first_content_at is None else (self.first_content_at - self._start) * 1e3
        attributes: dict[str, Any] = {
            names.GEN_AI_OPERATION: options.operation,
            names.GEN_AI_PROVIDER: self.provider,
            names.GEN_AI_REQUEST_MODEL: options.model,
            names.GEN_AI_RESPONSE_MODEL: self.model_version,
            names.GEN_AI_FINISH_REASONS: (self.finish_reason,) if self.finish_reason else None,
            names.GEN_AI_TTFC: None if ttft_ms is None else ttft_ms / 1e3,
            names.LLM_MODEL: self.model,
            names.LLM_LATENCY_MS: latency_ms,
            names.LLM_TTFT_MS: ttft_ms,
            **self._scope.attributes(),
        }
        if self._generation is not None:
            attributes[names.LLM_ATTEMPT] = self._number
            attributes[names.LLM_PROMPT_HASH] = self._generation.prompt_hash
            attributes[names.LLM_PROMPT_VERSION] = self._generation.prompt_version
        if usage is not None:
            attributes[names.GEN_AI_INPUT_TOKENS] = attributes[names.LLM_INPUT_TOKENS] = usage.input_tokens
            attributes[names.GEN_AI_OUTPUT_TOKENS] = attributes[names.LLM_OUTPUT_TOKENS] = usage.output_tokens
            attributes[names.GEN_AI_CACHED_TOKENS] = usage.cached_input_tokens
        if cost is not None:
            attributes[names.LLM_COST_USD] = cost.dollars
            attributes[names.LLM_COST_SOURCE] = cost.source
        if state.capture_content:
            if options.prompt is not None:
                attributes[names.GEN_AI_INPUT_MESSAGES] = captured(options.prompt)
            if self._answer:
                answer = [{"role": "assistant", "content": "".join(self._answer)}]
                attributes[names.GEN_AI_OUTPUT_MESSAGES] = captured(answer)
        return present(attributes)
