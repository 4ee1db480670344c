"""Scores are from 0 to 1, and an evaluation links to the span that it scores."""

from __future__ import annotations

import pytest
from recorded_telemetry import ENDPOINT, SPAN_ID, TRACE_ID, Recorded

import llm_telemetry as lt
from llm_telemetry.application_events import evaluation_link


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_a_score_outside_0_to_1_is_not_recorded(score: float, recorded: Recorded) -> None:
    lt.record_evaluation(
        evaluator="lexical", endpoint=ENDPOINT, model="gpt-4o", trace_id=TRACE_ID, span_id=SPAN_ID, faithfulness=score
    )
    assert recorded.changed() == {'llm_telemetry_failures_total{signal="metric"}': 1}


def test_evaluation_link_points_to_the_generate_span(recorded: Recorded) -> None:
    link = evaluation_link(TRACE_ID, SPAN_ID)
    assert link
    assert f"{link.context.trace_id:032x} {link.context.span_id:016x}" == f"{TRACE_ID} {SPAN_ID}"
