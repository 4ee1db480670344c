"""Proves the names of series, the columns of table frames, and what Grafana's transformations do with tables."""

from __future__ import annotations

from sample_dashboards import data_of, panel_of

from console.dashboards.data_frames import TableFrame, apply_transformations, legend_name
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


ERRORS = [Sample({"model": "a", "tenant": "x"}, 10.0, 0.5), Sample({"model": "b", "tenant": "x"}, 10.0, 0.0)]
REQUESTS = [Sample({"model": "b", "tenant": "x"}, 10.0, 7.0), Sample({"model": "c", "tenant": "x"}, 10.0, 9.0)]


def test_merge_joins_rows_with_equal_labels_and_organize_orders_and_renames_columns() -> None:
    panel = panel_of(
        "table",
        {"expr": "errors", "instant": True, "format": "table"},
        {"expr": "requests", "instant": True, "format": "table"},
        transformations=[
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True, "tenant": True},
                    "indexByName": {"model": 0, "Value #B": 1, "Value #A": 2},
                    "renameByName": {"model": "Model", "Value #A": "Errors", "Value #B": "Requests"},
                },
            },
        ],
    )
    [table] = data_of(panel, ERRORS, REQUESTS).tables
    assert table.columns == ("Model", "Requests", "Errors")
    assert table.rows == (("a", None, 0.5), ("b", 7.0, 0.0), ("c", 9.0, None))


def test_sort_by_and_limit_select_the_newest_weeks_in_ascending_order() -> None:
    weeks = TableFrame(("week", "score"), tuple((f"2026-W{week}", week / 100) for week in range(30, 42)))
    sort_by = {"id": "sortBy", "options": {"sort": [{"field": "week", "desc": True}]}}
    limit = {"id": "limit", "options": {"limitField": 8}}
    ascending = {"id": "sortBy", "options": {"sort": [{"field": "week", "desc": False}]}}
    [table], unknown = apply_transformations([weeks], [sort_by, limit, ascending])
    assert table.column("week") == [f"2026-W{week}" for week in range(34, 42)]
    assert unknown == []


def test_an_unknown_transformation_is_reported_and_the_table_stays_as_it_is() -> None:
    table = TableFrame(("a",), (("x",),))
    assert apply_transformations([table], [{"id": "calculateField"}]) == ([table], ["calculateField"])
