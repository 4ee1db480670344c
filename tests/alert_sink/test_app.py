"""The sink over HTTP: pages escape received text, the API checks its parameters, a failed delivery is sent again."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sink_live import T0, FakeClock, alert, encoded, message, running_sink, watchdog

from alert_sink.webhook import LARGEST_BODY

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


# --- The page of alerts ----------------------------------------------------------------------------------------------


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


async def test_start_and_end_are_one_entry_and_the_most_severe_comes_first(tmp_path: Path) -> None:
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
    assert "lasted 6 min" in page
    assert page.count("<article") == 3
    assert (firing.count("<article"), chosen.count("<article"), nothing.count("<article")) == (2, 1, 0)


async def test_an_empty_page_says_that_no_alert_fires(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        page = (await sink.http.get("/")).text
    assert "No alerts firing" in page
    assert "No alerts delivered yet" in page


async def test_a_trace_that_no_page_shows_is_named_without_a_link(tmp_path: Path) -> None:
    async with running_sink(tmp_path, traces_page="") as sink:
        await sink.deliver(alert())
        [stored] = sink.sink.storage.newest(limit=1)
        sink.sink.storage.set_trace(stored.id, "ab" * 16)
        page = (await sink.http.get("/")).text
    assert f"Affected trace <code>{'ab' * 16}</code>" in page


# --- Runbooks --------------------------------------------------------------------------------------------------------


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


async def test_without_a_page_that_shows_the_result_a_query_has_no_link(tmp_path: Path) -> None:
    async with running_sink(tmp_path, logs_page="", traces_page="", prometheus_page="") as sink:
        page = (await sink.http.get("/runbooks/LLMHighErrorRate")).text
    assert '<pre class="promql">' in page
    assert 'class="run"' not in page


# --- Links of messages -----------------------------------------------------------------------------------------------

ALERT = {"alert": "LLMHighErrorRate", "service": "demo-app", "endpoint": "/a", "at": str(int(T0))}


async def test_links_of_messages_lead_to_the_stores_that_run(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        logs = (await sink.http.get("/go/logs", params=ALERT)).headers["location"]
        traces = (await sink.http.get("/go/traces", params=ALERT)).headers["location"]
    assert logs.startswith("http://localhost:9428/select/vmui/#/?query=_time")
    assert "%22status%22%3A%3D%22error%22" in logs
    assert traces.startswith("http://localhost:16686/api/traces?service=demo-app")
    async with running_sink(tmp_path, grafana_page="http://localhost:3000/") as sink:
        logs = (await sink.http.get("/go/logs", params=ALERT)).headers["location"]
    assert logs.startswith("http://localhost:3000/explore?")
    async with running_sink(tmp_path, console_page="http://localhost:3000/") as sink:
        traces = (await sink.http.get("/go/traces", params=ALERT)).headers["location"]
    assert traces.startswith("http://localhost:3000/traces?service=demo-app&")


async def test_a_link_of_a_message_needs_the_alerts_start(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        assert (await sink.http.get("/go/logs", params={"at": "now"})).status_code == 400
        assert (await sink.http.get("/go/traces")).status_code == 400


async def test_a_link_of_a_message_without_a_page_says_which_setting_is_missing(tmp_path: Path) -> None:
    async with running_sink(tmp_path, logs_page="") as sink:
        answer = await sink.http.get("/go/logs", params=ALERT)
    assert answer.status_code == 404
    assert "--console-page" in answer.json()["error"]


# --- The webhook and the API -----------------------------------------------------------------------------------------


async def test_another_sites_page_cannot_post(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
            answer = await sink.http.post("/webhook", content=b"{}", headers={"content-type": content_type})
            assert answer.status_code == 415
        assert (await sink.http.get("/webhook")).status_code == 405


async def test_a_body_without_end_is_refused(tmp_path: Path) -> None:
    async def parts() -> Any:
        for _ in range(LARGEST_BODY // 65_536 + 2):
            yield b" " * 65_536

    async with running_sink(tmp_path) as sink:
        answer = await sink.http.post("/webhook", content=parts(), headers={"content-type": "application/json"})
        assert answer.status_code == 413


async def test_a_failed_storage_makes_alertmanager_send_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with running_sink(tmp_path) as sink:
        with monkeypatch.context() as broken:
            broken.setattr(sink.sink.storage, "add", full)
            broken.setattr(sink.sink.storage, "check", full)
            assert (await sink.deliver(alert())).status_code == 503  # Alertmanager tries again for 5xx only
            assert (await sink.http.get("/healthz")).status_code == 503
        assert (await sink.deliver(alert())).json()["new"] == 1
        assert (await sink.http.get("/healthz")).status_code == 200
        assert 'failures_total{what="storage"} 2.0' in (await sink.http.get("/metrics")).text


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"limit": "0"}, 400),
        ({"limit": "many"}, 400),
        ({"limit": "²"}, 400),
        ({"since": "yesterday"}, 400),
        ({"since": "nan"}, 400),
        ({"after": "-1"}, 400),
        ({"status": "on"}, 400),
        ({"sort": "up"}, 400),
        ({"since": "2026-11-24T14:23:05Z", "limit": "1", "alert": "x", "status": "firing", "after": "0"}, 200),
    ],
)
async def test_parameters_are_checked(tmp_path: Path, parameters: dict[str, str], status: int) -> None:
    async with running_sink(tmp_path) as sink:
        answer = await sink.http.get("/api/notifications", params=parameters)
        assert answer.status_code == status
        assert status == 200 or answer.json()["error"]


async def test_notifications_are_chosen_by_time_and_alert(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert(), watchdog())
        sink.clock.move(10)
        await sink.deliver(alert("LLMLatencyHigh"))
        assert [found["alert"] for found in await sink.delivered(since=str(T0 + 5))] == ["LLMLatencyHigh"]
        assert [found["alert"] for found in await sink.delivered(since="2026-11-24T14:23:10Z")] == ["LLMLatencyHigh"]
        assert [found["alert"] for found in await sink.delivered(alert="StackWatchdog")] == ["StackWatchdog"]
        assert len(await sink.delivered(limit="2")) == 2


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
_ALERT = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["firing", "resolved", "x"]) | _JSON,
        "labels": st.dictionaries(st.sampled_from(["alertname", "severity"]), st.text(min_size=1) | _JSON) | _JSON,
        "annotations": st.dictionaries(st.text(), st.text()) | _JSON,
        "startsAt": st.sampled_from(["2026-11-24T14:23:05Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
        | _JSON,
        "endsAt": _JSON,
        "fingerprint": st.text() | _JSON,
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(alerts=st.lists(_ALERT, max_size=3), other=_JSON)
async def test_any_body_is_accepted_or_refused_and_can_be_shown(
    tmp_path_factory: pytest.TempPathFactory, alerts: list[Any], other: Any
) -> None:
    async with running_sink(tmp_path_factory.mktemp("any"), FakeClock()) as sink:
        for body in (message(*alerts), {"alerts": alerts, "receiver": other}, other):
            answer = await sink.http.post(
                "/webhook", content=encoded(body), headers={"content-type": "application/json"}
            )
            assert answer.status_code in (200, 400), answer.text
        assert (await sink.http.get("/api/notifications")).status_code == 200
        assert (await sink.http.get("/")).status_code == 200
