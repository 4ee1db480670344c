"""Proves where the bars of a bar gauge begin and end."""

from __future__ import annotations

from sample_dashboards import NOW, data_of, panel_of

from console.dashboards.panels.bar_gauge import scale
from console.dashboards.panels.plugin import field_displays
from stores.metric_results import Sample


def test_bars_begin_at_zero_and_end_at_the_largest_value() -> None:
    panel = panel_of("bargauge", {"expr": "x", "instant": True, "legendFormat": "{{tenant}}"})
    displays = field_displays(data_of(panel, [Sample({"tenant": "a"}, NOW, 4.0), Sample({}, NOW, 1.0)]))
    assert scale(displays) == (0.0, 4.0)
    assert scale([]) == (0.0, 1.0)
