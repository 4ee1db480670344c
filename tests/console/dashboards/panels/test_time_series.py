"""Proves what a time series panel draws: points, legend, the ends of the axis, exemplars and annotations."""

from __future__ import annotations

import math

import pytest
from sample_dashboards import NOW, context_of, data_of, panel_of

from console.dashboards.annotations import Annotation
from console.dashboards.model import Panel
from console.dashboards.panel_queries import panel_queries
from console.dashboards.panels import time_series
from stores.metric_results import Exemplar, Series

CONTEXT = context_of(since="now-1h")


def start_of(panel: Panel) -> float:
    return panel_queries(panel, CONTEXT).intervals.aligned.start


def test_points_are_on_the_grid_of_steps_and_gaps_are_none() -> None:
    panel = panel_of("timeseries", {"expr": "x", "legendFormat": "{{model}}"})
    intervals = panel_queries(panel, CONTEXT).intervals
    start, step = intervals.aligned.start, intervals.step
    points = ((start, 1.0), (start + step, 2.0), (start + 3 * step, math.nan), (start + 4 * step, 5.0))
    view = time_series.view(data_of(panel, [Series({"model": "a"}, points)], context=CONTEXT), [])
    assert view["first"] == start * 1000
    assert view["step"] == step * 1000
    [series] = view["series"]
    assert (series["name"], series["values"][:5]) == ("a", [1.0, 2.0, None, None, 5.0])
    assert len(series["values"]) == round(intervals.aligned.length / step) + 1


def test_the_legend_has_the_last_value_and_the_maximum_with_their_unit() -> None:
    legend = {"calcs": ["lastNotNull", "max"], "displayMode": "table"}
    panel = panel_of("timeseries", {"expr": "x"}, fieldConfig={"defaults": {"unit": "ms"}}, options={"legend": legend})
    start = start_of(panel)
    series = [Series({}, ((start, 1200.5), (start + 60, 300.25), (start + 120, math.nan)))]
    view = time_series.view(data_of(panel, series, context=CONTEXT), [])
    assert view["calculations"] == ["Last", "Max"]
    assert view["series"][0]["numbers"] == [300.25, 1200.5]
    assert view["series"][0]["texts"] == ["300 ms", "1.2 s"]


def test_thresholds_are_drawn_where_the_panel_asks_for_lines() -> None:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 3000}]
    for mode, values in (("dashed", [3000]), ("off", [])):
        custom = {"thresholdsStyle": {"mode": mode}}
        defaults = {"thresholds": {"mode": "absolute", "steps": steps}, "custom": custom}
        panel = panel_of("timeseries", {"expr": "x"}, fieldConfig={"defaults": defaults})
        assert [one["value"] for one in time_series.view(data_of(panel, []), [])["thresholds"]] == values


@pytest.mark.parametrize(
    ("unit", "highest", "maximum"),
    [
        ("percentunit", 0.0, 1.0),
        ("percentunit", 0.1, None),
        ("percentunit", 0.9, 1.0),
        ("percentunit", 1.0, 1.0),
        ("percentunit", 3.0, None),
        ("ms", 0.9, None),
    ],
)
def test_an_axis_of_shares_does_not_end_above_100_percent_without_need(
    unit: str, highest: float, maximum: float | None
) -> None:
    panel = panel_of("timeseries", {"expr": "x"}, fieldConfig={"defaults": {"unit": unit}})
    start = start_of(panel)
    series = [Series({}, ((start, 0.0), (start + 60, highest), (start + 120, math.nan)))]
    assert time_series.view(data_of(panel, series, context=CONTEXT), [])["max"] == maximum


@pytest.mark.parametrize(
    ("unit", "highest", "interval"),
    [("bytes", 143 * 2**20, 32 * 2**20), ("bytes", 2**30, 256 * 2**20), ("bytes", 0.0, None), ("ms", 143.0, None)],
)
def test_ticks_of_an_axis_of_bytes_are_powers_of_two_apart(unit: str, highest: float, interval: float | None) -> None:
    panel = panel_of("timeseries", {"expr": "x"}, fieldConfig={"defaults": {"unit": unit}})
    view = time_series.view(data_of(panel, [Series({}, ((start_of(panel), highest),))], context=CONTEXT), [])
    assert view["interval"] == interval


def test_an_exemplar_names_a_trace_and_is_the_largest_of_its_part_of_the_range() -> None:
    panel = panel_of("timeseries", {"expr": "x", "exemplar": True})
    span = panel_queries(panel, CONTEXT).intervals.span
    exemplars = [
        Exemplar("a" * 32, {}, {}, 10.0, span.end - 2),
        Exemplar("b" * 32, {}, {}, 900.0, span.end - 1),
        Exemplar("", {}, {}, 5000.0, span.end - 1),
        Exemplar("c" * 32, {}, {}, 5.0, span.start - 10),
    ]
    view = time_series.view(data_of(panel, [], exemplars, context=CONTEXT), [])
    assert [one["trace"] for one in view["exemplars"]] == ["b" * 32]


def test_the_number_of_exemplars_is_limited() -> None:
    many = [Exemplar("a" * 32, {}, {}, float(number), number / 10) for number in range(5000)]
    assert len(time_series.largest_exemplars(many, 0, 500)) <= time_series.MAX_EXEMPLARS


def test_times_of_annotations_are_milliseconds() -> None:
    annotation = Annotation(NOW - 60, NOW, "t", "x", "var(--bad)", "Firing alerts")
    view = time_series.view(data_of(panel_of("timeseries", {"expr": "x"}), []), [annotation])
    assert view["annotations"] == [
        {"time": (NOW - 60) * 1000, "end": NOW * 1000, "title": "t", "text": "x", "color": "var(--bad)"}
    ]
