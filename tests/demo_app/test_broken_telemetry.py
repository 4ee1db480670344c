"""Telemetry never changes an answer, whether it works or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import fastapi
import pytest
from demo_live import App, Provider, Start
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor
from opentelemetry.trace import NoOpTracer

import demo_app.app
from llm_telemetry import events, generation, llm_call, metrics, privacy, retrieval, telemetry

TIMES = ("latency_ms", "ttft_ms", "retrieval_ms", "trace_id")


def broken(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError("telemetry is broken")


class BrokenTracer:
    def start_span(self, *_: Any, **__: Any) -> NoReturn:
        broken()


def without_opentelemetry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(demo_app.app, "FastAPI", fastapi.FastAPI.__mro__[1])
    patch.setattr(telemetry.trace, "get_tracer", lambda _: NoOpTracer())


def broken_metrics(patch: pytest.MonkeyPatch) -> None:
    for name in ("add", "observe"):
        patch.setattr(metrics.Metrics, name, broken)


def broken_log(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(events.EventLog, "emit", broken)


def broken_tracer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(telemetry.trace, "get_tracer", lambda _: BrokenTracer())


def broken_hashes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(privacy.Hasher, "_digest", broken)


def broken_everything(patch: pytest.MonkeyPatch) -> None:
    for breaks in (broken_metrics, broken_log, broken_tracer, broken_hashes):
        breaks(patch)
    for module in (generation, llm_call, retrieval):
        patch.setattr(module, "current_telemetry", broken)


def clock_jumps(patch: pytest.MonkeyPatch) -> None:
    times = iter(range(10**10, 0, -(10**6)))
    patch.setattr(events.time, "time_ns", lambda: next(times))


def conversation(app: App, provider: Provider) -> list[Any]:
    """The responses to a plain, a streamed, a summarised, a retried and a failed request."""
    provider.forget()
    whole, streamed, summary = app.ask(), app.stream("How do couriers get in?"), app.summarise("billing")
    provider.script("gpt-4o", {"server_error": {"status": 500}}, {})
    retried = app.ask("How do I reset the hub?")
    provider.fault("content_filter")
    refused = app.ask("How do I pay?")
    seen: list[Any] = [
        *(answer.json() for answer in (whole, summary, retried)), refused.status_code, refused.json()["error"]["type"],
    ]  # fmt: skip
    seen += [data for _, data in streamed.events]
    return [
        {key: value for key, value in item.items() if key not in TIMES} if isinstance(item, dict) else item
        for item in seen
    ]


@pytest.mark.parametrize("change", [broken_metrics, broken_log, clock_jumps])
def test_answers_are_the_same(
    start: Start, provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, change: Callable[[Any], None]
) -> None:
    expected = conversation(start(), provider)
    provider.reset()
    app = start(data_dir=tmp_path / "other")
    with monkeypatch.context() as patch:
        change(patch)
        assert conversation(app, provider) == expected


@pytest.mark.parametrize("change", [without_opentelemetry, broken_tracer])
def test_answers_are_the_same_without_traces(
    start: Start, provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, change: Callable[[Any], None]
) -> None:
    expected = conversation(start(), provider)
    provider.reset()
    HTTPX2ClientInstrumentor().uninstrument()
    try:
        with monkeypatch.context() as patch:
            change(patch)
            assert conversation(start(data_dir=tmp_path / "other"), provider) == expected
    finally:
        HTTPX2ClientInstrumentor().instrument()


@pytest.mark.parametrize("change", [broken_hashes, broken_everything])
def test_texts_are_the_same_without_tokens_and_cost(
    start: Start, provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, change: Callable[[Any], None]
) -> None:
    """Tokens and cost come from telemetry, so they are unknown; the texts are not."""
    texts = ("answer", "summary", "sources", "text")
    expected = conversation(start(), provider)
    provider.reset()
    app = start(data_dir=tmp_path / "other")
    with monkeypatch.context() as patch:
        change(patch)
        seen = conversation(app, provider)
    for one, other in zip(seen, expected, strict=True):
        if isinstance(one, dict):
            assert {key: one.get(key) for key in texts} == {key: other.get(key) for key in texts}
        else:
            assert one == other


def test_broken_telemetry_spends_no_more_on_retries(
    start: Start, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = start(retry_budget=True)
    provider.fault("server_error", model="gpt-4o")
    broken_everything(monkeypatch)
    assert app.ask().status_code == 502
    assert len(provider.chats()) == 1


@pytest.mark.parametrize(("change", "signal"), [(broken_log, "log"), (broken_hashes, "trace")])
def test_failures_are_counted(
    app: App, monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None], signal: str
) -> None:
    change(monkeypatch)
    assert app.ask().status_code == 200
    assert app.total("llm_telemetry_failures_total", signal=signal) > 0
