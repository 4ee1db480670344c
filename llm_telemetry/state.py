"""The telemetry of this process: made by `configure`, or with defaults at the first call."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TextIO

from opentelemetry import trace
from prometheus_client import REGISTRY, CollectorRegistry

from llm_telemetry import names
from llm_telemetry.content_store import DEFAULT_RETENTION_DAYS, ContentStore
from llm_telemetry.events import EventLog
from llm_telemetry.live_gauges import LiveGauges
from llm_telemetry.metrics import COMPUTED, Metrics, multiprocess_mode
from llm_telemetry.native import mark_resource
from llm_telemetry.prices import Prices
from llm_telemetry.privacy import Hasher
from llm_telemetry.settings import Settings, load_settings

CONTENT_STORE_VARIABLE = "LLM_TELEMETRY_CONTENT_STORE"
CAPTURE_CONTENT_VARIABLE = "LLM_TELEMETRY_CAPTURE_CONTENT"

# After this many failures of one kind the log is told again; the counter has every one.
_FAILURES_PER_LOG_LINE = 1_000

_log = logging.getLogger(__name__)


@dataclass
class Telemetry:
    """Everything that records. One per process; tests make their own."""

    service: str
    version: str
    prompt_version: str | None
    settings: Settings
    prices: Prices
    metrics: Metrics
    live: LiveGauges
    events: EventLog
    hasher: Hasher
    tracer: trace.Tracer
    content: ContentStore | None
    capture_content: bool
    evaluation_worker: bool
    registry: CollectorRegistry
    exemplars: bool
    marked: bool = False

    def __post_init__(self) -> None:
        self._failures: dict[str, int] = {}

    def mark(self) -> None:
        """Mark the resource as soon as there is a tracer provider; it may come after `configure`."""
        if not self.marked:
            self.marked = mark_resource()

    def failed(self, signal: str) -> None:
        """Count that telemetry could not be recorded. Called inside an `except`; never raises."""
        try:
            seen = self._failures[signal] = self._failures.get(signal, 0) + 1
            self.metrics.add(names.TELEMETRY_FAILURES, (signal,))
            if seen % _FAILURES_PER_LOG_LINE == 1:
                _log.warning("%s telemetry could not be recorded (%d so far)", signal, seen, exc_info=True)
        except Exception:
            return

    def exemplar(self, span: trace.Span) -> Mapping[str, str] | None:
        """The trace to point at from a histogram; None when nobody keeps it."""
        context = span.get_span_context()
        if not self.exemplars or not context.trace_flags.sampled or not context.is_valid:
            return None
        return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


_telemetry: Telemetry | None = None
_lock = threading.RLock()
_collectors: dict[CollectorRegistry, LiveGauges] = {}


def telemetry() -> Telemetry:
    """The telemetry in force; with defaults when nobody configured any.

    Raises:
        SettingsError, PricesError: nobody configured any, and a file named in the environment cannot be used.
    """
    if _telemetry is not None:
        return _telemetry
    with _lock:
        return _telemetry or configure()


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
    """Set up this process's telemetry. Call it once, when the application starts.

    Args:
        service: `service` on every metric; else $OTEL_SERVICE_NAME, else the resource's `service.name`.
        version: of the application, for `llm_build_info`.
        prompt_version: of the prompts in use, where a call does not say its own.
        settings: the file of known label values; else $LLM_TELEMETRY_SETTINGS, else the shipped one.
        prices: the file of price overrides; else $LLM_TELEMETRY_PRICES, else the shipped one.
        user_salt: keys the hashes of user ids and prompts; else $LLM_TELEMETRY_USER_SALT.
        content_store: file for `record_content`; else $LLM_TELEMETRY_CONTENT_STORE; off without.
        content_retention_days: after how many days contents are deleted.
        capture_content: put redacted prompts and answers on spans; else whether
            $LLM_TELEMETRY_CAPTURE_CONTENT is `true`; off without.
        evaluation_worker: this process sets the gauges of recent scores.
        registry: where the metrics are registered.
        log_stream: where JSON lines go; `sys.stdout` without.

    Raises:
        SettingsError, PricesError: a file cannot be used. At start only; recording never raises.
    """
    global _telemetry
    with _lock:
        loaded = load_settings(settings)
        name = service or _service_name()
        metrics = Metrics(name, loaded, registry)
        made = Telemetry(
            service=name,
            version=version,
            prompt_version=prompt_version,
            settings=loaded,
            prices=Prices(prices),
            metrics=metrics,
            live=LiveGauges(name, loaded.endpoints),
            events=EventLog(name, log_stream),
            hasher=Hasher(user_salt),
            tracer=trace.get_tracer("llm_telemetry"),
            content=None,
            capture_content=_flag(CAPTURE_CONTENT_VARIABLE) if capture_content is None else capture_content,
            evaluation_worker=evaluation_worker,
            registry=registry,
            exemplars=not multiprocess_mode(),
        )
        _open_content_store(made, content_store, content_retention_days)
        _register_live_gauges(made)
        metrics.create_series(loaded)
        metrics.set_build_info(version, prompt_version or "")
        metrics.set(names.PRICE_TABLE_TIMESTAMP, (), made.prices.table_timestamp())
        made.mark()
        if _telemetry and _telemetry.content:
            _telemetry.content.close()
        _telemetry = made
    return made


def _open_content_store(made: Telemetry, path: Path | None, retention_days: float) -> None:
    file = path or (Path(os.environ[CONTENT_STORE_VARIABLE]) if os.environ.get(CONTENT_STORE_VARIABLE) else None)
    if file is None:
        return
    try:
        made.content = ContentStore(file, retention_days, on_failure=lambda: made.failed("content"))
    except Exception:
        made.failed("content")
        _log.error("%s cannot be opened: contents are not kept, so answers cannot be evaluated", file)


def _register_live_gauges(made: Telemetry) -> None:
    if multiprocess_mode():
        _say_what_multiprocess_mode_lacks()
        return
    if previous := _collectors.pop(made.registry, None):
        made.registry.unregister(previous)
    made.registry.register(made.live)
    _collectors[made.registry] = made.live


@cache
def _say_what_multiprocess_mode_lacks() -> None:
    _log.warning(
        "prometheus_client runs in multi-process mode, which has neither exemplars nor gauges computed at scrape: "
        "latencies do not link to traces, and %s are left out. One process per scrape target has them all.",
        ", ".join(sorted(metric.name for metric in COMPUTED)),
    )


def _service_name() -> str:
    resource = getattr(trace.get_tracer_provider(), "resource", None)
    known = resource.attributes.get("service.name") if resource else None
    return os.environ.get("OTEL_SERVICE_NAME") or (str(known) if known else "unknown_service")


def _flag(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() in ("1", "true", "yes", "on")


def duration_ms(start: float) -> float:
    """Milliseconds since `start`, a reading of `time.perf_counter()`: no jump of the clock shows in it."""
    return (time.perf_counter() - start) * 1e3
