"""What an application says in one call: cache, rejections, safety, queues, breakers, scores, feedback."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from llm_telemetry import names
from llm_telemetry.block import Scope, present, rounded
from llm_telemetry.content_store import Content
from llm_telemetry.generation import Generation
from llm_telemetry.guard import never_raises
from llm_telemetry.request_context import current_request
from llm_telemetry.settings import strip_provider
from llm_telemetry.state import telemetry


@never_raises("metric")
def record_cache(
    hit: bool,
    *,
    model: str | None = None,
    latency_ms: float | None = None,
    prompt_version: str | None = None,
    endpoint: str | None = None,
    tenant_id: str | None = None,
    user_id: str | None = None,
) -> None:
    """Record one look-up in the application's answer cache.

    A hit also writes the `llm_call` event, with cost 0, no tokens and `cache_hit` true: it answered a
    question, but it is no generation. `model` is the one that gave the cached answer.
    """
    state = telemetry()
    scope = Scope.of(state, endpoint, tenant_id, user_id)
    state.metrics.add(names.CACHE_REQUESTS, (scope.endpoint_label, "hit" if hit else "miss"))
    if not hit:
        return
    if scope.user:
        state.live.users.saw(scope.endpoint_label, scope.user)
    request = current_request()
    fields = {
        "endpoint": scope.endpoint,
        "user_id": scope.user,
        "tenant_id": scope.tenant_id,
        "model": strip_provider(model) if model else None,
        "input_tokens": 0,
        "output_tokens": 0,
        "latency_ms": rounded(latency_ms),
        "retrieval_ms": rounded(request.retrieval_ms),
        "retrieval_chunks": request.retrieval_chunks,
        "cost_usd": 0.0,
        "cache_hit": True,
        "prompt_version": prompt_version or state.prompt_version,
        "attempts": 0,
        "status": names.STATUS_OK,
    }
    try:
        state.events.emit(names.EVENT_CALL, trace.get_current_span(), fields)
    except Exception:
        state.failed("log")


@never_raises("metric")
def record_deployment(*, version: str | None = None, prompt_version: str | None = None) -> None:
    """Record that from now on another version of the application, or of its prompts, runs in this process.

    What is None stays as it was. The series of `llm_build_info` with the labels of before goes away (in
    multi-process mode it cannot); what does not say its own prompt version is told apart by the new one.
    """
    state = telemetry()
    state.version = state.version if version is None else version
    state.prompt_version = state.prompt_version if prompt_version is None else prompt_version
    state.metrics.set_build_info(state.version, state.prompt_version or "")


@never_raises("metric")
def record_rejection(reason: str, *, endpoint: str | None = None) -> None:
    """Record a request that never reached a model; `reason` is one of names.REJECTION_REASONS."""
    state = telemetry()
    scope = Scope.of(state, endpoint)
    state.metrics.add(names.REJECTED, (scope.endpoint_label, _one_of(names.REJECTION_REASONS, reason)))


@never_raises("metric")
def record_safety_violation(kind: str, *, endpoint: str | None = None) -> None:
    """Record input or output that was refused; `kind` is one of names.SAFETY_KINDS.

    A provider's content filter is counted by the generation it ended.
    """
    state = telemetry()
    scope = Scope.of(state, endpoint)
    state.metrics.add(names.SAFETY_VIOLATIONS, (scope.endpoint_label, _one_of(names.SAFETY_KINDS, kind)))


@never_raises("metric")
def set_queue_capacity(capacity: int, *, endpoint: str) -> None:
    """Say how many generations may wait at `endpoint`."""
    state = telemetry()
    state.metrics.set(names.QUEUE_CAPACITY, (state.metrics.endpoint(endpoint),), capacity)


@never_raises("metric")
def register_breaker(provider: str, model: str, state: Callable[[], int]) -> None:
    """Have `state` asked at every scrape: 0 closed, 1 half-open, 2 open (names.BREAKER_*)."""
    made = telemetry()
    made.live.breakers[made.metrics.provider(provider), made.metrics.model(model)] = state


@never_raises("metric")
def record_feedback(
    value: str,
    *,
    trace_id: str,
    span_id: str | None = None,
    model: str | None = None,
    endpoint: str | None = None,
    tenant_id: str | None = None,
    user_id: str | None = None,
) -> None:
    """Record a user's `up` or `down` for the answer given in `trace_id` (32 hex digits) at `endpoint` by `model`."""
    state = telemetry()
    scope = Scope.of(state, endpoint, tenant_id, user_id)
    vote, span = _one_of(names.FEEDBACK_VALUES, value), _span_of(trace_id, span_id)
    model_label = state.metrics.model(model) if model else names.OTHER
    state.metrics.add(names.FEEDBACK, (scope.endpoint_label, model_label, vote))
    fields = {
        "endpoint": scope.endpoint,
        "user_id": scope.user,
        "tenant_id": scope.tenant_id,
        "model": strip_provider(model) if model else None,
        "feedback": vote,
        "trace_id": trace_id,
    }
    try:
        state.events.emit(names.EVENT_FEEDBACK, span, fields)
    except Exception:
        state.failed("log")


