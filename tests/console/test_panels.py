"""What each type of panel makes of the servers' answers; nothing is drawn here."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from console_boards import NOW, PANELS, answered, panel, shown, variable

from console.dashboards import fields, notes
from console.dashboards.links import links_of, local
from console.dashboards.notes import Note
from console.dashboards.panels import barchart, bargauge, logs, statetimeline, timeseries
from console.dashboards.panels.body import reduced
from console.dashboards.plan import plan
from console.settings import RUNBOOKS
from console.times import clock
from stores import QueryRefused, StoreUnreachable
from stores.logs import LogLine
from stores.metric_results import Exemplar, Sample, Series

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def titled(title: str) -> Any:
    return next(one for _, one in PANELS if one.title == title)


# --- Time series ------------------------------------------------------------------------------------------


def test_points_lie_on_the_grid_and_gaps_stay_gaps() -> None:
    latency = panel("timeseries", {"expr": "x", "legendFormat": "{{model}}"})
    page = shown(since="now-1h")
    intervals = plan(latency, page).intervals
    start, step = intervals.aligned.start, intervals.step
    points = ((start, 1.0), (start + step, 2.0), (start + 3 * step, math.nan), (start + 4 * step, 5.0))
    view = timeseries.view(answered(latency, [Series({"model": "a"}, points)], on=page), [])
    assert view["first"] == start * 1000
    assert view["step"] == step * 1000
    [line] = view["lines"]
    assert (line["name"], line["values"][:5]) == ("a", [1.0, 2.0, None, None, 5.0])
    assert len(line["values"]) == round(intervals.aligned.length / step) + 1


def test_the_legend_has_the_servers_numbers() -> None:
    chart = titled("Latency of whole answers: p50, p95, p99")
    page = shown()
    start = plan(chart, page).intervals.aligned.start
    series = [Series({}, ((start, 1200.5), (start + 60, 300.25), (start + 120, math.nan)))]
    view = timeseries.view(answered(chart, series, series, [], series, on=page), [])
    assert view["calculations"] == ["Last", "Max"]
    assert view["lines"][0]["numbers"] == [300.25, 1200.5]
    assert view["lines"][0]["texts"] == ["300 ms", "1.2 s"]
    assert [one["value"] for one in view["thresholds"]] == [3000]


@pytest.mark.parametrize(
    ("unit", "highest", "top"),
    [
        ("percentunit", 0.0, 1.0),
        ("percentunit", 0.1, None),
        ("percentunit", 0.9, 1.0),
        ("percentunit", 1.0, 1.0),
        ("percentunit", 3.0, None),
        ("ms", 0.9, None),
    ],
)
def test_no_share_looks_as_if_it_could_be_more_than_the_whole(unit: str, highest: float, top: float | None) -> None:
    chart = panel("timeseries", {"expr": "x"}, fieldConfig={"defaults": {"unit": unit}})
    page = shown(since="now-1h")
    start = plan(chart, page).intervals.aligned.start
    series = [Series({}, ((start, 0.0), (start + 60, highest), (start + 120, math.nan)))]
    assert timeseries.view(answered(chart, series, on=page), [])["max"] == top


@pytest.mark.parametrize(
    ("unit", "highest", "interval"),
    [("bytes", 143 * 2**20, 32 * 2**20), ("bytes", 2**30, 256 * 2**20), ("bytes", 0.0, None), ("ms", 143.0, None)],
)
def test_bytes_are_counted_in_powers_of_two(unit: str, highest: float, interval: float | None) -> None:
    chart = panel("timeseries", {"expr": "x"}, fieldConfig={"defaults": {"unit": unit}})
    page = shown(since="now-1h")
    start = plan(chart, page).intervals.aligned.start
    view = timeseries.view(answered(chart, [Series({}, ((start, highest),))], on=page), [])
    assert view["interval"] == interval


def test_exemplars_are_the_largest_of_their_time_and_name_a_trace() -> None:
    chart = titled("Time to first token: p50, p95")
    page = shown()
    span = plan(chart, page).intervals.span
    found = [
        Exemplar("a" * 32, {}, {}, 10.0, span.end - 2),
        Exemplar("b" * 32, {}, {}, 900.0, span.end - 1),
        Exemplar("", {}, {}, 5000.0, span.end - 1),
        Exemplar("c" * 32, {}, {}, 5.0, span.start - 10),
    ]
    view = timeseries.view(answered(chart, [], [], found, on=page), [])
    assert [one["trace"] for one in view["exemplars"]] == ["b" * 32]


def test_many_exemplars_do_not_hide_the_lines() -> None:
    many = [Exemplar("a" * 32, {}, {}, float(number), number / 10) for number in range(5000)]
    assert len(timeseries.telling(many, 0, 500)) <= timeseries.MOST_EXEMPLARS


def test_annotations_are_spells() -> None:
    board = next(board for board, _ in PANELS)
    firing = board.annotations[1]
    question = notes.question(firing, shown())
    assert question
    start, step = question.start, question.step
    labels = {"alertname": "LLMHighErrorRate", "severity": "critical", "service": EVIL}
    series = Series(labels, tuple((start + step * place, 1.0) for place in (0, 1, 2, 7, 8)))
    found = notes.notes_of(firing, question, [series])
    assert [(one.start, one.end) for one in found] == [(start, start + 2 * step), (start + 7 * step, start + 8 * step)]
    assert found[0].title == "LLMHighErrorRate"
    assert found[0].text == f"critical {EVIL}"
    assert found[0].color == "var(--bad)"


def test_annotations_are_drawn_in_milliseconds() -> None:
    chart = panel("timeseries", {"expr": "x"})
    drawn = timeseries.view(answered(chart, []), [Note(NOW - 60, NOW, "t", "x", "var(--bad)", "Firing alerts")])
    assert drawn["annotations"] == [
        {"time": (NOW - 60) * 1000, "end": NOW * 1000, "title": "t", "text": "x", "color": "var(--bad)"}
    ]


# --- Other types ------------------------------------------------------------------------------------------


def test_a_stat_is_the_servers_number() -> None:
    stat = titled("Cost today")
    [one] = reduced(answered(stat, [Sample({}, NOW, 10.7604)]))
    assert (one.value, one.field.shown(one.value).text) == (10.7604, "$10.760")


def test_a_stat_shows_how_it_came_about() -> None:
    page = shown()
    stat = panel("stat", {"expr": "x"}, options={"reduceOptions": {"calcs": ["max"]}})
    [one] = reduced(answered(stat, [Series({}, ((NOW - 60, 5.0), (NOW, 3.0)))], on=page))
    assert one.value == 5.0


def test_bars_begin_at_zero_and_end_at_the_largest() -> None:
    found = reduced(answered(titled("Cost by tenant"), [Sample({"tenant": "a"}, NOW, 4.0), Sample({}, NOW, 1.0)]))
    assert bargauge.limits(found) == (0.0, 4.0)
    assert bargauge.limits([]) == (0.0, 1.0)


def test_states_last_until_they_change() -> None:
    timeline = titled("Circuit breakers by model")
    page = shown()
    planned = plan(timeline, page)
    start, step = planned.intervals.aligned.start, planned.intervals.step
    values = (0.0, 0.0, 2.0, 1.0, 0.0)
    series = Series(
        {"service": "demo-app", "provider": "openai", "model": "gpt-4o"},
        tuple((start + step * place, value) for place, value in enumerate(values, 1)),
    )
    view = statetimeline.view(answered(timeline, [series], on=page))
    [band] = view["bands"]
    assert band["name"] == "demo-app openai gpt-4o"
    assert [(one["text"], round((one["end"] - one["start"]) / 1000 / step)) for one in band["pieces"]] == [
        ("closed", 2), ("open", 1), ("half-open", 1), ("closed", 1),
    ]  # fmt: skip
    assert [one["color"] for one in band["pieces"]][1] == "var(--bad)"
    assert [one["text"] for one in view["words"]] == ["closed", "half-open", "open"]


def test_a_gap_is_no_state() -> None:
    page = shown()
    timeline = panel("state-timeline", {"expr": "x"})
    planned = plan(timeline, page)
    start, step = planned.intervals.aligned.start, planned.intervals.step
    series = Series({}, ((start + step, 1.0), (start + 5 * step, 1.0)))
    [band] = statetimeline.view(answered(timeline, [series], on=page))["bands"]
    assert len(band["pieces"]) == 2


def test_log_lines_show_the_fields_that_the_panel_wants() -> None:
    failed = titled("Failed calls")
    line = LogLine(NOW + 0.25, "llm_call", {"error_type": EVIL, "latency_ms": 12.5, "cache_hit": False},
                   "a" * 32, "b" * 16, "demo-app", "error", "")  # fmt: skip
    answer = answered(failed, [line])
    view = logs.view(answer.log_lines[0], logs.fields_of(answer), 0)
    assert view["shown"] == [("error_type", EVIL), ("latency_ms", "12.5")]
    assert view["time"].endswith(".250")
    assert ("cache_hit", "false") in view["fields"]
    assert view["trace"] == "a" * 32


# --- Nothing, failure, and what is not known ----------------------------------------------------------------


def test_nothing_is_said_with_its_reason() -> None:
    chart = titled("Requests per minute by endpoint")
    assert answered(chart, []).empty
    page = shown(variable("model", "gpt-4o"))
    assert answered(chart, [], on=page).why_empty == "no value in this range (Last 6 hours) for model gpt-4o"
    only_nan = [Series({}, ((NOW, math.nan),))]
    assert answered(chart, only_nan).empty


def test_of_now_nothing_is_said_of_now() -> None:
    firing = panel("table", {"expr": "ALERTS", "instant": True, "range": False})
    page = shown(since="now-1h")
    assert answered(firing, [], on=page).why_empty == f"no value at {clock(NOW)} UTC"


def test_zero_is_something() -> None:
    assert not answered(titled("Requests per minute by endpoint"), [Series({}, ((NOW, 0.0),))]).empty


def test_one_query_that_fails_does_not_take_the_others() -> None:
    chart = titled("Tokens per minute: input, output")
    refused = QueryRefused("prometheus", "http://x", "parse error: unexpected end")
    answer = answered(chart, [Series({}, ((NOW, 1.0),))], refused, [])
    assert not answer.empty
    assert answer.problems == (refused,)


def test_a_server_that_is_away() -> None:
    away = StoreUnreachable("prometheus", "http://x", "Connection refused")
    answer = answered(titled("Requests per minute by endpoint"), away)
    assert answer.empty
    assert answer.problems == (away,)


def test_another_query_language_is_named() -> None:
    other = panel("timeseries", {"datasource": {"type": "influxdb"}, "query": "SELECT 1"})
    [problem] = answered(other).problems
    assert "influxdb" in str(problem)


def test_times_that_cannot_be_read_are_named() -> None:
    [problem] = answered(panel("timeseries", {"expr": "x"}, timeFrom="soon")).problems
    assert "soon" in str(problem)


# --- Logs and traces ----------------------------------------------------------------------------------------


def test_the_log_stores_language_is_spoken() -> None:
    failed = titled("Failed calls")
    [lite] = plan(failed, shown(variable("model", "gpt-4o"))).questions
    assert lite.kind == "logs"
    assert r'"model":~"^(?:gpt-4o)$"' in lite.text
    assert r'"tenant_id":~"^(?:.*)$"' in lite.text
    [full] = plan(failed, shown(log_store="loki")).questions
    assert full.text.startswith("{service_name=~")


def test_one_search_for_traces_per_combination() -> None:
    failing = titled("Failing traces")
    [question] = plan(failing, shown(variable("model", "a", "b"), variable("service", "demo-app"))).questions
    searched = json.loads(question.text)
    assert [one["attributes"] for one in searched] == [{"llm.model": "a"}, {"llm.model": "b"}]
    assert all(one["service"] == "demo-app" and one["error_only"] for one in searched)
    [all_of_them] = json.loads(plan(failing, shown()).questions[0].text)
    assert (all_of_them["service"], all_of_them["attributes"]) == ("", {})
    [slow] = json.loads(plan(titled("Slow traces"), shown()).questions[0].text)
    assert (slow["min_duration_ms"], slow["error_only"]) == (3000.0, False)


# --- Links --------------------------------------------------------------------------------------------------


def test_a_link_keeps_range_and_variables() -> None:
    links = links_of(
        [{"title": "Incident", "url": "/d/llm-incident?${__url_time_range}&${model:queryparam}"}],
        shown(variable("model", "a&b")), RUNBOOKS,
    )  # fmt: skip
    assert links[0].url == "/d/llm-incident?from=now-6h&to=now&var-model=a%26b"


def test_a_cells_value_cannot_become_more_than_a_value() -> None:
    links = links_of(
        [{"title": "Only ${__value.raw}", "url": "/d/x?var-endpoint=${__value.raw}"}], shown(), RUNBOOKS,
        "/a?b&var-model=c#$model",
    )  # fmt: skip
    assert links[0].url == "/d/x?var-endpoint=%2Fa%3Fb%26var-model%3Dc%23%24model"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "x", "", "http://[x"]
)
def test_what_is_no_page_is_no_link(url: str) -> None:
    assert local(url, RUNBOOKS) == ""


def test_runbooks_are_read_here() -> None:
    assert local("http://localhost:9095/runbooks/LLMHighErrorRate", RUNBOOKS) == "/runbooks/LLMHighErrorRate"
    assert local("http://localhost:9095/runbooks", RUNBOOKS) == "/runbooks"
    assert local("https://example.com/runbooks/Nobody", RUNBOOKS) == "https://example.com/runbooks/Nobody"


# --- What Grafana's options say -------------------------------------------------------------------------------


def test_a_calculation_that_nobody_knows_is_said() -> None:
    stat = panel("stat", {"expr": "x", "instant": True}, options={"reduceOptions": {"calcs": ["mood"]}})
    assert "calculation 'mood'" in str(answered(stat, [Sample({}, NOW, 1.0)]).problems)


@pytest.mark.parametrize(("kind", "format"), [("stat", "table"), ("bargauge", "table"), ("barchart", "time_series")])
def test_a_query_in_the_wrong_format_is_said(kind: str, format: str) -> None:
    asked = panel(kind, {"expr": "x", "instant": True, "format": format})
    answer = answered(asked, [Sample({}, NOW, 1.0)])
    assert answer.empty
    assert "in the format" in str(answer.problems)


def test_the_scale_of_bars_has_zero_the_values_and_the_panels_limits() -> None:
    field = fields.defaults(panel("barchart", fieldConfig={"defaults": {"max": 4}}))
    assert barchart.limits([1.0, 3.0], field) == (0.0, 4.0)
    assert barchart.limits([-2.0, 6.0], field) == (-2.0, 6.0)
    assert barchart.limits([], fields.FieldOptions()) == (0.0, 1.0)
    assert barchart.number_of(math.nan) == barchart.number_of(None) == 0.0
