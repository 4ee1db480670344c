"""The functions of grafana.py write the JSON that Grafana 13 reads, and nothing that it stopped reading."""

from __future__ import annotations

import json
from typing import Any

from dashboards_src.boards import grafana
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions
from dashboards_src.boards.targets import PrometheusQuery


def about(**more: Any) -> PanelOptions:
    return PanelOptions("A panel", "What it shows, and what a person does when it is bad.", grafana.MS, **more)


def made(*panels: Panel) -> list[dict[str, Any]]:
    """Panels as they end up in a dashboard."""
    rows = [Row("Row", [lambda panel=panel: panel for panel in panels])]  # type: ignore[misc]
    found: list[dict[str, Any]] = Board("uid", "Title", "About.", "here.py", rows, ()).as_json()["panels"]
    return found[1:]


def test_axes_take_fractions() -> None:
    [panel] = made(grafana.time_series(about(minimum=0.25, maximum=0.75), PrometheusQuery("up")))
    defaults = panel["fieldConfig"]["defaults"]
    assert (defaults["min"], defaults["max"]) == (0.25, 0.75)


def test_time_overrides_and_repetition() -> None:
    [panel] = made(grafana.stat(about(time_from="now/d", time_shift="1d", repeat="model"), PrometheusQuery("up")))
    assert (panel["timeFrom"], panel["timeShift"]) == ("now/d", "1d")
    assert (panel["repeat"], panel["repeatDirection"]) == ("model", "h")
    [plain] = made(grafana.stat(about(), PrometheusQuery("up")))
    assert not {"repeat", "repeatDirection", "timeFrom", "timeShift", "interval"} & set(plain)


def test_exemplars_are_asked_for_where_wanted() -> None:
    [panel] = made(grafana.time_series(about(), PrometheusQuery("up", exemplars=True), PrometheusQuery("up")))
    assert [one["exemplar"] for one in panel["targets"]] == [True, False]


def test_panels_wrap_and_rows_follow_the_highest() -> None:
    wide = [grafana.stat(about(size=size), PrometheusQuery("up")) for size in ((12, 4), (12, 9), (8, 2))]
    places = [panel["gridPos"] for panel in made(*wide)]
    assert [(place["x"], place["y"]) for place in places] == [(0, 1), (12, 1), (0, 10)]


def test_nothing_that_grafana_stopped_reading_is_written() -> None:
    text = json.dumps(
        made(grafana.stat(about(), PrometheusQuery("up")), grafana.bar_gauge(about(), PrometheusQuery("up")))
    )
    for old in ("fieldOptions", "minSpan", "cacheTimeout", "null,", "intervalFactor"):
        assert old not in text.replace('"value": null,', "")
