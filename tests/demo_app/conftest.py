"""One provider without latency for all tests; an application with its own settings for each test."""

from __future__ import annotations

import functools
import io
import shutil
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import fastapi
import httpx
import httpx2
import pytest
import yaml
from demo_live import App, Provider, Start, serve, wait_for
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider, set_logger_provider
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import demo_app.app
import llm_telemetry
import sim_provider.app
from demo_app import model_client
from demo_app.settings import DemoSettings
from llm_telemetry import telemetry
from sim_provider.models import DEFAULT_MODELS_FILE, load_models
from sim_provider.provider import Settings
from sim_provider.server import serve_in_thread


@pytest.fixture(scope="session")
def demo_exporters() -> tuple[InMemorySpanExporter, InMemoryLogRecordExporter]:
    """Spans and log records of the whole process. OpenTelemetry accepts one provider, so an existing one is reused."""
    spans, records = InMemorySpanExporter(), InMemoryLogRecordExporter()
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    if not isinstance(get_logger_provider(), LoggerProvider):
        set_logger_provider(LoggerProvider())
    cast(TracerProvider, trace.get_tracer_provider()).add_span_processor(SimpleSpanProcessor(spans))
    cast(LoggerProvider, get_logger_provider()).add_log_record_processor(SimpleLogRecordProcessor(records))
    return spans, records


@pytest.fixture(scope="module")
def demo_instrumented() -> Iterator[None]:
    """Instrument as `opentelemetry-instrument` does: before the application is imported.

    For one module only: HTTP clients of other tests must not send a traceparent.
    """
    original = fastapi.FastAPI
    FastAPIInstrumentor().instrument()
    HTTPX2ClientInstrumentor().instrument()
    demo_app.app.FastAPI = fastapi.FastAPI  # type: ignore[misc]
    yield
    demo_app.app.FastAPI = original  # type: ignore[misc]
    HTTPX2ClientInstrumentor().uninstrument()
    FastAPIInstrumentor().uninstrument()


@pytest.fixture(scope="module", autouse=True)
def _certificates_read_once() -> Iterator[None]:
    """Every HTTP client reads the certificates, which takes 45 ms for each application."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session")
def demo_http() -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
    with httpx.Client(timeout=30, limits=limits) as http:
        yield http


@pytest.fixture(scope="session")
def _provider(demo_http: httpx.Client) -> Iterator[Provider]:
    app = sim_provider.app.create_app(Settings(latency_scale=0))
    with serve_in_thread(app) as url:
        yield Provider(app, url, demo_http)


@pytest.fixture
def provider(_provider: Provider) -> Iterator[Provider]:
    yield _provider
    _provider.reset()


@contextmanager
def paced(http: httpx.Client, directory: Path, tokens_per_second: float) -> Iterator[Provider]:
    """A provider whose answers begin at once and continue at this rate."""
    models = yaml.safe_load(DEFAULT_MODELS_FILE.read_text())
    for model in [*models["chat"].values(), *models["embedding"].values()]:
        model["ttft_ms"] = 0
    for model in models["chat"].values():
        model["tokens_per_second"] = tokens_per_second
    file = directory / "models.yaml"
    file.write_text(yaml.safe_dump(models))
    app = sim_provider.app.create_app(Settings(models=load_models(file)))
    with serve_in_thread(app) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        yield Provider(app, url, http)


@pytest.fixture
def slow_provider(_environment: None, demo_http: httpx.Client, tmp_path: Path) -> Iterator[Provider]:
    """A provider whose answers take a minute, so that no test sees the end of one."""
    with paced(demo_http, tmp_path, 2.0) as provider:
        yield provider


@pytest.fixture
def brisk_provider(_environment: None, demo_http: httpx.Client, tmp_path: Path) -> Iterator[Provider]:
    """A provider whose answers take some time, so that clients can disconnect during them."""
    with paced(demo_http, tmp_path, 1_000.0) as provider:
        yield provider


@pytest.fixture(autouse=True)
def _environment(_provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SETTINGS", "PRICES", "CONTENT_STORE", "CAPTURE_CONTENT"):
        monkeypatch.delenv(f"LLM_TELEMETRY_{variable}", raising=False)
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    monkeypatch.setenv("LLM_TELEMETRY_USER_SALT", "salt")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{_provider.url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setattr(model_client, "_FIRST_WAIT_S", 0.001)


@pytest.fixture(scope="session")
def _index(_provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the index, so that not every test embeds the articles."""
    directory = tmp_path_factory.mktemp("index")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as running:
        patch.setenv("OPENAI_BASE_URL", f"{_provider.url}/v1")
        patch.setenv("OPENAI_API_KEY", "sk-test")
        url = running.enter_context(serve(demo_app.app.create_app(DemoSettings(data_dir=directory))))
        wait_for(lambda: httpx.get(f"{url}/healthz").status_code == 200, "the index is not built")
    _provider.reset()
    return directory


@pytest.fixture
def start(
    provider: Provider,
    demo_http: httpx.Client,
    demo_exporters: tuple[InMemorySpanExporter, InMemoryLogRecordExporter],
    demo_instrumented: None,
    _index: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Start]:
    """Start an application with these settings, until the end of the test. The retry budget is off by default."""
    before: Any = telemetry._current
    configure = llm_telemetry.configure
    with ExitStack() as running:

        def start_one(index: bool = True, transport: httpx2.AsyncBaseTransport | None = None, **settings: Any) -> App:
            directory = settings.setdefault("data_dir", tmp_path / "data")
            if index:
                shutil.copytree(_index, directory, ignore=shutil.ignore_patterns("content*"), dirs_exist_ok=True)
            stdout = io.StringIO()
            monkeypatch.setattr(llm_telemetry, "configure", partial(configure, log_stream=stdout))
            app = demo_app.app.create_app(DemoSettings(**({"retry_budget": False} | settings)), transport)
            made = App(running.enter_context(serve(app)), demo_http, stdout, *demo_exporters)
            if index:
                wait_for(lambda: demo_http.get(f"{made.url}/healthz").status_code == 200, "the index is not there")
            made.spans_out.clear()
            made.records_out.clear()
            made.baseline = made.metrics()
            return made

        yield start_one
    telemetry._current = before


@pytest.fixture
def app(start: Start) -> App:
    """The application with default settings, without the retry budget."""
    return start()
