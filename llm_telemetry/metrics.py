"""The contract's metrics as prometheus_client objects. A label value that is not configured becomes `other`."""

import itertools
import logging
import os
from collections.abc import Iterable, Mapping
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from llm_telemetry import names
from llm_telemetry.settings import Settings, strip_provider

_log = logging.getLogger(__name__)

# The most series of one metric that are created with 0 at start. A metric with more label combinations creates
# its series when they are first used; a rate then misses the first increment, but memory stays small.
MAX_SERIES_AT_START = 2_000

# How prometheus_client's multi-process mode combines a gauge of several processes.
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
# Computed by llm_telemetry.scrape_gauges.
COMPUTED_AT_SCRAPE = frozenset(
    {names.ACTIVE_USERS, names.BREAKER_STATE, names.FAITHFULNESS_SCORE, names.ANSWER_RELEVANCE_SCORE}
)

PrometheusMetric = Counter | Gauge | Histogram


def multiprocess_mode() -> bool:
    """Whether prometheus_client runs in multi-process mode, where processes share their values in files."""
    return bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))


def known_value(allowed: tuple[str, ...], value: str) -> str:
    if value not in allowed:
        raise ValueError(f"{value!r} is not one of {', '.join(allowed)}")
    return value


_metrics_by_registry: WeakKeyDictionary[CollectorRegistry, dict[names.Metric, PrometheusMetric]] = WeakKeyDictionary()


def _metrics_of(registry: CollectorRegistry) -> dict[names.Metric, PrometheusMetric]:
    """Create the metrics of a registry once, however often `configure` is called."""
    if registry not in _metrics_by_registry:
        _metrics_by_registry[registry] = {
            metric: _create(metric, registry) for metric in names.METRICS if metric not in COMPUTED_AT_SCRAPE
        }
    return _metrics_by_registry[registry]


def _create(metric: names.Metric, registry: CollectorRegistry) -> PrometheusMetric:
    labels = (names.SERVICE_LABEL, *metric.labels)
    if metric.kind == "counter":
        return Counter(metric.name, metric.help, labels, registry=registry)
    if metric.kind == "histogram":
        return Histogram(metric.name, metric.help, labels, buckets=metric.buckets, registry=registry)
    mode = _MULTIPROCESS_GAUGES[metric]
    return Gauge(metric.name, metric.help, labels, registry=registry, multiprocess_mode=mode)  # type: ignore[arg-type]


class Metrics:
    """Records metrics of one service into one registry, and replaces label values that are not configured."""

    def __init__(self, service: str, settings: Settings, registry: CollectorRegistry) -> None:
        self.service = service
        self._metrics = _metrics_of(registry)
        self._children: dict[tuple[str, tuple[str, ...]], PrometheusMetric] = {}
        self._models = frozenset(settings.models)
        self._endpoints = frozenset({*settings.endpoints, names.UNKNOWN})
        self._tenants = frozenset(settings.tenants)
        self._providers = frozenset(model.provider for model in settings.models.values())

    # Label values: configured, or `other` ------------------------------------------------------------

    def endpoint(self, value: str | None) -> str:
        return self._bounded("endpoint", value or names.UNKNOWN, self._endpoints)

    def model(self, value: str) -> str:
        return self._bounded("model", strip_provider(value), self._models)

    def tenant(self, value: str | None) -> str:
        """Return `value` if it is a configured tenant, else `other`. A missing tenant is not counted as overflow."""
        return self._bounded("tenant", value, self._tenants) if value else names.OTHER

    def provider(self, value: str) -> str:
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
        child = self._children.get((metric.name, labels)) or self._child(metric, labels)
        child.inc(amount)  # type: ignore[union-attr]

    def set(self, metric: names.Metric, labels: tuple[str, ...], value: float) -> None:
        self._child(metric, labels).set(value)  # type: ignore[union-attr]

    def observe(
        self, metric: names.Metric, labels: tuple[str, ...], value: float, exemplar: Mapping[str, str] | None
    ) -> None:
        """Observe `value` in a histogram. `exemplar` links the sample to its trace."""
        child = self._children.get((metric.name, labels)) or self._child(metric, labels)
        child.observe(value, exemplar)  # type: ignore[union-attr, arg-type]

    def set_build_info(self, version: str, prompt_version: str) -> None:
        """Set `llm_build_info` for this build and remove the series of the build before.

        Two series at once would look like a deployment that never ends.
        """
        builds = self._metrics[names.BUILD_INFO]
        if not multiprocess_mode():  # it cannot remove series
            builds.clear()
        builds.labels(self.service, version, prompt_version).set(1)  # type: ignore[union-attr]

    def _child(self, metric: names.Metric, labels: tuple[str, ...]) -> PrometheusMetric:
        """Return the series, and keep it by name and labels, because prometheus_client's own look-up is slow."""
        child = self._children[metric.name, labels] = self._metrics[metric].labels(self.service, *labels)
        return child

    # At start --------------------------------------------------------------------------------------

    def create_series(self, settings: Settings) -> None:
        """Create the series of all configured label values with 0, so that `rate()` sees the first increment."""
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
        for metric in self._metrics:
            known = {**values, "reason": reasons.get(metric, ())}
            if metric is names.EMBEDDING_REQUESTS:
                known["model"] = [model.name for model in settings.models_for(names.OPERATION_EMBEDDINGS)]
            elif metric in (names.INPUT_TOKENS, names.COST, names.USAGE_UNKNOWN, names.UNPRICED):
                known["model"] = list(settings.models)  # embedding models too
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
                "%s would have more than %d series, so they are not created at start: rates miss the first increment",
                metric.name,
                MAX_SERIES_AT_START,
            )
            return
        for labels in combinations:
            self._child(metric, labels)
