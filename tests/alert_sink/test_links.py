"""Links lead to Grafana, else to the console, else to the stores' own pages, as the settings name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sink_live import PAGES, T0, alert, running_sink

from alert_sink.alert_index import AlertIndex
from alert_sink.links import Links, web_address
from alert_sink.settings import SinkSettings
from stores import LogFilter, TraceFilter

TRACE = "ab" * 16
LINES = LogFilter("demo-app", {"status": "error"}, start=T0, end=T0 + 60)
TRACES = TraceFilter("demo-app", error_only=True, start=T0, end=T0 + 60)


def links(**settings: Any) -> Links:
    return Links(SinkSettings(data=Path(), **settings), AlertIndex())


def test_the_stores_own_pages() -> None:
    stores = links(**PAGES)
    assert stores.logs(LINES).startswith("http://localhost:9428/select/vmui/#/?query=_time")
    assert "%22status%22%3A%3D%22error%22" in stores.logs(LINES)
    assert stores.traces(TRACES).startswith("http://localhost:16686/api/traces?service=demo-app")
    assert stores.trace(TRACE) == f"http://localhost:16686/api/v3/traces/{TRACE}"
    assert stores.query("up < 1") == "http://localhost:9090/api/v1/query?query=up+%3C+1"


def test_grafana() -> None:
    grafana = links(grafana_page="http://localhost:3000/", **PAGES)
    shown = {"loki": grafana.logs(LINES), "tempo": grafana.traces(TRACES), "prometheus": grafana.query("up")}
    for source, url in shown.items():
        assert url.startswith("http://localhost:3000/explore?")
        assert source in url
    assert "/explore?" in grafana.trace(TRACE)


def test_the_console() -> None:
    console = links(console_page="http://localhost:3000/", **PAGES)
    assert console.logs(LINES).startswith("http://localhost:3000/logs?service=demo-app&")
    assert console.traces(TRACES).startswith("http://localhost:3000/traces?service=demo-app&")
    assert console.trace(TRACE) == f"http://localhost:3000/traces/{TRACE}"
    assert console.query("up") == "http://localhost:3000/query?expr=up"


def test_a_page_for_one_trace_of_your_own() -> None:
    own = links(trace_link="http://c/t/{trace_id}?x", grafana_page="http://g")
    assert own.trace(TRACE) == f"http://c/t/{TRACE}?x"


def test_without_a_page_there_is_no_link() -> None:
    none = links()
    assert [none.logs(LINES), none.traces(TRACES), none.trace(TRACE), none.query("up")] == [""] * 4


def test_jaegers_own_page_searches_one_service_only() -> None:
    stores = links(**PAGES)
    assert stores.traces(TraceFilter("", error_only=True)) == ""
    assert stores.traces(TraceFilter("s")).startswith("http://localhost:16686/api/traces?service=s&")


async def test_an_alert_without_pages_links_to_its_own_annotations_only(tmp_path: Path) -> None:
    async with running_sink(tmp_path, logs_page="", traces_page="", prometheus_page="") as sink:
        await sink.deliver(alert())
        (found,) = await sink.delivered()
    assert found["links"] == {
        "runbook": "http://localhost:9095/runbooks/LLMHighErrorRate",
        "dashboard": "http://localhost:3000/d/llm-incident",
        "expression": "http://localhost:9090/graph?g0.expr=x",
    }


async def test_the_console_shows_the_expression(tmp_path: Path) -> None:
    async with running_sink(tmp_path, console_page="http://localhost:3000/") as sink:
        await sink.deliver(alert(generatorURL="http://localhost:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"))
        (found,) = await sink.delivered()
    assert found["links"]["expression"] == "http://localhost:3000/query?expr=up+%3D%3D+0"


async def test_annotations_that_are_no_web_address_are_left_out(tmp_path: Path) -> None:
    annotations = {"runbook_url": "javascript:alert(1)", "dashboard_url": "data:text/html,x"}
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert(annotations=annotations, generatorURL="//x"))
        (found,) = await sink.delivered()
        page = (await sink.http.get("/")).text
    assert set(found["links"]) == {"logs", "traces"}
    assert "javascript:" not in page


@pytest.mark.parametrize("text", ["", "x", "http://", "javascript:1", "HTTP:x", "http://[", "//a/b", "ftp://a/"])
def test_what_is_no_web_address(text: str) -> None:
    assert web_address(text) == ""
