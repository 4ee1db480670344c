"""Proves that a state lasts until it changes, and that a gap is not a state."""

from __future__ import annotations

from sample_dashboards import context_of, data_of, panel_of

from console.dashboards.panel_queries import panel_queries
from console.dashboards.panels import state_timeline
from stores.metric_results import Series

MAPPING = {
    "type": "value",
    "options": {
        "0": {"text": "closed", "color": "green", "index": 0},
        "1": {"text": "half-open", "color": "yellow", "index": 1},
        "2": {"text": "open", "color": "red", "index": 2},
    },
}
CONTEXT = context_of()


def test_a_state_lasts_until_it_changes() -> None:
    panel = panel_of(
        "state-timeline",
        {"expr": "x", "legendFormat": "{{service}} {{model}}"},
        fieldConfig={"defaults": {"mappings": [MAPPING]}},
    )
    intervals = panel_queries(panel, CONTEXT).intervals
    start, step = intervals.aligned.start, intervals.step
    points = tuple((start + step * index, value) for index, value in enumerate((0.0, 0.0, 2.0, 1.0, 0.0), 1))
    view = state_timeline.view(
        data_of(panel, [Series({"service": "demo-app", "model": "gpt-4o"}, points)], context=CONTEXT)
    )
    [row] = view["rows"]
    assert row["name"] == "demo-app gpt-4o"
    assert [(one["text"], round((one["end"] - one["start"]) / 1000 / step)) for one in row["segments"]] == [
        ("closed", 2), ("open", 1), ("half-open", 1), ("closed", 1),
    ]  # fmt: skip
    assert row["segments"][1]["color"] == "var(--bad)"
    assert [one["text"] for one in view["legend"]] == ["closed", "half-open", "open"]


def test_a_gap_is_not_a_state() -> None:
    panel = panel_of("state-timeline", {"expr": "x"})
    intervals = panel_queries(panel, CONTEXT).intervals
    start, step = intervals.aligned.start, intervals.step
    series = Series({}, ((start + step, 1.0), (start + 5 * step, 1.0)))
    [row] = state_timeline.view(data_of(panel, [series], context=CONTEXT))["rows"]
    assert len(row["segments"]) == 2
