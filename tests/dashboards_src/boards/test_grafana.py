"""The functions of grafana.py write the JSON that Grafana 13 reads, and nothing that it stopped reading."""

from __future__ import annotations

import json
from typing import Any

from dashboards_src.boards import grafana
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel
from dashboards_src.boards.queries import PrometheusQuery

ABOUT = ("A panel", "What it shows, and what a person does when it is bad.", grafana.MS)


def in_dashboard(*panels: Panel) -> list[dict[str, Any]]:
    rows = [Row("Row", *panels)]
    found: list[dict[str, Any]] = Board("uid", "Title", "About.", "here.py", rows, ()).as_json()["panels"]
    return found[1:]


def test_axes_take_fractions() -> None:
    [panel] = in_dashboard(grafana.time_series(*ABOUT, PrometheusQuery("up"), minimum=0.25, maximum=0.75))
    defaults = panel["fieldConfig"]["defaults"]
    assert (defaults["min"], defaults["max"]) == (0.25, 0.75)


def test_time_overrides() -> None:
    [panel] = in_dashboard(grafana.stat(*ABOUT, PrometheusQuery("up"), time_from="now/d", time_shift="1d"))
    assert (panel["timeFrom"], panel["timeShift"]) == ("now/d", "1d")
    [plain] = in_dashboard(grafana.stat(*ABOUT, PrometheusQuery("up")))
    assert not {"repeat", "repeatDirection", "timeFrom", "timeShift", "interval"} & set(plain)


def test_only_queries_with_exemplars_request_them() -> None:
    [panel] = in_dashboard(grafana.time_series(*ABOUT, PrometheusQuery("up", exemplars=True), PrometheusQuery("up")))
    assert [one["exemplar"] for one in panel["targets"]] == [True, False]


def test_panels_wrap_below_the_highest_panel_of_the_line() -> None:
    wide = [grafana.stat(*ABOUT, PrometheusQuery("up"), size=size) for size in ((12, 4), (12, 9), (8, 2))]
    places = [panel["gridPos"] for panel in in_dashboard(*wide)]
    assert [(place["x"], place["y"]) for place in places] == [(0, 1), (12, 1), (0, 10)]


def test_nothing_that_grafana_stopped_reading_is_written() -> None:
    text = json.dumps(
        in_dashboard(grafana.stat(*ABOUT, PrometheusQuery("up")), grafana.bar_gauge(*ABOUT, PrometheusQuery("up")))
    )
    for old in ("fieldOptions", "minSpan", "cacheTimeout", "null,", "intervalFactor"):
        assert old not in text.replace('"value": null,', "")
