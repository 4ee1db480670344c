"""Functions with which an application records what is not a model call: cache look-ups, feedback, evaluations, …"""

from collections.abc import Callable, Sequence

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from llm_telemetry import names
from llm_telemetry.content_store import Content
from llm_telemetry.events import round_ms
from llm_telemetry.generation import Generation
from llm_telemetry.metrics import known_value
from llm_telemetry.request_context import Attribution, current_request
from llm_telemetry.settings import strip_provider
from llm_telemetry.spans import without_none
from llm_telemetry.telemetry import current_telemetry, never_raises


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

    A hit is not a generation, but it also writes the event `llm_call`, with `cache_hit` true, no tokens and
    cost 0, because it answered a question.

    Args:
        hit: whether the answer was in the cache.
        model: the model that gave the cached answer.
        latency_ms: milliseconds that the look-up took.
        prompt_version: the prompt's version, if it is not the version given to `configure`.
        endpoint, tenant_id, user_id: if no request context gives them.
    """
    telemetry = current_telemetry()
    attribution = Attribution.of(telemetry, endpoint, tenant_id, user_id)
    telemetry.metrics.add(names.CACHE_REQUESTS, (attribution.endpoint_label, "hit" if hit else "miss"))
    if not hit:
        return
    if attribution.user:
        telemetry.scrape_gauges.users.add(attribution.endpoint_label, attribution.user)
    request = current_request()
    fields = {
        **attribution.event_fields(),
        "model": strip_provider(model) if model else None,
        "input_tokens": 0,
        "output_tokens": 0,
        "latency_ms": round_ms(latency_ms),
        "retrieval_ms": round_ms(request.retrieval_ms),
        "retrieval_chunks": request.retrieval_chunks,
        "cost_usd": 0.0,
        "cache_hit": True,
        "prompt_version": prompt_version or telemetry.prompt_version,
        "attempts": 0,
        "status": names.STATUS_OK,
    }
    telemetry.write_event(names.EVENT_CALL, trace.get_current_span(), fields)


@never_raises("metric")
def record_deployment(*, version: str | None = None, prompt_version: str | None = None) -> None:
    """Record that this process now runs another version of the application or of its prompts.

    An argument that is None keeps its value. Later calls that give no prompt version use the new one. The
    series of `llm_build_info` with the old labels is removed, except in prometheus_client's multi-process
    mode, which cannot remove series.
    """
    telemetry = current_telemetry()
    telemetry.version = telemetry.version if version is None else version
    telemetry.prompt_version = telemetry.prompt_version if prompt_version is None else prompt_version
    telemetry.metrics.set_build_info(telemetry.version, telemetry.prompt_version or "")


@never_raises("metric")
def record_rejection(reason: str, *, endpoint: str | None = None) -> None:
    """Record a request that never reached a model.

    Args:
        reason: one of names.REJECTION_REASONS.
        endpoint: the route template, if no request context gives it.
    """
    telemetry = current_telemetry()
    label = Attribution.of(telemetry, endpoint).endpoint_label
    telemetry.metrics.add(names.REJECTED, (label, known_value(names.REJECTION_REASONS, reason)))


@never_raises("metric")
def record_safety_violation(kind: str, *, endpoint: str | None = None) -> None:
    """Record input or output that the application refused.

    Do not call this for a provider's content filter: the generation that the filter ended counts it.

    Args:
        kind: one of names.SAFETY_KINDS.
        endpoint: the route template, if no request context gives it.
    """
    telemetry = current_telemetry()
    label = Attribution.of(telemetry, endpoint).endpoint_label
    telemetry.metrics.add(names.SAFETY_VIOLATIONS, (label, known_value(names.SAFETY_KINDS, kind)))


@never_raises("metric")
def set_queue_capacity(capacity: int, *, endpoint: str) -> None:
    """Set how many generations can wait in the queue of `endpoint`."""
    telemetry = current_telemetry()
    telemetry.metrics.set(names.QUEUE_CAPACITY, (telemetry.metrics.endpoint(endpoint),), capacity)


@never_raises("metric")
def register_breaker(provider: str, model: str, state: Callable[[], int]) -> None:
    """Register a circuit breaker. `state` is called at each scrape and returns one of names.BREAKER_*.

    The values are 0 (closed), 1 (half-open) and 2 (open).
    """
    telemetry = current_telemetry()
    labels = (telemetry.metrics.provider(provider), telemetry.metrics.model(model))
    telemetry.scrape_gauges.breakers[labels] = state


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
    """Record a user's feedback on one answer.

    Args:
        value: `up` or `down`.
        trace_id: trace of the answer, 32 hex digits.
        span_id: the answer's `generate` span, 16 hex digits.
        model: the model that answered.
        endpoint, tenant_id, user_id: if no request context gives them.
    """
    telemetry = current_telemetry()
    attribution = Attribution.of(telemetry, endpoint, tenant_id, user_id)
    vote, span = known_value(names.FEEDBACK_VALUES, value), _remote_span(trace_id, span_id)
    model_label = telemetry.metrics.model(model) if model else names.OTHER
    telemetry.metrics.add(names.FEEDBACK, (attribution.endpoint_label, model_label, vote))
    fields = {
        **attribution.event_fields(),
        "model": strip_provider(model) if model else None,
        "feedback": vote,
        "trace_id": trace_id,
    }
    telemetry.write_event(names.EVENT_FEEDBACK, span, fields)


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
    """Record the evaluation of one answer, after the answer was given.

    Args:
        evaluator: name of the evaluator, such as `ragas` or `lexical`.
        endpoint, model, trace_id, span_id: of the `generate` span that is scored.
        faithfulness, answer_relevance: scores from 0 to 1; None if not scored.
        result: `scored`, `failed` or `skipped`.
        hallucinated: whether to count an error of the type `hallucination`.
        tenant_id, prompt_version: of the answer.
        judge_model, judge_cost_usd: the model that scored, and what the scoring cost in US dollars.
    """
    telemetry = current_telemetry()
    metrics = telemetry.metrics
    scores = without_none({names.FAITHFULNESS: faithfulness, names.ANSWER_RELEVANCE: answer_relevance})
    if not all(0 <= score <= 1 for score in scores.values()):
        raise ValueError(f"{scores}: a score must be from 0 to 1")
    span = _remote_span(trace_id, span_id)
    attribution = Attribution.of(telemetry, endpoint, tenant_id)
    labels = (attribution.endpoint_label, metrics.model(model))
    sample_labels = (attribution.endpoint_label, evaluator, known_value(names.EVAL_RESULTS, result))
    metrics.add(names.EVAL_SAMPLES, sample_labels)
    if judge_model and judge_cost_usd is not None:
        metrics.add(names.EVAL_COST, (evaluator, metrics.model(judge_model)), judge_cost_usd)
    if hallucinated:
        metrics.add(names.ERRORS, (*labels, attribution.tenant_label, names.HALLUCINATION))
    exemplar = telemetry.exemplar(span)
    for metric, score in scores.items():
        metrics.observe(names.EVAL_SCORE, (*labels, metric), score, exemplar)
        if telemetry.evaluation_worker:
            telemetry.scrape_gauges.scores.add(metric, *labels, score)
    fields = {
        "endpoint": attribution.endpoint,
        "tenant_id": attribution.tenant_id,
        "model": strip_provider(model),
        "prompt_version": prompt_version,
        "faithfulness_score": faithfulness,
        "answer_relevance_score": answer_relevance,
        "error_type": names.HALLUCINATION if hallucinated else None,
        "evaluator": evaluator,
    }
    telemetry.write_event(names.EVENT_EVALUATION, span, fields, "warning" if hallucinated else "info")


@never_raises("trace")
def evaluation_link(trace_id: str, span_id: str) -> trace.Link:
    """Return the link from an `evaluate` span to the `generate` span that it scores.

    Args:
        trace_id, span_id: of the `generate` span, 32 and 16 hex digits.
    """
    return trace.Link(_remote_span(trace_id, span_id).get_span_context())


@never_raises("content")
def record_content(generation: Generation, question: str, answer: str, chunks: Sequence[str] = ()) -> None:
    """Keep question, answer and retrieved chunks of `generation` for evaluation.

    Does nothing if no content store is configured, or if nothing traces: the span id is the key.
    """
    telemetry = current_telemetry()
    if telemetry.content is None or generation.trace_id is None or generation.span_id is None:
        return
    telemetry.content.add(
        Content(
            span_id=generation.span_id,
            trace_id=generation.trace_id,
            endpoint=generation.attribution.endpoint,
            question=question,
            answer=answer,
            chunks=tuple(chunks),
            tenant_id=generation.attribution.tenant_id,
            model=generation.model,
            prompt_version=generation.prompt_version,
        )
    )


def _remote_span(trace_id: str, span_id: str | None) -> trace.Span:
    """Represent a span that ended earlier or elsewhere, so that exemplars, links and events can refer to it."""
    context = SpanContext(
        int(trace_id, 16), int(span_id or "0", 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )
    return NonRecordingSpan(context)
