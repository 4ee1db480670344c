"""The telemetry of this process. `configure` makes it; without `configure`, the first call makes it with defaults."""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TextIO, TypeVar

from opentelemetry import trace
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from llm_telemetry import names
from llm_telemetry.content_store import DEFAULT_RETENTION_DAYS, ContentStore
from llm_telemetry.events import EventLog
from llm_telemetry.metrics import COMPUTED_AT_SCRAPE, Metrics, multiprocess_mode
from llm_telemetry.prices import Prices
from llm_telemetry.privacy import Hasher
from llm_telemetry.scrape_gauges import ScrapeGauges
from llm_telemetry.settings import Settings, load_settings

CONTENT_STORE_VARIABLE = "LLM_TELEMETRY_CONTENT_STORE"
CAPTURE_CONTENT_VARIABLE = "LLM_TELEMETRY_CAPTURE_CONTENT"

# One log line per this many failures of a signal; the metric counts every failure.
_FAILURES_PER_LOG_LINE = 1_000

_log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Telemetry:
    """Everything that records: metrics, prices, log, tracer. A process has one; tests make their own."""

    service: str
    version: str
    prompt_version: str | None
    settings: Settings
    prices: Prices
    metrics: Metrics
    scrape_gauges: ScrapeGauges
    events: EventLog
    hasher: Hasher
    tracer: trace.Tracer
    content: ContentStore | None
    capture_content: bool
    evaluation_worker: bool
    registry: CollectorRegistry
    exemplars: bool
    resource_marked: bool = False

    def __post_init__(self) -> None:
        self._failures: dict[str, int] = {}

    def mark_resource(self) -> None:
        """Mark the resource as native. The tracer provider may be set after `configure`, so every call tries."""
        if not self.resource_marked:
            self.resource_marked = _mark_resource_as_native()

    def count_failure(self, signal: str) -> None:
        """Count one failure to record `signal`. Call it inside an `except`. Never raises."""
        try:
            count = self._failures[signal] = self._failures.get(signal, 0) + 1
            self.metrics.add(names.TELEMETRY_FAILURES, (signal,))
            if count % _FAILURES_PER_LOG_LINE == 1:
                _log.warning("%s telemetry could not be recorded (%d so far)", signal, count, exc_info=True)
        except Exception:
            return

    def write_event(self, event: str, span: trace.Span, fields: Mapping[str, Any], level: str = "info") -> None:
        """Write one event; see EventLog.emit. Never raises: a failure is counted."""
        try:
            self.events.emit(event, span, fields, level)
        except Exception:
            self.count_failure("log")

    def exemplar(self, span: trace.Span) -> Mapping[str, str] | None:
        """The exemplar that links a histogram sample to the trace of `span`; None if the trace is not sampled."""
        context = span.get_span_context()
        if not self.exemplars or not context.trace_flags.sampled or not context.is_valid:
            return None
        return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


_current: Telemetry | None = None
_lock = threading.RLock()
_registered_gauges: dict[CollectorRegistry, ScrapeGauges] = {}


def current_telemetry() -> Telemetry:
    """Return the telemetry of this process. Configure it with defaults if the application has not.

    Raises:
        SettingsError, PricesError: it is not configured, and a file named in the environment cannot be used.
    """
    if _current is not None:
        return _current
    with _lock:
        return _current or configure()


def configure(
    service: str | None = None,
    *,
    version: str = "",
    prompt_version: str | None = None,
    settings: Path | None = None,
    prices: Path | None = None,
    user_salt: str | None = None,
    content_store: Path | None = None,
    content_retention_days: float = DEFAULT_RETENTION_DAYS,
    capture_content: bool | None = None,
    evaluation_worker: bool = False,
    registry: CollectorRegistry = REGISTRY,
    log_stream: TextIO | None = None,
) -> Telemetry:
    """Set up the telemetry of this process. Call it once, when the application starts.

    Args:
        service: value of the label `service`. Default: $OTEL_SERVICE_NAME, else the resource's `service.name`.
        version: the application's version, for `llm_build_info`.
        prompt_version: version of the prompts, for calls that do not give their own.
        settings: file with the known label values. Default: $LLM_TELEMETRY_SETTINGS, else settings.yaml here.
        prices: file with price overrides. Default: $LLM_TELEMETRY_PRICES, else prices.yaml here.
        user_salt: key for the hashes of user ids and prompts. Default: $LLM_TELEMETRY_USER_SALT, else random.
        content_store: file for `record_content`. Default: $LLM_TELEMETRY_CONTENT_STORE, else nothing is kept.
        content_retention_days: contents are deleted after this many days.
        capture_content: put redacted prompts and answers on spans. Default: whether
            $LLM_TELEMETRY_CAPTURE_CONTENT is `true`.
        evaluation_worker: this process sets `llm_faithfulness_score` and `llm_answer_relevance_score`.
        registry: where the metrics are registered.
        log_stream: where the JSON lines go. Default: `sys.stdout`.

    Raises:
        SettingsError, PricesError: a file cannot be used. Only `configure` raises; recording never does.
    """
    global _current
    with _lock:
        loaded = load_settings(settings)
        name = service or _service_name()
        metrics = Metrics(name, loaded, registry)
        telemetry = Telemetry(
            service=name,
            version=version,
            prompt_version=prompt_version,
            settings=loaded,
            prices=Prices(prices),
            metrics=metrics,
            scrape_gauges=ScrapeGauges(name, loaded.endpoints),
            events=EventLog(name, log_stream),
            hasher=Hasher(user_salt),
            tracer=trace.get_tracer("llm_telemetry"),
            content=None,
            capture_content=_flag(CAPTURE_CONTENT_VARIABLE) if capture_content is None else capture_content,
            evaluation_worker=evaluation_worker,
            registry=registry,
            exemplars=not multiprocess_mode(),
        )
        _open_content_store(telemetry, content_store, content_retention_days)
        _register_scrape_gauges(telemetry)
        metrics.create_series(loaded)
        metrics.set_build_info(version, prompt_version or "")
        metrics.set(names.PRICE_TABLE_TIMESTAMP, (), telemetry.prices.table_timestamp())
        telemetry.mark_resource()
        if _current and _current.content:
            _current.content.close()
        _current = telemetry
    return telemetry


