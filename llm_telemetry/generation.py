"""One generation: an answer that the application asks for. Its `generate` span holds one `chat` span per attempt.

    with observe_generation(model="gpt-4o") as generation:            # queueing, retries, fallback
        with observe_llm_call("gpt-4o", provider="openai") as call:   # one attempt
            call.record_response(client.chat.completions.create(...))

Each further `observe_llm_call` inside a generation is a retry if its model is the model of the attempt before,
and a fallback if it is another model.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry import context as context_api
from opentelemetry.trace import SpanKind

from llm_telemetry import names
from llm_telemetry.errors import CANCELLATIONS, error_type
from llm_telemetry.events import round_ms
from llm_telemetry.prices import Cost, Usage
from llm_telemetry.request_context import Attribution, current_request
from llm_telemetry.settings import strip_provider
from llm_telemetry.spans import CurrentSpan, ObservedBlock, elapsed_ms, without_none
from llm_telemetry.telemetry import Telemetry, current_telemetry, never_raises

if TYPE_CHECKING:
    from llm_telemetry.llm_call import LLMCall

_CONTEXT_KEY = context_api.create_key("llm_telemetry-generation")


@dataclass(slots=True)
class CallOptions:
    """The arguments of `observe_generation` or `observe_llm_call`; a decorated function uses them for each call."""

    model: str  # "" if it is not given
    endpoint: str | None
    tenant_id: str | None
    user_id: str | None
    prompt_version: str | None
    prompt: Any
    provider: str = names.UNKNOWN
    operation: str = names.OPERATION_CHAT


def observe_generation(
    model: str | None = None,
    *,
    endpoint: str | None = None,
    tenant_id: str | None = None,
    user_id: str | None = None,
    prompt_version: str | None = None,
    prompt: Any = None,
) -> Generation:
    """Observe one generation as a block (`with`, `async with`): queueing, retries and fallbacks included.

    Args:
        model: the model that is asked for. Telemetry names it if no attempt is made.
        endpoint, tenant_id, user_id: if no request context gives them.
        prompt_version: the prompt's version, if it is not the version given to `configure`.
        prompt: text or messages. Only a keyed hash is recorded.
    """
    return Generation(CallOptions(str(model) if model else "", endpoint, tenant_id, user_id, prompt_version, prompt))


def current_generation() -> Generation | None:
    """Return the generation around this code, or None.

    A generation that has ended is not returned: a task may outlive the block that started it.
    """
    generation = context_api.get_value(_CONTEXT_KEY)
    return generation if isinstance(generation, Generation) and not generation.ended else None


class Generation(ObservedBlock):
    """One observed generation, made by `observe_generation`.

    `latency_ms` and `ttft_ms` (milliseconds) are set when the block ends; None before, or if there is no value.
    """

    attribution: Attribution

    def __init__(self, options: CallOptions) -> None:
        self._options = options
        self._span = CurrentSpan()
        self._telemetry: Telemetry | None = None
        self.ended = False
        self._attempts: list[LLMCall] = []
        self._last_refusal: tuple[str, str] | None = None  # (model, reason) of an attempt that was not allowed
        self._first_refused_model: str | None = None  # the model of the first refusal, if no attempt came before it
        self._failure: str | None = None
        self._scores: dict[str, float] = {}
        self._queue_ms: float | None = None
        self.prompt_hash: str | None = None
        self.prompt_version = options.prompt_version
        self.latency_ms: float | None = None
        self.ttft_ms: float | None = None

    # Called by the application -----------------------------------------------------------------------

    @contextmanager
    def queueing(self) -> Iterator[None]:
        """Wrap the wait in the application's queue. Meanwhile the generation counts as queued, not as in flight."""
        start = time.perf_counter()
        self._add_to_gauges(queued=1, in_flight=-1)
        try:
            yield
        finally:
            self._queue_ms = elapsed_ms(start)
            self._add_to_gauges(queued=-1, in_flight=1)

    def fail(self, reason: str) -> None:
        """Record that the answer cannot be used although nothing was raised.

        `reason` is one of names.ERROR_TYPES; any other value counts as `other`.
        """
        self._failure = reason if reason in names.ERROR_TYPES else names.OTHER

    @never_raises("trace")
    def refused(self, model: str, reason: str = names.CIRCUIT_OPEN) -> None:
        """Record that the application did not allow an attempt at `model`, for example because of a circuit breaker.

        A later attempt at another model counts as a fallback. `reason` is one of names.ERROR_TYPES; any other
        value counts as `other`.
        """
        self._last_refusal = (strip_provider(str(model)), reason if reason in names.ERROR_TYPES else names.OTHER)
        if not self._attempts and self._first_refused_model is None:
            self._first_refused_model = self._last_refusal[0]

    def score(self, metric: str, score: float) -> None:
        """Add an evaluation score (0 to 1) to this generation's log line. `metric` is one of names.EVAL_METRICS."""
        self._scores[metric] = score

    # Results -----------------------------------------------------------------------------------------

    @property
    def trace_id(self) -> str | None:
        """32 hex digits, or None if there is no tracer."""
        context = self._span.span.get_span_context()
        return f"{context.trace_id:032x}" if context.is_valid else None

    @property
    def span_id(self) -> str | None:
        """The `generate` span's id, 16 hex digits, or None if there is no tracer."""
        context = self._span.span.get_span_context()
        return f"{context.span_id:016x}" if context.is_valid else None

    @property
    def attempts(self) -> int:
        """Number of attempts begun so far."""
        return len(self._attempts)

    @property
    def model(self) -> str:
        """The model of the last attempt; without an attempt, the model that was asked for."""
        if self._attempts:
            return self._attempts[-1].model
        refused = self._last_refusal[0] if self._last_refusal else names.OTHER
        return strip_provider(self._options.model or refused)

    @property
    def fallback_from(self) -> str | None:
        """The model that was asked for first, if the last attempt is at another model; else None."""
        if not self._attempts:
            return None
        first = self._first_refused_model or self._attempts[0].model
        return first if first != self._attempts[-1].model else None

    @property
    def usage(self) -> Usage | None:
        """Tokens of all attempts that reported usage, or None if no attempt did."""
        known = [attempt.usage for attempt in self._attempts if attempt.usage]
        if len(known) < 2:
            return known[0] if known else None
        columns = zip(*(astuple(usage) for usage in known), strict=True)
        return Usage(*map(sum, columns))

    @property
    def cost(self) -> Cost | None:
        """Cost of all attempts that reported usage, or None if no attempt did.

        If one of these attempts has no price, the whole cost is unknown (`dollars` None).
        """
        costs = [attempt.cost for attempt in self._attempts if attempt.cost]
        if len(costs) < 2:
            return costs[0] if costs else None
        dollars = [cost.dollars for cost in costs if cost.dollars is not None]
        if len(dollars) < len(costs):
            return Cost(None, names.COST_UNPRICED)
        return Cost(sum(dollars), costs[-1].source)

    # Recording --------------------------------------------------------------------------------------

    @never_raises("trace")
    def begin(self) -> None:
        self._start = time.perf_counter()
        telemetry, options = current_telemetry(), self._options
        telemetry.mark_resource()
        self._request = current_request()  # kept, because a stream may end in another context
        self.attribution = Attribution.of(telemetry, options.endpoint, options.tenant_id, options.user_id)
        self.prompt_version = options.prompt_version or telemetry.prompt_version
        if options.prompt is not None:
            self.prompt_hash = telemetry.hasher.prompt(options.prompt)
        self._telemetry = telemetry
        self._span.start(telemetry.tracer, names.SPAN_GENERATE, SpanKind.INTERNAL, (_CONTEXT_KEY, self))
        self._add_to_gauges(in_flight=1)
        if self.attribution.user:
            telemetry.scrape_gauges.users.add(self.attribution.endpoint_label, self.attribution.user)

    @never_raises("trace")
    def begin_attempt(self, call: LLMCall) -> None:
        previous_call = self._attempts[-1] if self._attempts else None
        self._attempts.append(call)
        if self._telemetry is None:
            return
        metrics = self._telemetry.metrics
        previous = (previous_call.model, previous_call.outcome or names.OTHER) if previous_call else None
        if previous and previous[0] == call.model:
            metrics.add(names.RETRIES, (metrics.provider(call.provider), metrics.model(call.model), previous[1]))
            return
        previous = previous or self._last_refusal
        if previous and previous[0] != call.model:
            metrics.add(names.FALLBACKS, (metrics.model(previous[0]), metrics.model(call.model), previous[1]))

    def detach(self) -> None:
        """Restore the previous span while the generation goes on."""
        self._span.detach()

    def end(self, error: BaseException | None = None) -> None:
        self._span.detach()
        if self.ended or self._telemetry is None:
            return
        self.ended = True
        self._finish(self._telemetry, error)

    @never_raises("trace")
    def _finish(self, telemetry: Telemetry, error: BaseException | None) -> None:
        self._add_to_gauges(in_flight=-1)
        self.latency_ms = elapsed_ms(self._start)
        if self._attempts and (first_content := self._attempts[-1].first_content_at) is not None:
            self.ttft_ms = (first_content - self._start) * 1e3
        status, reason = self._outcome(error)
        model, fallback_from = self.model, self.fallback_from
        self._record_metrics(telemetry, model, status, reason)
        self._write_event(telemetry, model, fallback_from, status, reason)
        attributes = {
            names.LLM_MODEL: model,
            names.LLM_STATUS: status,
            names.LLM_LATENCY_MS: self.latency_ms,
            names.LLM_TTFT_MS: self.ttft_ms,
            names.LLM_QUEUE_MS: self._queue_ms,
            names.LLM_FALLBACK_FROM: fallback_from,
            names.LLM_PROMPT_HASH: self.prompt_hash,
            names.LLM_PROMPT_VERSION: self.prompt_version,
            **self.attribution.span_attributes(),
        }
        self._span.end(without_none(attributes), reason)

    def _outcome(self, error: BaseException | None) -> tuple[str, str | None]:
        """Return status and error type.

        If nothing was raised, the outcome of the last attempt decides. It also gives the error type if the
        exception has none, such as an exception of the application or of a retry library.
        """
        outcome_without_attempt = self._last_refusal[1] if self._last_refusal else names.ATTEMPT_OK
        last = self._attempts[-1].outcome if self._attempts else outcome_without_attempt
        if isinstance(error, CANCELLATIONS) or (error is None and last == names.STATUS_CANCELLED):
            return names.STATUS_CANCELLED, None
        reason = self._failure or (error_type(error) if error is not None else None)
        if reason in (None, names.OTHER) and last in names.ERROR_TYPES:
            reason = last
        return (names.STATUS_ERROR, reason) if reason else (names.STATUS_OK, None)

    @never_raises("metric")
    def _record_metrics(self, telemetry: Telemetry, answering: str, status: str, reason: str | None) -> None:
        metrics, endpoint = telemetry.metrics, self.attribution.endpoint_label
        model = metrics.model(answering)
        exemplar = telemetry.exemplar(self._span.span)
        metrics.add(names.REQUESTS, (endpoint, model, self.attribution.tenant_label, status))
        if reason:
            metrics.add(names.ERRORS, (endpoint, model, self.attribution.tenant_label, reason))
        if reason == names.CONTENT_FILTER:
            metrics.add(names.SAFETY_VIOLATIONS, (endpoint, names.CONTENT_FILTER))
        if status == names.STATUS_OK and self.latency_ms is not None:
            metrics.observe(names.LATENCY, (endpoint, model), self.latency_ms, exemplar)
        if self.ttft_ms is not None:
            metrics.observe(names.TTFT, (endpoint, model), self.ttft_ms, exemplar)
        for attempt in self._attempts:
            used = attempt is self._attempts[-1] and status != names.STATUS_ERROR
            if not used and attempt.cost and attempt.cost.dollars:
                metrics.add(names.RETRY_COST, (endpoint, metrics.model(attempt.model)), attempt.cost.dollars)

    def _write_event(
        self, telemetry: Telemetry, model: str, fallback_from: str | None, status: str, reason: str | None
    ) -> None:
        request, usage, cost = self._request, self.usage, self.cost
        last = self._attempts[-1] if self._attempts else None
        fields = {
            **self.attribution.event_fields(),
            "model": model,
            "model_version": last.model_version if last else None,
            "input_tokens": usage.input_tokens if usage else None,
            "output_tokens": usage.output_tokens if usage else None,
            "latency_ms": round_ms(self.latency_ms),
            "ttft_ms": round_ms(self.ttft_ms),
            "retrieval_ms": round_ms(request.retrieval_ms),
            "retrieval_chunks": request.retrieval_chunks,
            "cost_usd": cost.dollars if cost else None,
            "cost_source": cost.source if cost else None,
            "cache_hit": False,
            "prompt_hash": self.prompt_hash,
            "prompt_version": self.prompt_version,
            "attempts": len(self._attempts),
            "fallback_from": fallback_from,
            "status": status,
            "error_type": reason,
            "finish_reason": last.finish_reason if last else None,
            "faithfulness_score": self._scores.get(names.FAITHFULNESS),
            "answer_relevance_score": self._scores.get(names.ANSWER_RELEVANCE),
        }
        telemetry.write_event(names.EVENT_CALL, self._span.span, fields, "error" if reason else "info")

    @never_raises("metric")
    def _add_to_gauges(self, *, queued: int = 0, in_flight: int) -> None:
        if self._telemetry is None:
            return
        labels = (self.attribution.endpoint_label,)
        if queued:
            self._telemetry.metrics.add(names.QUEUE_DEPTH, labels, queued)
        self._telemetry.metrics.add(names.IN_FLIGHT, labels, in_flight)
