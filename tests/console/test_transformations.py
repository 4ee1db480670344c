"""Tables, and what Grafana's transformations make of them."""

from __future__ import annotations

from console_boards import PANELS, answered, panel

from console.dashboards.frames import Table, legend_name
from console.dashboards.panels.barchart import value_column
from console.dashboards.transformations import transformed
from stores.metric_results import Sample

ERRORS = [Sample({"model": "a", "tenant": "x"}, 10.0, 0.5), Sample({"model": "b", "tenant": "x"}, 10.0, 0.0)]
REQUESTS = [Sample({"model": "b", "tenant": "x"}, 10.0, 7.0), Sample({"model": "c", "tenant": "x"}, 10.0, 9.0)]


def test_merge_joins_rows_that_are_about_the_same() -> None:
    table = panel(
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
    [found] = answered(table, ERRORS, REQUESTS).tables
    assert found.columns == ("Model", "Requests", "Errors")
    assert found.rows == (("a", None, 0.5), ("b", 7.0, 0.0), ("c", 9.0, None))


def test_one_query_has_a_column_called_value() -> None:
    [found] = answered(panel("table", {"expr": "x", "instant": True, "format": "table"}), ERRORS).tables
    assert found.columns == ("Time", "model", "tenant", "Value")


def test_the_newest_weeks_in_their_order() -> None:
    [barchart] = {one.title: one for _, one in PANELS if one.title.startswith("Faithfulness by week")}.values()
    weeks = [Sample({"week": f"2026-W{number}"}, 10.0, number / 100) for number in range(30, 42)]
    [found] = answered(barchart, weeks).tables
    assert found.column("week") == [f"2026-W{number}" for number in range(34, 42)]
    assert value_column(found, "week") == "score"


def test_a_transformation_that_is_not_known_is_named() -> None:
    table = Table(("a",), (("x",),))
    assert transformed([table], [{"id": "calculateField"}]) == ((table,), ["calculateField"])


def test_names_of_series() -> None:
    labels = {"__name__": "up", "service": "demo-app", "endpoint": "/a"}
    assert legend_name("{{service}} {{ endpoint }}", labels) == "demo-app /a"
    assert legend_name("{{service}} {{model}} x", labels) == "demo-app x"
    assert legend_name("", labels) == 'up{endpoint="/a", service="demo-app"}'
    assert legend_name("", {}) == "Value"
