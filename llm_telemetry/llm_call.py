"""One call of a model: an attempt with a `chat` span inside a generation, or a call with an `embeddings` span."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar, cast

from opentelemetry.trace import SpanKind

from llm_telemetry import names, responses
from llm_telemetry.errors import CANCELLATIONS, error_type
from llm_telemetry.generation import CallOptions, Generation, current_generation
from llm_telemetry.prices import Cost, Usage
from llm_telemetry.privacy import redacted_json
from llm_telemetry.request_context import Attribution
from llm_telemetry.settings import strip_provider
from llm_telemetry.spans import CurrentSpan, ObservedBlock, elapsed_ms, without_none
from llm_telemetry.streams import ObservedAsyncStream, ObservedStream, observed_stream
from llm_telemetry.telemetry import Telemetry, current_telemetry, never_raises

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


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
    """Observe one call of a model, as a block (`with`, `async with`) or as a decorator.

    In a block, call `record_response` with the response, or iterate over `stream` / `astream`. A decorated
    function may be a function, a coroutine function or a generator; its result, a response or a stream, is
    recorded. Inside `observe_generation` the call is one attempt. Elsewhere it is a generation of its own.

    Args:
        model: the requested model. Telemetry removes a provider prefix such as `openai/`.
        provider: a value of OpenTelemetry's `gen_ai.provider.name`.
        operation: `chat` or `embeddings`. Embedding calls are not generations.
        endpoint, tenant_id, user_id: if neither the generation nor a request context gives them.
        prompt_version: the prompt's version, if it is not the version given to `configure`.
        prompt: text or messages. A keyed hash is recorded; the text only if content capture is on.
    """
    model = model if isinstance(model, str) else str(model or names.UNKNOWN)
    return LLMCall(CallOptions(model, endpoint, tenant_id, user_id, prompt_version, prompt, provider, operation))


class LLMCall(ObservedBlock):
    """One observed call, made by `observe_llm_call`.

    `usage`, `cost`, `finish_reason` and `model_version` are None until they are known. `outcome` is set when the
    call ends: `ok`, `cancelled` or one of names.ERROR_TYPES.
    """

    _attribution: Attribution
    _start: float  # time.perf_counter()

    def __init__(self, options: CallOptions) -> None:
        self._options = options
        self._span = CurrentSpan()
        self._telemetry: Telemetry | None = None
        self._generation: Generation | None = None
        self._owns_generation = False
        self._attempt_number = 1
        self._ended = False
        self._failure: str | None = None
        self._has_response = False
        self._captured_answer: list[str] = []  # filled only if content capture is on
        self._reported_cost: float | None = None
        self.model = strip_provider(options.model)
        self.provider = options.provider
        self.usage: Usage | None = None
        self.cost: Cost | None = None
        self.finish_reason: str | None = None
        self.model_version: str | None = None
        self.first_content_at: float | None = None  # time.perf_counter()
        self.outcome: str | None = None

    # Called by the application -----------------------------------------------------------------------

    @never_raises("trace")
    def record_response(self, response: Any) -> None:
        """Record usage, finish reason and model of a whole response of OpenAI's or Anthropic's client."""
        self._has_response = True
        self._merge(responses.parse_response(response), response)

    @never_raises("trace")
    def record_chunk(self, chunk: Any) -> None:
        """Record one chunk of a stream. The first chunk with content sets the time to first token."""
        parsed = responses.parse_response(chunk)
        self._has_response = True
        if parsed.has_content and self.first_content_at is None:
            self.first_content_at = time.perf_counter()
        self._merge(parsed, chunk)

    @never_raises("trace")
    def record_usage(
        self,
        input_tokens: int,
        output_tokens: int = 0,
        *,
        cached_input_tokens: int = 0,
        cost_usd: float | None = None,
    ) -> None:
        """Record the usage of a response that `record_response` does not understand.

        Args:
            input_tokens: cached tokens included.
            output_tokens: reasoning tokens included.
            cached_input_tokens: the part of the input tokens that the provider's cache served.
            cost_usd: the cost in US dollars, if the provider reports it.
        """
        self._has_response = True
        self.usage = responses.checked_usage(input_tokens, output_tokens, cached_input_tokens)
        self._reported_cost = responses.checked_dollars(cost_usd)

    def stream(self, chunks: Iterable[T]) -> Iterator[T]:
        """Yield each chunk at once and record it."""
        for chunk in chunks:
            self.record_chunk(chunk)
            yield chunk

    async def astream(self, chunks: AsyncIterable[T]) -> AsyncIterator[T]:
        """Yield each chunk at once and record it."""
        async for chunk in chunks:
            self.record_chunk(chunk)
            yield chunk

    def fail(self, reason: str) -> None:
        """Record that the answer cannot be used although nothing was raised.

        `reason` is one of names.ERROR_TYPES; any other value counts as `other`.
        """
        self._failure = reason if reason in names.ERROR_TYPES else names.OTHER

    # As a decorator ---------------------------------------------------------------------------------

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate `function`: each of its calls is observed with the options of this object."""
        options = self._options

        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            proxy = ObservedStream if inspect.isgeneratorfunction(function) else ObservedAsyncStream

            @functools.wraps(function)
            def observed_generator(*args: P.args, **kwargs: P.kwargs) -> Any:
                return proxy(function(*args, **kwargs), LLMCall(options))

            return cast("Callable[P, R]", observed_generator)

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
                return call._end_with_result(result)

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
            return call._end_with_result(result)

        return observed

    def _end_with_result(self, result: R) -> R:
        """Record `result` and end. If `result` is a stream or a coroutine, return it observed and end later."""
        if inspect.iscoroutine(result):  # `create` of OpenAI's async client is a plain function that returns one
            self.detach()
            return cast("R", self._await_result(result))
        stream = observed_stream(result, self)
        if stream is not None:
            self.detach()
            return cast("R", stream)
        self.record_response(result)
        self.end()
        return result

    async def _await_result(self, pending: Coroutine[Any, Any, T]) -> T:
        self.attach()
        try:
            result = await pending
        except BaseException as error:
            self.end(error)
            raise
        return self._end_with_result(result)

    # Recording --------------------------------------------------------------------------------------

    @never_raises("trace")
    def begin(self) -> None:
        """Start the observation, and a generation if there is none around this call."""
        telemetry, options = current_telemetry(), self._options
        if options.operation == names.OPERATION_CHAT:
            self._generation = current_generation()
            if self._generation is None:
                self._generation = Generation(options)
                self._generation.begin()
                self._owns_generation = True
            self._generation.begin_attempt(self)
            self._attempt_number = self._generation.attempts
            self._attribution = self._generation.attribution
        else:
            telemetry.mark_resource()
            self._attribution = Attribution.of(telemetry, options.endpoint, options.tenant_id, options.user_id)
        self._start = time.perf_counter()
        self._telemetry = telemetry
        self._span.start(telemetry.tracer, f"{options.operation} {self.model}", SpanKind.CLIENT)

    def attach(self) -> None:
        self._span.attach()

    def detach(self) -> None:
        """Restore the previous span while the stream is being read, so that other work is not attached to this call."""
        self._span.detach()
        if self._generation and self._owns_generation:
            self._generation.detach()

    def end(self, error: BaseException | None = None) -> None:
        """Record the call, and its generation if `begin` started it. Never raises."""
        self._span.detach()
        if self._ended:
            return
        self._ended = True
        if self._telemetry is not None:
            self._finish(self._telemetry, error)
        generation, self._generation = self._generation, None  # breaks the reference cycle with the generation
        if generation and self._owns_generation:
            generation.end(error)

    def _merge(self, parsed: responses.ParsedResponse, response: Any) -> None:
        if parsed.usage is not None:
            self.usage = responses.merge_usage(self.usage, parsed.usage)
        if parsed.reported_cost is not None:
            self._reported_cost = parsed.reported_cost
        self.finish_reason = parsed.finish_reason or self.finish_reason
        self.model_version = parsed.model or self.model_version
        if parsed.has_content and self._telemetry and self._telemetry.capture_content:
            self._captured_answer.append(responses.response_text(response))

    @never_raises("trace")
    def _finish(self, telemetry: Telemetry, error: BaseException | None) -> None:
        latency_ms = elapsed_ms(self._start)
        self.outcome = self._outcome(error)
        failed = self.outcome if self.outcome in names.ERROR_TYPES else None
        self._set_cost(telemetry)
        self._record_metrics(telemetry)
        self._span.end(self._attributes(telemetry, latency_ms) or {}, failed)

    def _outcome(self, error: BaseException | None) -> str:
        if isinstance(error, CANCELLATIONS):
            return names.STATUS_CANCELLED
        if error is not None:
            return self._failure or error_type(error)
        if self._failure:
            return self._failure
        return names.CONTENT_FILTER if self.finish_reason == names.CONTENT_FILTER else names.ATTEMPT_OK

    @never_raises("metric")
    def _set_cost(self, telemetry: Telemetry) -> None:
        if self.usage is not None:
            self.cost = Cost(None, names.COST_UNPRICED)  # stays if the look-up fails
            self.cost = telemetry.prices.cost(
                self._options.model, self.usage, provider=self.provider, reported=self._reported_cost
            )

    @never_raises("metric")
    def _record_metrics(self, telemetry: Telemetry) -> None:
        metrics, endpoint = telemetry.metrics, self._attribution.endpoint_label
        model = metrics.model(self.model)
        labels, labels_with_tenant = (endpoint, model), (endpoint, model, self._attribution.tenant_label)
        metrics.add(names.PROVIDER_ATTEMPTS, (metrics.provider(self.provider), model, self.outcome or names.OTHER))
        if self._options.operation == names.OPERATION_EMBEDDINGS:
            metrics.add(names.EMBEDDING_REQUESTS, (*labels, self._status()))
        if self.finish_reason:
            metrics.add(names.FINISH_REASON, (*labels, self.finish_reason))
        usage, cost = self.usage, self.cost
        if usage is None or cost is None:  # both are set, or neither
            if self._has_response or self.outcome == names.ATTEMPT_OK:
                metrics.add(names.USAGE_UNKNOWN, labels)
            return
        metrics.add(names.INPUT_TOKENS, labels_with_tenant, usage.input_tokens)
        metrics.add(names.OUTPUT_TOKENS, labels_with_tenant, usage.output_tokens)
        metrics.add(names.CACHED_INPUT_TOKENS, labels_with_tenant, usage.cached_input_tokens)
        metrics.add(names.COST, (*labels_with_tenant, cost.source), cost.dollars or 0)
        if cost.dollars is None:
            metrics.add(names.UNPRICED, (model,))
        window = telemetry.prices.context_window(self._options.model, self.provider)
        if window and self._options.operation == names.OPERATION_CHAT:
            utilisation = min(usage.input_tokens / window, 1.0)
            metrics.observe(names.CONTEXT_UTILISATION, labels, utilisation, telemetry.exemplar(self._span.span))

    def _status(self) -> str:
        if self.outcome == names.STATUS_CANCELLED:
            return names.STATUS_CANCELLED
        return names.STATUS_OK if self.outcome == names.ATTEMPT_OK else names.STATUS_ERROR

    @never_raises("trace")
    def _attributes(self, telemetry: Telemetry, latency_ms: float) -> dict[str, Any]:
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
            **self._attribution.span_attributes(),
        }
        if self._generation is not None:
            attributes[names.LLM_ATTEMPT] = self._attempt_number
            attributes[names.LLM_PROMPT_HASH] = self._generation.prompt_hash
            attributes[names.LLM_PROMPT_VERSION] = self._generation.prompt_version
        if usage is not None:
            attributes[names.GEN_AI_INPUT_TOKENS] = attributes[names.LLM_INPUT_TOKENS] = usage.input_tokens
            attributes[names.GEN_AI_OUTPUT_TOKENS] = attributes[names.LLM_OUTPUT_TOKENS] = usage.output_tokens
            attributes[names.GEN_AI_CACHED_TOKENS] = usage.cached_input_tokens
        if cost is not None:
            attributes[names.LLM_COST_USD] = cost.dollars
            attributes[names.LLM_COST_SOURCE] = cost.source
        if telemetry.capture_content:
            if options.prompt is not None:
                attributes[names.GEN_AI_INPUT_MESSAGES] = redacted_json(options.prompt)
            if self._captured_answer:
                answer = [{"role": "assistant", "content": "".join(self._captured_answer)}]
                attributes[names.GEN_AI_OUTPUT_MESSAGES] = redacted_json(answer)
        return without_none(attributes)
