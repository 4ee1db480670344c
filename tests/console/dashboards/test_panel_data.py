"""Proves when a panel has no data and which reason it shows, and that one failed query does not affect the others."""

from __future__ import annotations

import math

import pytest
from sample_dashboards import NOW, context_of, data_of, panel_of, variable

from console.times import format_datetime
from stores import QueryRefused, StoreUnreachable
from stores.metric_results import Sample, Series

CHART = panel_of("timeseries", {"expr": 'x{model=~"$model"}'})


def test_a_series_without_a_number_is_no_data() -> None:
    assert data_of(CHART, []).is_empty
    assert data_of(CHART, [Series({}, ((NOW, math.nan),))]).is_empty


def test_zero_is_data() -> None:
    assert not data_of(CHART, [Series({}, ((NOW, 0.0),))]).is_empty


def test_the_reason_names_the_range_and_the_selected_values() -> None:
    context = context_of(variable("model", "gpt-4o"))
    reason = data_of(CHART, [], context=context).empty_reason
    assert reason == "no value in this range (Last 6 hours) for model gpt-4o"


def test_the_reason_of_an_instant_query_names_the_time() -> None:
    firing = panel_of("table", {"expr": "ALERTS", "instant": True, "range": False})
    context = context_of(since="now-1h")
    assert data_of(firing, [], context=context).empty_reason == f"no value at {format_datetime(NOW)} UTC"


def test_one_failed_query_does_not_hide_the_results_of_the_others() -> None:
    refused = QueryRefused("prometheus", "http://x", "parse error: unexpected end")
    data = data_of(panel_of("timeseries", {"expr": "x"}, {"expr": "y"}), [Series({}, ((NOW, 1.0),))], refused)
    assert not data.is_empty
    assert data.problems == [refused]


def test_an_unreachable_server_is_the_problem_of_the_panel() -> None:
    unreachable = StoreUnreachable("prometheus", "http://x", "Connection refused")
    data = data_of(CHART, unreachable)
    assert data.is_empty
    assert data.problems == [unreachable]


def test_an_unknown_calculation_is_reported() -> None:
    stat = panel_of("stat", {"expr": "x", "instant": True}, options={"reduceOptions": {"calcs": ["mood"]}})
    assert "calculation 'mood'" in str(data_of(stat, [Sample({}, NOW, 1.0)]).problems)


@pytest.mark.parametrize(("kind", "format"), [("stat", "table"), ("bargauge", "table"), ("barchart", "time_series")])
def test_a_query_format_that_the_panel_type_cannot_draw_is_reported(kind: str, format: str) -> None:
    panel = panel_of(kind, {"expr": "x", "instant": True, "format": format})
    data = data_of(panel, [Sample({}, NOW, 1.0)])
    assert data.is_empty
    assert "with the format" in str(data.problems)
