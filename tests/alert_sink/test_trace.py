"""One affected trace is found through exemplars, and nothing waits for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from sink_live import HERE, NOBODY, T0, alert, answering, exemplars, message, running_sink

from alert_sink import sink as sink_module
from alert_sink.affected_trace import AffectedTraces, selector
from alert_sink.alert_index import AlertIndex
from alert_sink.settings import ALERTS
from alert_sink.webhook import Notification, notifications
from llm_telemetry import names
from stores import MetricStore, Span, StoreUnreachable, Trace, TraceFilter, TraceSummary

INDEX = AlertIndex.load(ALERTS)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "LOOK_FOR_TRACE_AFTER_S", (0.0, 0.0, 0.0))


def one(name: str, labels: Mapping[str, str] = HERE) -> Notification:
    import orjson

    raw = alert(name)
    raw["labels"] = {"alertname": name, **labels}
    return notifications(orjson.dumps(message(raw)))[0]


@dataclass
class Traces:
    """A trace store with spans of two kinds."""

    failed: tuple[str, ...] = ()
    fine: tuple[str, ...] = ()
    away: bool = False
    searched: list[TraceFilter] = field(default_factory=list)
    server: str = "fake"
    url: str = ""

    def trace(self, trace_id: str) -> Trace | None:
        if self.away:
            raise StoreUnreachable("fake", "", "away")
        if trace_id not in self.failed + self.fine:
            return None
        status = "error" if trace_id in self.failed else "ok"
        span = Span(
            trace_id, "1", "", "generate", "demo-app", "internal", T0, 1.0, {names.LLM_MODEL: "gpt-4o"}, status, "",
            (), (), {}, "",
        )  # fmt: skip
        return Trace(trace_id, (span,))

    def search(self, which: TraceFilter, limit: int = 20) -> list[TraceSummary]:
        self.searched.append(which)
        return [TraceSummary(trace_id, "demo-app", "generate", T0, 1, 1) for trace_id in self.failed[:limit]]

    def services(self) -> list[str]:
        return ["demo-app"]

    def check_ready(self) -> None: ...

    def ready(self) -> bool:
        return not self.away


async def test_the_trace_is_added_to_begin_and_end_and_to_the_page(tmp_path: Path) -> None:
    with answering(exemplars(("aa" * 16, 3500, T0), ("bb" * 16, 9000, T0 - 9), ("cc" * 16, 10, T0))) as prometheus:
        async with running_sink(tmp_path, prometheus_url=prometheus.url) as sink:
            await sink.deliver(alert("LLMLatencyHigh"))
            await sink.sink.settled()
            await sink.deliver(alert("LLMLatencyHigh", "resolved"))
            found = await sink.delivered()
            page = (await sink.http.get("/")).text
    assert [(item["trace_id"], item["trace_state"]) for item in found] == [("bb" * 16, "found")] * 2  # the slowest
    assert found[0]["links"]["trace"] == f"http://localhost:16686/api/v3/traces/{'bb' * 16}"
    assert f'href="http://localhost:16686/api/v3/traces/{"bb" * 16}"' in page
    asked = parse_qs(prometheus.bodies[0].decode())
    assert asked["query"] == ['llm_latency_ms_bucket{service="demo-app", endpoint="/api/support/answer"}']
    assert float(asked["start"][0]) < T0 - 60 < float(asked["end"][0])


async def test_without_prometheus_the_alert_is_delivered_all_the_same(tmp_path: Path) -> None:
    async with running_sink(tmp_path, prometheus_url=NOBODY) as sink:
        assert (await sink.deliver(alert())).status_code == 200
        await sink.sink.settled()
        (found,) = await sink.delivered()
        assert (found["trace_id"], found["trace_state"]) == (None, "none")
        assert 'failures_total{what="trace"} 3.0' in (await sink.http.get("/metrics")).text


async def test_the_answer_does_not_wait_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_sink(tmp_path) as sink:
        release = __import__("threading").Event()
        monkeypatch.setattr(sink.sink._traces, "find", lambda *_: "dd" * 16 if release.wait(10) else "")
        started = time.monotonic()
        assert (await sink.deliver(alert())).status_code == 200
        assert time.monotonic() - started < 2
        assert (await sink.delivered())[0]["trace_state"] == "looking"
        assert "looking for an affected trace" in (await sink.http.get("/")).text
        release.set()
        await sink.sink.settled()
        assert (await sink.delivered())[0]["trace_id"] == "dd" * 16


async def test_it_goes_on_looking_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "LOOK_FOR_TRACE_AFTER_S", (600.0,))
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert("LLMLatencyHigh"))
    monkeypatch.setattr(sink_module, "LOOK_FOR_TRACE_AFTER_S", (0.0,))
    with answering(exemplars(("ee" * 16, 5000, T0))) as prometheus:
        async with running_sink(tmp_path, prometheus_url=prometheus.url) as sink:
            while (await sink.delivered())[0]["trace_state"] == "looking":
                await sink.sink.settled()
            assert (await sink.delivered())[0]["trace_id"] == "ee" * 16


def test_a_failed_request_is_preferred_and_its_model_must_fit() -> None:
    found = exemplars(("ok", 10, T0), ("bad", 20, T0 - 5))
    with answering(found) as prometheus:
        metrics = MetricStore(prometheus.url)
        traces = Traces(failed=("bad",), fine=("ok",))
        assert AffectedTraces(INDEX, metrics, traces).find(one("LLMHighErrorRate"), T0) == "bad"
        other = one("LLMProviderErrorRateHigh", {"provider": "openai", "model": "another"})
        assert AffectedTraces(INDEX, metrics, Traces(fine=("ok", "bad"))).find(other, T0) == ""
        # Without a trace store, or with one that is away, any request of the scope must do.
        assert AffectedTraces(INDEX, metrics, None).find(one("LLMHighErrorRate"), T0) == "ok"
        assert AffectedTraces(INDEX, metrics, Traces(away=True)).find(one("LLMHighErrorRate"), T0) == "ok"


def test_where_no_exemplar_failed_the_trace_store_is_searched() -> None:
    with answering(exemplars(("ok", 10, T0))) as prometheus:
        traces = Traces(failed=("rare",), fine=("ok",))
        assert AffectedTraces(INDEX, MetricStore(prometheus.url), traces).find(one("LLMHighErrorRate"), T0) == "rare"
    (which,) = traces.searched
    assert (which.service, which.error_only) == ("demo-app", True)
    assert which.attributes == {"llm.endpoint": "/api/support/answer"}


@pytest.mark.parametrize(
    ("name", "labels", "selected"),
    [
        ("LLMTimeToFirstTokenHigh", HERE, 'llm_ttft_ms_bucket{service="demo-app", endpoint="/api/support/answer"}'),
        ("LLMQualityDegradation", {**HERE, "metric": "faithfulness"},
         'llm_eval_score_bucket{service="demo-app", endpoint="/api/support/answer", metric="faithfulness"}'),
        ("LLMFallbackInUse", {"service": "s", "from_model": "a", "to_model": "b"},
         'llm_latency_ms_bucket{service="s", model="b"}'),
        ("LLMCostSpike", {}, "llm_latency_ms_bucket{}"),
        ("LLMLatencyHigh", {"service": 'a"}\\\n'}, 'llm_latency_ms_bucket{service="a\\"}\\\\\\n"}'),
    ],
)  # fmt: skip
def test_the_selector_says_the_alerts_scope(name: str, labels: dict[str, str], selected: str) -> None:
    evidence = INDEX.examples(name)
    assert evidence is not None
    assert selector(evidence.exemplars[0], labels) == selected


def test_the_lowest_score_is_the_example_of_low_scores() -> None:
    with answering(exemplars(("good", 0.9, T0), ("worst", 0.1, T0 - 50))) as prometheus:
        assert (
            AffectedTraces(INDEX, MetricStore(prometheus.url), None).find(one("LLMQualityDegradation"), T0) == "worst"
        )
