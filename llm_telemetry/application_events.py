"""Functions with which an application records what is not a model call: cache look-ups, rejections, deployments, …"""

from collections.abc import Callable

from opentelemetry import trace

from llm_telemetry import names
from llm_telemetry.events import round_ms
from llm_telemetry.metrics import known_value
from llm_telemetry.request_context import Attribution, current_request
from llm_telemetry.settings import strip_provider
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
        "endpoint": attribution.endpoint,
        "user_id": attribution.user,
        "tenant_id": attribution.tenant_id,
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
