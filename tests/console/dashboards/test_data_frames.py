"""Proves the names of series, and the columns of table frames."""

from __future__ import annotations

from sample_dashboards import data_of, panel_of

from console.dashboards.data_frames import legend_name
from stores.metric_results import Sample


def test_a_legend_template_is_filled_with_labels_and_without_one_the_labels_are_the_name() -> None:
    labels = {"__name__": "up", "service": "demo-app", "endpoint": "/a"}
    assert legend_name("{{service}} {{ endpoint }}", labels) == "demo-app /a"
    assert legend_name("{{service}} {{model}} x", labels) == "demo-app x"
    assert legend_name("", labels) == 'up{endpoint="/a", service="demo-app"}'
    assert legend_name("", {}) == "Value"


def test_the_value_column_of_a_single_query_is_called_value() -> None:
    samples = [Sample({"model": "a", "tenant": "x"}, 10.0, 0.5)]
    [table] = data_of(panel_of("table", {"expr": "x", "instant": True, "format": "table"}), samples).tables
    assert table.columns == ("Time", "model", "tenant", "Value")
