"""Queries of runbooks become filters of the stores, and links to their results."""

from __future__ import annotations

from pathlib import Path

import pytest
from sink_live import PAGES

from alert_sink.alert_index import AlertIndex
from alert_sink.links import Links
from alert_sink.runbook_queries import LinkedQuery, UnsupportedQuery, linked_query, log_filter, trace_filter
from alert_sink.runbooks import Query
from alert_sink.settings import SinkSettings

LINES = Query("logsql", '"service.name":="demo-app" event:="llm_call"')


def links(**pages: str) -> Links:
    return Links(SinkSettings(data=Path(), **{**PAGES, **pages}), AlertIndex())  # type: ignore[arg-type]


def test_a_log_query_is_a_filter() -> None:
    lines = log_filter('"service.name":="demo-app" event:="llm_call" error_type:="a\\"b"')
    assert (lines.service, lines.fields) == ("demo-app", {"event": "llm_call", "error_type": 'a"b'})


def test_a_trace_query_is_a_filter() -> None:
    traces = trace_filter('{ resource.service.name = "d" && name = "chat gpt-4o" && status = error && duration >= 3s }')
    assert (traces.service, traces.operation, traces.error_only) == ("d", "chat gpt-4o", True)
    assert traces.min_duration_ms == 3000
    assert trace_filter('{ resource.service.name = "d" && .error.type = "timeout" }').attributes == {
        "error.type": "timeout"
    }


@pytest.mark.parametrize("text", ["_time:5m", "a:b", 'a:="b" | stats count()', 'a:="b'])
def test_a_log_query_that_no_filter_can_say_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedQuery):
        log_filter(text)


@pytest.mark.parametrize(
    "text", ["", "{}", '{ name = "x" }', '{ resource.service.name = "d" || status = error }', "{ duration > 3s }"]
)
def test_a_trace_query_that_no_filter_can_say_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedQuery):
        trace_filter(text)


def test_a_query_links_to_its_result() -> None:
    assert linked_query(Query("promql", "up"), links()).link == "http://localhost:9090/api/v1/query?query=up"
    assert linked_query(LINES, links()).action == "Show log lines"
    assert linked_query(Query("traceql", '{ resource.service.name = "d" }'), links()).action == "Search traces"


def test_grafana_gets_log_queries_in_logql() -> None:
    assert linked_query(LINES, links()).text == LINES.text
    shown = linked_query(LINES, links(grafana_page="http://localhost:3000"))
    assert shown.text == '{service_name="demo-app"} | event = "llm_call"'


def test_a_query_that_no_filter_can_say_has_no_link() -> None:
    assert linked_query(Query("logsql", "_time:5m"), links()) == LinkedQuery("_time:5m", "")
