"""The contract's metrics as prometheus_client objects, with their labels kept within bounds."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Iterable, Mapping
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from llm_telemetry import names
from llm_telemetry.settings import Settings, strip_provider

_log = logging.getLogger(__name__)

# Series of one metric that are created with 0 at the start. Above it the product of the label sets would
# cost more memory than the first increment, which a rate misses, is worth.
MAX_SERIES_AT_START = 2_000

# How the processes of prometheus_client's multi-process mode add up, where it is not by addition.
_MULTIPROCESS_GAUGES = {
    names.QUEUE_DEPTH: "livesum",
    names.QUEUE_CAPACITY: "livesum",
    names.IN_FLIGHT: "livesum",
    names.BUILD_INFO: "livemax",
    names.PRICE_TABLE_TIMESTAMP: "livemin",
    names.WEEKLY_SCORE: "mostrecent",
    names.WEEKLY_SAMPLES: "mostrecent",
    names.WEEKLY_CHANGE: "mostrecent",
}
# Computed at scrape, by llm_telemetry.live_gauges.
COMPUTED = frozenset({names.ACTIVE_USERS, names.BREAKER_STATE, names.FAITHFULNESS_SCORE, names.ANSWER_RELEVANCE_SCORE})

Child = Counter | Gauge | Histogram


def multiprocess_mode() -> bool:
    """Whether prometheus_client keeps its values in files that several processes share."""
    return bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))


_objects_of: WeakKeyDictionary[CollectorRegistry, dict[names.Metric, Child]] = WeakKeyDictionary()


def _objects(registry: CollectorRegistry) -> dict[names.Metric, Child]:
    """One object per metric and registry, however often `configure` is called."""
    if registry not in _objects_of:
        _objects_of[registry] = {
            metric: _create(metric, registry) for metric in names.METRICS if metric not in COMPUTED
        }
    return _objects_of[registry]


def _create(metric: names.Metric, registry: CollectorRegistry) -> Child:
    labels = (names.SERVICE_LABEL, *metric.labels)
    if metric.kind == "counter":
        return Counter(metric.name, metric.help, labels, registry=registry)
    if metric.kind == "histogram":
        return Histogram(metric.name, metric.help, labels, buckets=metric.buckets, registry=registry)
    mode = _MULTIPROCESS_GAUGES[metric]
    return Gauge(metric.name, metric.help, labels, registry=registry, multiprocess_mode=mode)  # type: ignore[arg-type]


class Metrics:
    """Records into one registry for one service. Values come in raw and go out as bounded labels."""

    def __init__(self, service: str, settings: Settings, registry: CollectorRegistry) -> None:
        self.service = service
        self._objects = _objects(registry)
        self._children: dict[tuple[str, tuple[str, ...]], Child] = {}
        self._models = frozenset(settings.models)
        self._endpoints = frozenset({*settings.endpoints, names.UNKNOWN})
        self._tenants = frozenset(settings.tenants)
        self._providers = frozenset(model.provider for model in settings.models.values())

    # Bounded values of labels ----------------------------------------------------------------------

    def endpoint(self, value: str | None) -> str:
        """A configured route template, `unknown`, or `other`."""
        return self._bounded("endpoint", value or names.UNKNOWN, self._endpoints)

    def model(self, value: str) -> str:
        """A configured model without its provider prefix, or `other`."""
        return self._bounded("model", strip_provider(value), self._models)

    def tenant(self, value: str | None) -> str:
        """A configured tenant, or `other`. No tenant is `other` too, but nothing overflowed."""
        return self._bounded("tenant", value, self._tenants) if value else names.OTHER

    def provider(self, value: str) -> str:
        """A configured provider, `unknown`, or `other`."""
        if value == names.UNKNOWN:
            return value
        return self._bounded("provider", value, self._providers)

    def _bounded(self, label: str, value: str, allowed: frozenset[str]) -> str:
        if value in allowed:
            return value
        self.add(names.LABEL_OVERFLOW, (label,))
        return names.OTHER

    # Recording -------------------------------------------------------------------------------------

    def add(self, metric: names.Metric, labels: tuple[str, ...], amount: float = 1) -> None:
        """Increment a counter, or move a gauge by `amount`."""
        child = self._children.get((metric.name, labels)) or self._child(metric, labels)
        child.inc(amount)  # type: ignore[union-attr]

    def set(self, metric: names.Metric, labels: tuple[str, ...], value: float) -> None:
        """Set a gauge."""
        self._child(metric, labels).set(value)  # type: ignore[union-attr]

    def observe(
        self, metric: names.Metric, labels: tuple[str, ...], value: float, exemplar: Mapping[str, str] | None
    ) -> None:
        """Observe into a histogram. `exemplar` is the trace that this value is an example of."""
        child = self._children.get((metric.name, labels)) or self._child(metric, labels)
        child.observe(value, exemplar)  # type: ignore[union-attr, arg-type]

    def set_build_info(self, version: str, prompt_version: str) -> None:
        """Say which build runs, and only that one: two at once would look like a deployment for ever."""
        builds = self._objects[names.BUILD_INFO]
        if not multiprocess_mode():  # where series cannot be removed
            builds.clear()
        builds.labels(self.service, version, prompt_version).set(1)  # type: ignore[union-attr]

    def _child(self, metric: names.Metric, labels: tuple[str, ...]) -> Child:
        """Kept by name and labels: prometheus_client's own look-up is slow."""
        child = self._children[metric.name, labels] = self._objects[metric].labels(self.service, *labels)
        return child

    # At start --------------------------------------------------------------------------------------

    def create_series(self, settings: Settings) -> None:
        """Create with 0 what is known to come, so that the first increment is one to `rate()`."""
        chat = [model.name for model in settings.models_for(names.OPERATION_CHAT)]
        values: dict[str, Iterable[str]] = {
            "endpoint": settings.endpoints or (names.UNKNOWN,),
            "model": chat,
            "tenant": settings.tenants or (names.OTHER,),
            "status": names.STATUSES,
            "error_type": names.ERROR_TYPES,
            "cost_source": names.COST_SOURCES,
            "kind": names.SAFETY_KINDS,
            "result": names.CACHE_RESULTS,
            "value": names.FEEDBACK_VALUES,
            "label": ("endpoint", "model", "tenant", "provider"),
            "signal": names.TELEMETRY_SIGNALS,
        }
        reasons = {names.REJECTED: names.REJECTION_REASONS, names.FINISH_REASON: names.FINISH_REASONS}
        for metric in self._objects:
            known = {**values, "reason": reasons.get(metric, ())}
            if metric is names.EMBEDDING_REQUESTS:
                known["model"] = [model.name for model in settings.models_for(names.OPERATION_EMBEDDINGS)]
            elif metric in (names.INPUT_TOKENS, names.COST, names.USAGE_UNKNOWN, names.UNPRICED):  # embeddings', too
                known["model"] = list(settings.models)
            if metric is not names.BUILD_INFO and all(label in known for label in metric.labels):
                self._create_product(metric, [tuple(known[label]) for label in metric.labels])
        for model in settings.models.values():
            for outcome in (names.ATTEMPT_OK, *names.PROVIDER_ERROR_TYPES):
                self._child(names.PROVIDER_ATTEMPTS, (model.provider, model.name, outcome))
            for reason in names.PROVIDER_ERROR_TYPES:
                self._child(names.RETRIES, (model.provider, model.name, reason))

    def _create_product(self, metric: names.Metric, values: list[tuple[str, ...]]) -> None:
        combinations = list(itertools.islice(itertools.product(*values), MAX_SERIES_AT_START + 1))
        if len(combinations) > MAX_SERIES_AT_START:
            _log.warning(
                "%s would have more than %d series; they appear with their first value instead, which a rate misses",
                metric.name,
                MAX_SERIES_AT_START,
            )
            return
        for labels in combinations:
            self._child(metric, labels)