@never_raises("metric")
def record_evaluation(
    *,
    evaluator: str,
    endpoint: str,
    model: str,
    trace_id: str,
    span_id: str,
    faithfulness: float | None = None,
    answer_relevance: float | None = None,
    result: str = "scored",
    hallucinated: bool = False,
    tenant_id: str | None = None,
    prompt_version: str | None = None,
    judge_model: str | None = None,
    judge_cost_usd: float | None = None,
) -> None:
    """Record what an evaluator made of one answer, after it was given.

    Args:
        evaluator: who scored, such as `ragas` or `lexical`.
        endpoint, model, trace_id, span_id: of the `generate` span that is scored.
        faithfulness, answer_relevance: scores from 0 to 1; None where not scored.
        result: `scored`, `failed` or `skipped`.
        hallucinated: counts an error of that type for the answer.
        judge_model, judge_cost_usd: what the judging itself used and cost in US dollars.
    """
    state = telemetry()
    metrics = state.metrics
    scores = present({names.FAITHFULNESS: faithfulness, names.ANSWER_RELEVANCE: answer_relevance})
    if not all(0 <= score <= 1 for score in scores.values()):
        raise ValueError(f"{scores}: a score is from 0 to 1")
    span = _span_of(trace_id, span_id)
    scope = Scope.of(state, endpoint, tenant_id)
    place = (scope.endpoint_label, metrics.model(model))
    metrics.add(names.EVAL_SAMPLES, (scope.endpoint_label, evaluator, _one_of(names.EVAL_RESULTS, result)))
    if judge_model and judge_cost_usd is not None:
        metrics.add(names.EVAL_COST, (evaluator, metrics.model(judge_model)), judge_cost_usd)
    if hallucinated:
        metrics.add(names.ERRORS, (*place, scope.tenant_label, names.HALLUCINATION))
    exemplar = state.exemplar(span)
    for metric, score in scores.items():
        metrics.observe(names.EVAL_SCORE, (*place, metric), score, exemplar)
        if state.evaluation_worker:
            state.live.scores.add(metric, *place, score)
    fields = {
        "endpoint": scope.endpoint,
        "tenant_id": scope.tenant_id,
        "model": strip_provider(model),
        "prompt_version": prompt_version,
        "faithfulness_score": faithfulness,
        "answer_relevance_score": answer_relevance,
        "error_type": names.HALLUCINATION if hallucinated else None,
        "evaluator": evaluator,
    }
    try:
        state.events.emit(names.EVENT_EVALUATION, span, fields, "warning" if hallucinated else "info")
    except Exception:
        state.failed("log")


@never_raises("trace")
def evaluation_link(trace_id: str, span_id: str) -> trace.Link:
    """The link from an `evaluate` span to the `generate` span that it scores."""
    return trace.Link(_span_of(trace_id, span_id).get_span_context())


@never_raises("content")
def record_content(generation: Generation, question: str, answer: str, chunks: Sequence[str] = ()) -> None:
    """Keep what `generation` was asked, given and said, where a content store is configured; else nothing."""
    state = telemetry()
    if state.content is None or generation.trace_id is None or generation.span_id is None:
        return
    state.content.add(
        Content(
            span_id=generation.span_id,
            trace_id=generation.trace_id,
            endpoint=generation.scope.endpoint,
            question=question,
            answer=answer,
            chunks=tuple(chunks),
            tenant_id=generation.scope.tenant_id,
            model=generation.model,
            prompt_version=generation.prompt_version,
        )
    )


def _one_of(allowed: tuple[str, ...], value: str) -> str:
    if value not in allowed:
        raise ValueError(f"{value!r} is not one of {', '.join(allowed)}")
    return value


def _span_of(trace_id: str, span_id: str | None) -> trace.Span:
    """A stand-in for a span that ended elsewhere, for exemplars, links and events that point at it."""
    context = SpanContext(
        int(trace_id, 16), int(span_id or "0", 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )
    return NonRecordingSpan(context)
