"""Addresses of the console's pages say the filter or query that the page shows."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from alert_sink.console_pages import logs_page, query_page, trace_page, traces_page
from console.logs.search import LogSearch
from console.traces.search import TraceSearch
from stores import LogFilter, TraceFilter

T0 = 1_795_600_000.0
LINES = LogFilter("a b", {"cache_hit": True, "cost_usd": 0.5}, start=T0, end=T0 + 1)
TRACES = TraceFilter("demo-app", attributes={"llm.model": "a b", "x": "1"}, start=T0, end=T0 + 1)


def parameters(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def test_a_log_filter_has_a_page() -> None:
    assert logs_page(LINES) == (
        "/logs?service=a+b&field.cache_hit=true&field.cost_usd=0.5&from=1795600000000&to=1795600001000"
    )
    assert LogSearch.read(parameters(logs_page(LINES))).filter(T0, T0 + 1) == LINES


def test_a_trace_filter_has_a_page() -> None:
    which = TraceFilter("demo-app", attributes={"llm.model": "a b", "x": True}, start=T0, end=T0 + 1)
    assert traces_page(which) == (
        "/traces?service=demo-app&model=a+b&attribute.x=true&from=1795600000000&to=1795600001000"
    )
    assert TraceSearch.read(parameters(traces_page(TRACES))).filter(T0, T0 + 1) == TRACES


def test_a_trace_has_a_page() -> None:
    assert trace_page("../etc", "a&b") == "/traces/..%2Fetc?span=a%26b"


def test_a_query_has_a_page() -> None:
    assert query_page('up{job="a"} > 0') == "/query?expr=up%7Bjob%3D%22a%22%7D+%3E+0"
