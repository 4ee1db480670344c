"""Every scenario of the signal matrix emits exactly its series, spans and log lines, by value."""

from __future__ import annotations

from typing import Any

import pytest
from recorded_telemetry import CALLER, Clock, Recorded
from signal_matrix import SIGNAL_MATRIX, Scenario

import llm_telemetry as lt
from llm_telemetry import names

NOT_IN_THE_MATRIX = {
    "llm_build_info": "set by configure: test_metrics",
    "llm_price_table_timestamp_seconds": "set by configure: test_prices",
    "llm_queue_depth": "0 at the end of every scenario: test_generation",
    "llm_in_flight_requests": "0 at the end of every scenario: test_generation",
    "llm_faithfulness_score": "set in the evaluation worker only: test_scrape_gauges",
    "llm_answer_relevance_score": "set in the evaluation worker only: test_scrape_gauges",
    "llm_telemetry_failures_total": "0 as long as nothing fails: test_failure_handling",
    "llm_quality_weekly_score": "set by the weekly report",
    "llm_quality_weekly_samples": "set by the weekly report",
    "llm_quality_weekly_change_ratio": "set by the weekly report",
}


@pytest.fixture(params=SIGNAL_MATRIX)
def scenario(request: pytest.FixtureRequest, recorded: Recorded, clock: Clock) -> Scenario:
    found = SIGNAL_MATRIX[request.param]
    with lt.request_context(**CALLER):
        found.act(clock)
    return found


def test_scenario_changes_exactly_its_series(scenario: Scenario, recorded: Recorded) -> None:
    assert recorded.changed() == pytest.approx(scenario.metrics)


def test_scenario_has_exactly_its_spans(scenario: Scenario, recorded: Recorded) -> None:
    spans = recorded.spans()
    assert [span.name for span in spans] == [name for name, _ in scenario.spans]
    for span, (_, expected) in zip(spans, scenario.spans, strict=True):
        attributes = dict(span.attributes or {})
        for name, value in expected.items():  # pytest.approx takes no mapping of strings and numbers
            if isinstance(value, float):
                expected = {**expected, name: pytest.approx(value)}
        assert attributes == {k: pytest.approx(v) if isinstance(v, int | float) else v for k, v in expected.items()}
        assert span.status.is_ok is ("error.type" not in expected)
        assert span.status.description == expected.get("error.type")
        assert span.kind.name == ("CLIENT" if "gen_ai.operation.name" in expected else "INTERNAL")
        assert not span.events, "an exception's message may quote the prompt"


def test_scenario_writes_exactly_its_lines(scenario: Scenario, recorded: Recorded) -> None:
    lines = recorded.lines()
    assert len(lines) == len(scenario.lines)
    generates = recorded.spans("generate")
    for index, (written, expected) in enumerate(zip(lines, scenario.lines, strict=True)):
        if index < len(generates):
            context = generates[index].get_span_context()
            assert context
            expected = {**expected, "trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
        assert written.pop("timestamp").endswith("Z")
        expected = {name: value for name, value in expected.items() if name != "timestamp"}
        assert written == {k: pytest.approx(v) if isinstance(v, float) else v for k, v in expected.items()}


def test_log_records_have_the_fields_of_the_lines(scenario: Scenario, recorded: Recorded) -> None:
    for record, written in zip(recorded.records(), recorded.lines(), strict=True):
        own = ("timestamp", "trace_id", "span_id") if written["span_id"] else ("timestamp",)
        present = {name: value for name, value in written.items() if value is not None and name not in own}
        assert dict(record.attributes) == present
        assert record.body == written["event"]
        assert record.severity_text == written["level"]
        assert record.severity_number.value == {"info": 9, "warning": 13, "error": 17}[written["level"]]
        assert f"{record.trace_id:032x}" == (written["trace_id"] or "0" * 32)
        assert f"{record.span_id:016x}" == (written["span_id"] or "0" * 16)


def test_attempts_are_children_of_their_generation(scenario: Scenario, recorded: Recorded) -> None:
    for generation in recorded.spans("generate"):
        attempts = [span for span in recorded.spans() if span.parent and span.parent.span_id == _id(generation)]
        assert [span.name for span in attempts] == [name for name, _ in scenario.spans if name.startswith("chat")]


def _id(span: Any) -> int:
    return int(span.get_span_context().span_id)


def test_matrix_covers_every_metric() -> None:
    emitted = {
        name.split("{")[0].removesuffix("_count").removesuffix("_sum")
        for scenario in SIGNAL_MATRIX.values()
        for name in scenario.metrics
    }
    known = {metric.name for metric in names.METRICS}
    assert known - emitted == set(NOT_IN_THE_MATRIX)
    assert emitted <= known


def test_matrix_covers_every_log_field() -> None:
    covered = {
        name
        for scenario in SIGNAL_MATRIX.values()
        for line in scenario.lines
        for name in line
        if line[name] is not None
    }
    assert set(names.LOG_FIELDS) - covered - {"timestamp"} == set()
