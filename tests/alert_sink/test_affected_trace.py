"""An affected trace is found through exemplars, and checked in the trace store where it must have failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from sink_live import HERE, T0, Answers, alert, answering, encoded, exemplars, message

from alert_sink.affected_trace import AffectedTraces, selector
from alert_sink.alert_index import AlertIndex
from alert_sink.settings import ALERTS
from alert_sink.webhook import Notification, notifications
from llm_telemetry import names
from stores import MetricStore, Span, StoreUnreachable, Trace, TraceFilter, TraceSummary

INDEX = AlertIndex.load(ALERTS)


def notification(name: str, labels: Mapping[str, str] = HERE) -> Notification:
    sent = {**alert(name), "labels": {"alertname": name, **labels}}
    return notifications(encoded(message(sent)))[0]


@dataclass
class Traces:
    """A trace store with failed and successful traces."""

    failed: tuple[str, ...] = ()
    ok: tuple[str, ...] = ()
    unreachable: bool = False
    searched: list[TraceFilter] = field(default_factory=list)
    server: str = "fake"
    url: str = ""

    def trace(self, trace_id: str) -> Trace | None:
        if self.unreachable:
            raise StoreUnreachable("fake", "", "unreachable")
        if trace_id not in self.failed + self.ok:
            return None
        status = "error" if trace_id in self.failed else "ok"
        span = Span(
            trace_id, "1", "", "generate", "demo-app", "internal", T0, 1.0, {names.LLM_MODEL: "gpt-4o"}, status, "",
            (), (), {}, "",
        )  # fmt: skip
        return Trace(trace_id, (span,))

    def search(self, which: TraceFilter, limit: int = 20) -> list[TraceSummary]:
        self.searched.append(which)
        return [TraceSummary(trace_id, "demo-app", "generate", T0, 1) for trace_id in self.failed[:limit]]

    def services(self) -> list[str]:
        return ["demo-app"]

    def check_ready(self) -> None: ...

    def ready(self) -> bool:
        return not self.unreachable


def find(alert: Notification, prometheus: Answers, traces: Traces | None) -> str:
    return AffectedTraces(INDEX, MetricStore(prometheus.url), traces).find(alert, T0)


def test_a_failed_trace_is_preferred_and_its_model_must_match() -> None:
    failing = notification("LLMHighErrorRate")
    other = notification("LLMProviderErrorRateHigh", {"provider": "openai", "model": "another"})
    with answering(exemplars(("ok", 10, T0), ("bad", 20, T0 - 5))) as prometheus:
        assert find(failing, prometheus, Traces(failed=("bad",), ok=("ok",))) == "bad"
        assert find(other, prometheus, Traces(ok=("ok", "bad"))) == ""


def test_without_an_answer_of_the_trace_store_any_trace_of_the_scope_is_used() -> None:
    failing = notification("LLMHighErrorRate")
    with answering(exemplars(("ok", 10, T0), ("bad", 20, T0 - 5))) as prometheus:
        assert find(failing, prometheus, None) == "ok"
        assert find(failing, prometheus, Traces(unreachable=True)) == "ok"


def test_without_a_failed_exemplar_the_trace_store_is_searched() -> None:
    traces = Traces(failed=("rare",), ok=("ok",))
    with answering(exemplars(("ok", 10, T0))) as prometheus:
        assert find(notification("LLMHighErrorRate"), prometheus, traces) == "rare"
    (which,) = traces.searched
    assert (which.service, which.error_only) == ("demo-app", True)
    assert which.attributes == {"llm.endpoint": "/api/support/answer"}


def test_the_lowest_score_is_picked_for_low_scores() -> None:
    with answering(exemplars(("good", 0.9, T0), ("worst", 0.1, T0 - 50))) as prometheus:
        assert find(notification("LLMQualityDegradation"), prometheus, None) == "worst"


def test_an_unknown_alert_has_no_affected_trace() -> None:
    with answering(exemplars(("ok", 10, T0))) as prometheus:
        assert find(notification("DiskFull"), prometheus, None) == ""
    assert prometheus.bodies == []


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
def test_the_selector_has_the_alerts_labels(name: str, labels: dict[str, str], selected: str) -> None:
    evidence = INDEX.examples(name)
    assert evidence is not None
    assert selector(evidence.exemplars[0], labels) == selected
