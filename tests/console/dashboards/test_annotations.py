"""Proves that each period without a gap in an annotation's series becomes one annotation."""

from __future__ import annotations

from sample_dashboards import GENERATED, MARKUP, context_of

from console.dashboards.annotations import annotations_of, query_of
from stores.metric_results import Series


def test_each_period_without_a_gap_is_one_annotation() -> None:
    firing = GENERATED[0].annotations[1]
    query = query_of(firing, context_of())
    assert query
    start, step = query.start, query.step
    labels = {"alertname": "LLMHighErrorRate", "severity": "critical", "service": MARKUP}
    series = Series(labels, tuple((start + step * index, 1.0) for index in (0, 1, 2, 7, 8)))
    found = annotations_of(firing, query, [series])
    assert [(one.start, one.end) for one in found] == [(start, start + 2 * step), (start + 7 * step, start + 8 * step)]
    assert found[0].title == "LLMHighErrorRate"
    assert found[0].text == f"critical {MARKUP}"
    assert found[0].color == "var(--bad)"
