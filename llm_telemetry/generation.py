"""One answer that an application wants: a `generate` span with one `chat` span per attempt inside.

    with observe_generation(model="gpt-4o") as generation:            # queueing, retries, fallback
        with observe_llm_call("gpt-4o", provider="openai") as call:   # one attempt
            call.record_response(client.chat.completions.create(...))

A further `observe_llm_call` in the same generation is a retry where its model is that of the one before,
a fallback where it is another.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import context as context_api
from opentelemetry.trace import SpanKind

from llm_telemetry import names
from llm_telemetry.block import Block, Scope, present, rounded
from llm_telemetry.errors import CANCELLATIONS, error_type
from llm_telemetry.guard import count_failure, never_raises
from llm_telemetry.prices import Cost, Usage
from llm_telemetry.request_context import current_request
from llm_telemetry.settings import strip_provider
from llm_telemetry.spans import CurrentSpan
from llm_telemetry.state import Telemetry, duration_ms, telemetry

if TYPE_CHECKING:
    from llm_telemetry.llm_call import LLMCall

_CONTEXT_KEY = context_api.create_key("llm_telemetry-generation")


def observe_generation(
    model: str | None = None,
    *,
    endpoint: str | None = None,
    tenant_id: str | None = None,
    user_id: str | None = None,
    prompt_version: str | None = None,
    prompt: Any = None,
) -> Generation:
    """Observe one generation, from the call to the whole answer, with all its waiting and attempts.

    Args:
        model: the one that is wanted, for the case that no attempt is made at all.
        endpoint, tenant_id, user_id: where the request context does not say them.
        prompt_version: of this prompt, where it is not the one given to `configure`.
        prompt: text or messages; only a keyed hash of it is kept.
    """
    return Generation(str(model) if model else None, (endpoint, tenant_id, user_id), prompt_version, prompt)


def current_generation() -> Generation | None:
    """The generation that this code runs in. Not one that is over: a task may outlive the block that started it."""
    generation = context_api.get_value(_CONTEXT_KEY)
    return generation if isinstance(generation, Generation) and not generation.ended else None


class Generation(Block):
    """What becomes of one generation. See `observe_generation`."""

    def __init__(
        self,
        model: str | None,
        who: tuple[str | None, str | None, str | None],
        prompt_version: str | None,
        prompt: Any,
    ) -> None:
        self._model = model
        self._who = who
        self._prompt_version = prompt_version
        self._prompt = prompt
        self._span = CurrentSpan()
        self._state: Telemetry | None = None
        self.ended = False
        self._attempts: list[LLMCall] = []
        self._refused: tuple[str, str] | None = None  # (model, reason) where no attempt was let through
        self._passed_over: str | None = None  # the first such model, before any attempt
        self._failure: str | None = None
        self._scores: dict[str, float] = {}
        self._queue_ms: float | None = None
        self.prompt_hash: str | None = None
        self.prompt_version: str | None = prompt_version
        self.latency_ms: float | None = None
        self.ttft_ms: float | None = None

    # What the application says ----------------------------------------------------------------------

    @contextmanager
    def queueing(self) -> Iterator[None]:
        """Wrap the wait for a place: it counts in llm_queue_depth, and not as in flight."""
        start = time.perf_counter()
        self._move(waiting=1, in_flight=-1)
        try:
            yield
        finally:
            self._queue_ms = duration_ms(start)
            self._move(waiting=-1, in_flight=1)

    def fail(self, reason: str) -> None:
        """Say that the answer is of no use although nothing is raised; `reason` is an error type."""
        self._failure = reason if reason in names.ERROR_TYPES else names.OTHER

    @never_raises("trace")
    def refused(self, model: str, reason: str = names.CIRCUIT_OPEN) -> None:
        """Say that no attempt at `model` was let through; an attempt at another is then a fallback."""
        self._refused = (strip_provider(str(model)), reason if reason in names.ERROR_TYPES else names.OTHER)
        if not self._attempts and self._passed_over is None:
            self._passed_over = self._refused[0]

    def score(self, metric: str, score: float) -> None:
        """Add a score (0 to 1) made in line; it goes into this generation's log line."""
        self._scores[metric] = score

    # What it tells ----------------------------------------------------------------------------------

    @property
    def trace_id(self) -> str | None:
        """32 hex digits, None where nothing traces."""
        context = self._span.span.get_span_context()
        return f"{context.trace_id:032x}" if context.is_valid else None

    @property
    def span_id(self) -> str | None:
        """16 hex digits of the `generate` span, None where nothing traces."""
        context = self._span.span.get_span_context()
        return f"{context.span_id:016x}" if context.is_valid else None

    @property
    def attempts(self) -> int:
        """Attempts begun so far."""
        return len(self._attempts)

    @property
    def model(self) -> str:
        """The answering model; the last tried one when none answered; the wanted one when none was tried."""
        if self._attempts:
            return self._attempts[-1].model
        return strip_provider(self._model or (self._refused[0] if self._refused else names.OTHER))

    @property
    def fallback_from(self) -> str | None:
        """The model that was wanted first, where an attempt at another followed."""
        if not self._attempts:
            return None
        first = self._passed_over or self._attempts[0].model
        return first if first != self._attempts[-1].model else None

    @property
    def usage(self) -> Usage | None:
        """Tokens of all attempts that told theirs; None when none did."""
        known = [attempt.usage for attempt in self._attempts if attempt.usage]
        if len(known) < 2:
            return known[0] if known else None
        return Usage(
            input_tokens=sum(usage.input_tokens for usage in known),
            output_tokens=sum(usage.output_tokens for usage in known),
            cached_input_tokens=sum(usage.cached_input_tokens for usage in known),
            cache_write_tokens=sum(usage.cache_write_tokens for usage in known),
        )

    @property
    def cost(self) -> Cost | None:
        """Cost of all attempts that told their usage; no dollars once one has no price; None when none told."""
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
        """Begin to observe."""
        self._start = time.perf_counter()
        state = telemetry()
        state.mark()
        self._request = current_request()  # now: a stream may end in another context
        self.scope = Scope.of(state, *self._who)
        self.prompt_version = self._prompt_version or state.prompt_version
        if self._prompt is not None:
            self.prompt_hash = state.hasher.prompt(self._prompt)
        self._state = state
        self._span.start(state.tracer, names.SPAN_GENERATE, SpanKind.INTERNAL, (_CONTEXT_KEY, self))
        self._move(in_flight=1)
        if self.scope.user:
            state.live.users.saw(self.scope.endpoint_label, self.scope.user)

    @never_raises("trace")
    def begin_attempt(self, call: LLMCall) -> None:
        """Take `call` in, and count it where it is a retry or a fallback."""
        before = self._attempts[-1] if self._attempts else None
        self._attempts.append(call)
        if self._state is None:
            return
        metrics = self._state.metrics
        left = (before.model, before.outcome or names.OTHER) if before else None
        if left and left[0] == call.model:
            metrics.add(names.RETRIES, (metrics.provider(call.provider), metrics.model(call.model), left[1]))
            return
        left = left or self._refused
        if left and left[0] != call.model:
            metrics.add(names.FALLBACKS, (metrics.model(left[0]), metrics.model(call.model), left[1]))

    def detach(self) -> None:
        """Make current what was before, while the generation goes on."""
        self._span.detach()

    def end(self, error: BaseException | None = None) -> None:
        """Record the whole generation."""
        self._span.detach()
        if self.ended or self._state is None:
            return
        self.ended = True
        self._finish(self._state, error)

    @never_raises("trace")
    def _finish(self, state: Telemetry, error: BaseException | None) -> None:
        self._move(in_flight=-1)
        self.latency_ms = duration_ms(self._start)
        if self._attempts and (first_content := self._attempts[-1].first_content_at) is not None:
            self.ttft_ms = (first_content - self._start) * 1e3
        status, reason = self._outcome(error)
        model, fallback_from = self.model, self.fallback_from
        self._record_metrics(state, model, status, reason)
        self._write_event(state, model, fallback_from, status, reason)
        attributes = {
            names.LLM_MODEL: model,
            names.LLM_STATUS: status,
            names.LLM_LATENCY_MS: self.latency_ms,
            names.LLM_TTFT_MS: self.ttft_ms,
            names.LLM_QUEUE_MS: self._queue_ms,
            names.LLM_FALLBACK_FROM: fallback_from,
            names.LLM_PROMPT_HASH: self.prompt_hash,
            names.LLM_PROMPT_VERSION: self.prompt_version,
            **self.scope.attributes(),
        }
        self._span.end(present(attributes), reason)

    def _outcome(self, error: BaseException | None) -> tuple[str, str | None]:
        """Status and error type.

        The last attempt decides where nothing was raised, and says why where an exception of the
        application's own, or of a library that retries, does not.
        """
        outcome_without_attempt = self._refused[1] if self._refused else names.ATTEMPT_OK
        last = self._attempts[-1].outcome if self._attempts else outcome_without_attempt
        if isinstance(error, CANCELLATIONS) or (error is None and last == names.STATUS_CANCELLED):
            return names.STATUS_CANCELLED, None
        reason = self._failure or (error_type(error) if error is not None else None)
        if reason in (None, names.OTHER) and last in names.ERROR_TYPES:
            reason = last
        return (names.STATUS_ERROR, reason) if reason else (names.STATUS_OK, None)

    @never_raises("metric")
    def _record_metrics(self, state: Telemetry, answering: str, status: str, reason: str | None) -> None:
        metrics, endpoint = state.metrics, self.scope.endpoint_label
        model = metrics.model(answering)
        exemplar = state.exemplar(self._span.span)
        metrics.add(names.REQUESTS, (endpoint, model, self.scope.tenant_label, status))
        if reason:
            metrics.add(names.ERRORS, (endpoint, model, self.scope.tenant_label, reason))
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
        self, state: Telemetry, model: str, fallback_from: str | None, status: str, reason: str | None
    ) -> None:
        request, usage, cost = self._request, self.usage, self.cost
        last = self._attempts[-1] if self._attempts else None
        fields = {
            "endpoint": self.scope.endpoint,
            "user_id": self.scope.user,
            "tenant_id": self.scope.tenant_id,
            "model": model,
            "model_version": last.model_version if last else None,
            "input_tokens": usage.input_tokens if usage else None,
            "output_tokens": usage.output_tokens if usage else None,
            "latency_ms": rounded(self.latency_ms),
            "ttft_ms": rounded(self.ttft_ms),
            "retrieval_ms": rounded(request.retrieval_ms),
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
        try:
            state.events.emit(names.EVENT_CALL, self._span.span, fields, "error" if reason else "info")
        except Exception:
            count_failure("log")

    @never_raises("metric")
    def _move(self, *, waiting: int = 0, in_flight: int) -> None:
        if self._state is None:
            return
        place = (self.scope.endpoint_label,)
        if waiting:
            self._state.metrics.add(names.QUEUE_DEPTH, place, waiting)
        self._state.metrics.add(names.IN_FLIGHT, place, in_flight)
