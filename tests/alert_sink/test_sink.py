"""The sink searches for an affected trace in the background, and continues after a restart."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from sink_live import NOBODY, T0, alert, answering, exemplars, running_sink

from alert_sink import sink as sink_module


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "SEARCH_TRACE_AFTER_S", (0.0, 0.0, 0.0))


async def test_the_trace_is_shown_with_the_firing_and_the_resolved_notification(tmp_path: Path) -> None:
    with answering(exemplars(("aa" * 16, 3500, T0), ("bb" * 16, 9000, T0 - 9), ("cc" * 16, 10, T0))) as prometheus:
        async with running_sink(tmp_path, prometheus_url=prometheus.url) as sink:
            await sink.deliver(alert("LLMLatencyHigh"))
            await sink.settled()
            await sink.deliver(alert("LLMLatencyHigh", "resolved"))
            found = await sink.delivered()
            page = (await sink.http.get("/")).text
    assert [(item["trace_id"], item["trace_state"]) for item in found] == [("bb" * 16, "found")] * 2  # the slowest
    assert found[0]["links"]["trace"] == f"http://localhost:16686/api/v3/traces/{'bb' * 16}"
    assert f'href="http://localhost:16686/api/v3/traces/{"bb" * 16}"' in page
    asked = parse_qs(prometheus.bodies[0].decode())
    assert asked["query"] == ['llm_latency_ms_bucket{service="demo-app", endpoint="/api/support/answer"}']
    assert float(asked["start"][0]) < T0 - 60 < float(asked["end"][0])


async def test_without_prometheus_the_alert_is_stored_without_a_trace(tmp_path: Path) -> None:
    async with running_sink(tmp_path, prometheus_url=NOBODY) as sink:
        assert (await sink.deliver(alert())).status_code == 200
        await sink.settled()
        (found,) = await sink.delivered()
        assert (found["trace_id"], found["trace_state"]) == (None, "none")
        assert 'failures_total{what="trace"} 3.0' in (await sink.http.get("/metrics")).text


async def test_the_webhook_does_not_wait_for_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_sink(tmp_path) as sink:
        release = threading.Event()
        monkeypatch.setattr(sink.sink._traces, "find", lambda *_: "dd" * 16 if release.wait(10) else "")
        started = time.monotonic()
        assert (await sink.deliver(alert())).status_code == 200
        assert time.monotonic() - started < 2
        assert (await sink.delivered())[0]["trace_state"] == "looking"
        assert "searching for an affected trace" in (await sink.http.get("/")).text
        release.set()
        await sink.settled()
        assert (await sink.delivered())[0]["trace_id"] == "dd" * 16


async def test_a_search_continues_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "SEARCH_TRACE_AFTER_S", (600.0,))
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert("LLMLatencyHigh"))
    monkeypatch.setattr(sink_module, "SEARCH_TRACE_AFTER_S", (0.0,))
    with answering(exemplars(("ee" * 16, 5000, T0))) as prometheus:
        async with running_sink(tmp_path, prometheus_url=prometheus.url) as sink:
            while (await sink.delivered())[0]["trace_state"] == "looking":
                await sink.settled()
            assert (await sink.delivered())[0]["trace_id"] == "ee" * 16
