"""Pages: what others wrote is text, links go to web addresses only, runbooks bring no HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sink_live import T0, alert, running_sink, watchdog

from alert_sink.alert_index import AlertIndex
from alert_sink.incidents import length, moment
from alert_sink.links import Links, web_address
from alert_sink.runbook_queries import UnsupportedQuery, log_filter, trace_filter
from alert_sink.settings import ALERTS, SinkSettings
from stores import TraceFilter

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


async def test_labels_are_text(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(
            alert(labels={"alertname": f"A{EVIL}", "severity": EVIL, "team": EVIL, EVIL: EVIL},
                  annotations={"description": EVIL, "summary": EVIL})
        )  # fmt: skip
        answer = await sink.http.get("/")
    assert "&lt;script&gt;" in answer.text
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_links_that_are_no_web_address_are_left_out(tmp_path: Path) -> None:
    links = {"runbook_url": "javascript:alert(1)", "dashboard_url": "data:text/html,x"}
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert(annotations=links, generatorURL="//x"))
        (one,) = await sink.delivered()
        page = (await sink.http.get("/")).text
    assert set(one["links"]) == {"logs", "traces"}
    assert "javascript:" not in page


@pytest.mark.parametrize("text", ["", "x", "http://", "javascript:1", "HTTP:x", "http://[", "//a/b", "ftp://a/"])
def test_what_is_no_web_address(text: str) -> None:
    assert web_address(text) == ""


async def test_begin_and_end_are_one_incident_and_the_worst_comes_first(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(
            watchdog(),
            alert("LLMLatencyHigh"),
            alert("LLMQueueSaturated", labels={"severity": "warning"}),
            alert("LLMHighErrorRate"),
        )
        await sink.deliver(alert("LLMLatencyHigh", "resolved"))
        page = (await sink.http.get("/")).text
        firing = (await sink.http.get("/", params={"status": "firing"})).text
        chosen = (await sink.http.get("/", params={"alert": "LLMLatencyHigh"})).text
        nothing = (await sink.http.get("/", params={"alert": "Nothing"})).text
    places = [page.index(f"<h2>{name}") for name in ("LLMHighErrorRate", "LLMQueueSaturated", "LLMLatencyHigh")]
    assert places == sorted(places)
    assert "2 firing, 1 critical" in page
    assert "went on for 6 min" in page
    assert page.count("<article") == 3
    assert (firing.count("<article"), chosen.count("<article"), nothing.count("<article")) == (2, 1, 0)


async def test_an_empty_page_says_so(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        page = (await sink.http.get("/")).text
    assert "Nothing is firing" in page
    assert "No alert was delivered yet" in page


async def test_runbooks(tmp_path: Path) -> None:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (folder / "README.md").write_text("# All\n\n## 1. Scope\n")
    (folder / "LLMOne.md").write_text(
        f"# LLMOne\n\n{EVIL}\n\n[bad](javascript:alert(1)) [steps](README.md#1-scope) [two](LLMTwo.md)\n\n"
        '```promql\nup{job="a"} < 1\n```\n\n```logsql\nevent:="llm_call"\n```\n\n```bash\necho "<b>"\n```\n\n'
        '```"><script>\nx\n```\n\n| a |\n|---|\n| b |\n'
    )
    (tmp_path / "secret.md").write_text("secret")
    async with running_sink(tmp_path, runbooks=folder) as sink:
        index = (await sink.http.get("/runbooks")).text
        page = (await sink.http.get("/runbooks/LLMOne")).text
        for name in ("None", "..%2Fsecret", "%2e%2e%2fsecret", "a" * 500, "a%00b", "LLMOne.md"):
            answer = await sink.http.get(f"/runbooks/{name}")
            assert answer.status_code == 404, name
            assert "secret</" not in answer.text
    assert '<a href="/runbooks/LLMOne">' in index
    assert 'id="1-scope"' in index
    assert "<script" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert 'href="/runbooks/README#1-scope"' in page
    assert 'href="/runbooks/LLMTwo"' in page
    assert 'href="http://localhost:9090/api/v1/query?query=up%7Bjob%3D%22a%22%7D+%3C+1"' in page
    assert "Show log lines" in page
    assert "echo &quot;&lt;b&gt;&quot;" in page


async def test_links_of_messages_lead_to_whichever_store_runs(tmp_path: Path) -> None:
    asked = {"alert": "LLMHighErrorRate", "service": "demo-app", "endpoint": "/a", "at": str(int(T0))}
    async with running_sink(tmp_path) as sink:
        logs = (await sink.http.get("/go/logs", params=asked)).headers["location"]
        traces = (await sink.http.get("/go/traces", params=asked)).headers["location"]
        assert (await sink.http.get("/go/logs", params={"at": "now"})).status_code == 400
        assert (await sink.http.get("/go/traces")).status_code == 400
    assert logs.startswith("http://localhost:9428/select/vmui/#/?query=_time")
    assert "%22status%22%3A%3D%22error%22" in logs
    assert traces.startswith("http://localhost:16686/api/traces?service=demo-app")
    async with running_sink(tmp_path, grafana_page="http://localhost:3000/") as sink:
        logs = (await sink.http.get("/go/logs", params=asked)).headers["location"]
    assert logs.startswith("http://localhost:3000/explore?")
    assert "loki" in logs
    async with running_sink(tmp_path, console_page="http://localhost:3000/") as sink:
        logs = (await sink.http.get("/go/logs", params=asked)).headers["location"]
        traces = (await sink.http.get("/go/traces", params=asked)).headers["location"]
        await sink.deliver(alert(generatorURL="http://localhost:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"))
        (one,) = await sink.delivered()
    assert logs.startswith("http://localhost:3000/logs?service=demo-app&")
    assert traces.startswith("http://localhost:3000/traces?service=demo-app&")
    assert one["links"]["expression"] == "http://localhost:3000/query?expr=up+%3D%3D+0"


async def test_without_a_page_that_shows_it_there_is_no_link(tmp_path: Path) -> None:
    async with running_sink(tmp_path, logs_page="", traces_page="", prometheus_page="") as sink:
        await sink.deliver(alert())
        (found,) = await sink.delivered()
        answer = await sink.http.get("/go/logs", params={"at": "1"})
        runbook = (await sink.http.get("/runbooks/LLMHighErrorRate")).text
    assert set(found["links"]) == {"runbook", "dashboard", "expression"}
    assert answer.status_code == 404
    assert "--console-page" in answer.json()["error"]
    assert 'class="run"' not in runbook


def test_jaegers_own_page_searches_one_service_only() -> None:
    links = Links(SinkSettings(data=Path(), traces_page="http://localhost:16686"), AlertIndex())
    assert links.traces(TraceFilter("", error_only=True)) == ""
    assert links.traces(TraceFilter("s")).startswith("http://localhost:16686/api/traces?service=s&")


def test_a_trace_opens_in_grafana_or_where_you_say() -> None:
    def link(**settings: Any) -> str:
        return Links(SinkSettings(data=Path(), **settings), AlertIndex()).trace("ab" * 16)

    assert link() == ""
    assert link(traces_page="http://localhost:16686/") == f"http://localhost:16686/api/v3/traces/{'ab' * 16}"
    assert "/explore?" in link(grafana_page="http://localhost:3000")
    assert link(console_page="http://localhost:3000") == f"http://localhost:3000/traces/{'ab' * 16}"
    assert link(trace_link="http://c/t/{trace_id}?x", grafana_page="http://g") == f"http://c/t/{'ab' * 16}?x"


@pytest.mark.parametrize(
    ("name", "labels", "status", "error_only", "slow"),
    [
        ("LLMHighErrorRate", {"service": "s"}, "error", True, 0.0),
        ("LLMLatencyHigh", {"service": "s"}, None, False, 3000.0),
        ("LLMRetryStorm", {"model": "m"}, "error", True, 0.0),
        ("LLMCostSpike", {}, None, False, 0.0),
    ],
)
def test_what_is_searched_fits_the_alert(
    name: str, labels: dict[str, str], status: str | None, error_only: bool, slow: float
) -> None:
    index = AlertIndex.load(ALERTS)
    assert index.log_filter(name, labels, T0).fields.get("status") == status
    which = index.trace_filter(name, labels, T0)
    assert (which.error_only, which.min_duration_ms) == (error_only, slow)


def test_queries_of_runbooks_are_filters() -> None:
    lines = log_filter('"service.name":="demo-app" event:="llm_call" error_type:="a\\"b"')
    assert (lines.service, lines.fields) == ("demo-app", {"event": "llm_call", "error_type": 'a"b'})
    traces = trace_filter('{ resource.service.name = "d" && name = "chat gpt-4o" && status = error && duration >= 3s }')
    assert (traces.service, traces.operation, traces.error_only) == ("d", "chat gpt-4o", True)
    assert traces.min_duration_ms == 3000
    assert trace_filter('{ resource.service.name = "d" && .error.type = "timeout" }').attributes == {
        "error.type": "timeout"
    }


@pytest.mark.parametrize("text", ["_time:5m", "a:b", 'a:="b" | stats count()', 'a:="b'])
def test_what_a_filter_cannot_say_is_no_log_query_of_a_runbook(text: str) -> None:
    with pytest.raises(UnsupportedQuery):
        log_filter(text)


@pytest.mark.parametrize(
    "text", ["", "{}", '{ name = "x" }', '{ resource.service.name = "d" || status = error }', "{ duration > 3s }"]
)
def test_what_a_filter_cannot_say_is_no_trace_query_of_a_runbook(text: str) -> None:
    with pytest.raises(UnsupportedQuery):
        trace_filter(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (3, "3 s"), (119, "119 s"), (720, "12 min"), (7300, "2 h"), (9e5, "10 d")]
)
def test_lengths(seconds: float, text: str) -> None:
    assert length(seconds) == text


def test_moments() -> None:
    assert moment(T0) == "24 Nov 14:23:05"
    assert moment(1e300) == "?"
