"""The index of alerts says which log lines and traces an alert has; without it, the alert's labels do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sink_live import HERE, T0, alert, running_sink

from alert_sink.alert_index import AlertIndex, Evidence
from alert_sink.settings import ALERTS
from llm_telemetry import names

EVIDENCE: dict[str, Any] = {
    "exemplars": ["llm_latency_ms"], "pick": "highest", "event": "llm_call", "failed_only": True,
    "slower_than_ms": 3000, "always": False,
}  # fmt: skip
LABELS = {"alertname": "LLMOne", "service": "s", "endpoint": "/a", "model": "m", "tenant": "t", "metric": "x"}


def index_file(folder: Path, **alerts: dict[str, Any] | None) -> Path:
    path = folder / "alerts.json"
    path.write_text(json.dumps({"generated": "", "alerts": {name: {"evidence": one} for name, one in alerts.items()}}))
    return path


def test_evidence_is_read_value_by_value(tmp_path: Path) -> None:
    index = AlertIndex.load(index_file(tmp_path, LLMOne=EVIDENCE, StackOne=None))
    assert index.problem == ""
    assert index.evidence["LLMOne"] == Evidence((names.LATENCY,), "highest", "llm_call", True, 3000, False)
    assert index.evidence["StackOne"] is None


def test_evidence_narrows_log_lines_and_traces(tmp_path: Path) -> None:
    index = AlertIndex.load(index_file(tmp_path, LLMOne=EVIDENCE))
    lines, traces = index.log_filter("LLMOne", LABELS, T0), index.trace_filter("LLMOne", LABELS, T0)
    assert lines.service == traces.service == "s"
    assert lines.fields == {
        "endpoint": "/a", "model": "m", "tenant_id": "t", "event": "llm_call", "status": "error",
    }  # fmt: skip
    assert traces.attributes == {names.LLM_ENDPOINT: "/a", names.LLM_MODEL: "m"}
    assert (traces.error_only, traces.min_duration_ms) == (True, 3000)
    assert (lines.start, lines.end) == (traces.start, traces.end) == (T0 - 900, T0 + 900)


def test_an_unknown_alert_is_searched_by_its_labels() -> None:
    index = AlertIndex()
    lines, traces = index.log_filter("Own", LABELS, T0), index.trace_filter("Own", LABELS, T0)
    assert lines.fields == {"endpoint": "/a", "model": "m", "tenant_id": "t"}
    assert (traces.error_only, traces.min_duration_ms) == (False, 0)
    assert index.concerns_requests("Own", {"service": "s"})
    assert index.examples("Own") is None


def test_an_alert_that_is_about_no_requests_has_no_log_lines(tmp_path: Path) -> None:
    index = AlertIndex.load(index_file(tmp_path, StackOne=None))
    assert not index.concerns_requests("StackOne", {"service": "s"})
    assert not index.concerns_requests("Own", {"job": "x"})


def test_an_alert_without_exemplars_has_log_lines_and_no_example(tmp_path: Path) -> None:
    index = AlertIndex.load(index_file(tmp_path, LLMOne={**EVIDENCE, "exemplars": []}))
    assert index.concerns_requests("LLMOne", {})
    assert index.examples("LLMOne") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        ('{"alerts": {"LLMOne": {}}}', "'evidence'"),
        (json.dumps({"alerts": {"LLMOne": {"evidence": {**EVIDENCE, "pick": "best"}}}}), "'best'"),
        (json.dumps({"alerts": {"LLMOne": {"evidence": {**EVIDENCE, "exemplars": ["up"]}}}}), "'up'"),
    ],
)
def test_a_broken_index_says_what_is_wrong_and_what_to_do(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "alerts.json"
    path.write_text(text)
    index = AlertIndex.load(path)
    assert index.evidence == {}
    assert says in index.problem
    assert str(path) in index.problem
    assert "make dashboards" in index.problem


async def test_the_sink_starts_without_an_index_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running_sink(tmp_path, alerts=tmp_path / "none.json") as sink:
        await sink.deliver(alert())
        (found,) = await sink.delivered()
        page = (await sink.http.get("/")).text
    assert set(found["links"]) == {"runbook", "dashboard", "expression", "logs", "traces"}
    assert found["trace_state"] == "none"
    assert "none.json cannot be read: No such file or directory" in caplog.text
    assert "none.json cannot be read" in page


def test_the_committed_index_can_be_read() -> None:
    index = AlertIndex.load(ALERTS)
    assert index.problem == ""
    assert index.concerns_requests("LLMHighErrorRate", HERE)
    assert not index.concerns_requests("StackTargetDown", {})
