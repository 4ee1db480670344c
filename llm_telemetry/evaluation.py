"""Functions that record how good an answer was: user feedback, evaluation scores, content kept for evaluation."""

from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from llm_telemetry import names
from llm_telemetry.content_store import Content
from llm_telemetry.generation import Generation
from llm_telemetry.metrics import known_value
from llm_telemetry.request_context import Attribution
from llm_telemetry.settings import strip_provider
from llm_telemetry.spans import without_none
from llm_telemetry.telemetry import current_telemetry, never_raises


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
        "endpoint": attribution.endpoint,
        "user_id": attribution.user,
        "tenant_id": attribution.tenant_id,
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