def _open_content_store(telemetry: Telemetry, path: Path | None, retention_days: float) -> None:
    file = path or (Path(os.environ[CONTENT_STORE_VARIABLE]) if os.environ.get(CONTENT_STORE_VARIABLE) else None)
    if file is None:
        return
    try:
        telemetry.content = ContentStore(file, retention_days, on_failure=lambda: telemetry.count_failure("content"))
    except Exception:
        telemetry.count_failure("content")
        _log.error("%s cannot be opened: contents are not kept, so answers cannot be evaluated", file)


def _register_scrape_gauges(telemetry: Telemetry) -> None:
    if multiprocess_mode():
        _warn_about_multiprocess_mode()
        return
    if previous := _registered_gauges.pop(telemetry.registry, None):
        telemetry.registry.unregister(previous)
    telemetry.registry.register(telemetry.scrape_gauges)
    _registered_gauges[telemetry.registry] = telemetry.scrape_gauges


@cache
def _warn_about_multiprocess_mode() -> None:
    _log.warning(
        "prometheus_client runs in multi-process mode, which supports neither exemplars nor gauges that are computed "
        "at scrape: latencies do not link to traces, and these metrics are missing: %s. "
        "To have them all, run one process per scrape target.",
        ", ".join(sorted(metric.name for metric in COMPUTED_AT_SCRAPE)),
    )


def _service_name() -> str:
    resource = getattr(trace.get_tracer_provider(), "resource", None)
    known = resource.attributes.get("service.name") if resource else None
    return os.environ.get("OTEL_SERVICE_NAME") or (str(known) if known else "unknown_service")


def _flag(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() in ("1", "true", "yes", "on")


def _mark_resource_as_native() -> bool:
    """Add `llm.telemetry.native=true` to the resource of this process: its metrics are recorded here.

    A collector may derive metrics from the spans of applications that do not use `llm_telemetry`. The mark tells it to
    skip this process, whose calls would otherwise count twice.

    OpenTelemetry creates the resource before the application runs, and its SDK has no public way to add an
    attribute later. This uses the private method that the SDK itself calls after a fork. If the method is
    missing, a warning names the environment variable to set instead.

    Returns False if no tracer provider with a resource is set yet, so that the caller tries again later.
    """
    provider: Any = trace.get_tracer_provider()
    resource: Any = getattr(provider, "resource", None)
    if resource is None:
        return False
    if resource.attributes.get(names.RESOURCE_NATIVE) in (True, "true"):  # a string if it was set in the environment
        return True
    try:
        provider._update_resource(type(resource)({names.RESOURCE_NATIVE: True}))
        marked = provider.resource.attributes.get(names.RESOURCE_NATIVE) is True
    except Exception:
        marked = False
    if not marked:
        _log.warning(
            "the resource of this process could not be marked: set OTEL_RESOURCE_ATTRIBUTES=%s=true, "
            "or its calls may be counted twice",
            names.RESOURCE_NATIVE,
        )
    return True


def exposition(accept: str = "") -> tuple[bytes, str]:
    """Return body and content type for a scrape with the header `Accept: {accept}`.

    The format is OpenMetrics if `accept` asks for it, else Prometheus text. Only OpenMetrics carries exemplars.
    """
    registry = current_telemetry().registry
    if multiprocess_mode():
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def never_raises(signal: str) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Decorator: the function returns None instead of raising, and the failure counts under `signal`.

    `signal` is one of names.TELEMETRY_SIGNALS.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R | None]:
        @wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | None:
            try:
                return function(*args, **kwargs)
            except Exception:
                count_failure(signal)
                return None

        return guarded

    return decorate


def count_failure(signal: str) -> None:
    """Count one failure under `signal` and log its traceback. Call it inside an `except`. Never raises."""
    try:
        current_telemetry().count_failure(signal)
    except Exception:  # configure itself fails, so there is no counter
        _log_missing_telemetry()


@cache
def _log_missing_telemetry() -> None:
    _log.error("no telemetry: call llm_telemetry.configure at start; its exception says what is wrong", exc_info=True)
