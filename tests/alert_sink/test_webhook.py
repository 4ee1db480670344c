"""What is taken, what is refused with a reason, and what is kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sink_live import HERE, T0, FakeClock, alert, message, running_sink, watchdog

from alert_sink.storage import KEPT_ANYWAY, Storage
from alert_sink.webhook import LARGEST_BODY, BadNotification, notifications

DAY_S = 86_400.0


async def test_a_notification_comes_back_value_by_value(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        answer = await sink.deliver(alert())
        assert (answer.status_code, answer.json()) == (200, {"received": 1, "new": 1})
        (one,) = await sink.delivered()
    assert (one["alert"], one["status"], one["severity"], one["team"]) == (
        "LLMHighErrorRate", "firing", "critical", "application",
    )  # fmt: skip
    assert (one["starts_at"], one["ends_at"], one["received_at"]) == (T0 - 60, None, T0)
    assert (one["description"], one["scope"]) == ("34.2% of the requests failed.", HERE)
    assert one["receiver"] == "application"
    assert set(one["links"]) == {"runbook", "dashboard", "expression", "logs", "traces"}


async def test_the_end_is_a_notification_of_its_own(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert())
        await sink.deliver(alert(status="resolved"))
        assert [(one["status"], one["ends_at"]) for one in await sink.delivered()] == [
            ("resolved", T0 + 300), ("firing", None),
        ]  # fmt: skip
        assert [one["status"] for one in await sink.delivered(status="firing")] == ["firing"]


async def test_repetitions_are_counted_and_bring_the_newer_value(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert())
        sink.clock.move(100)
        answer = await sink.deliver(alert(annotations={"description": "50% failed."}))
        assert answer.json() == {"received": 1, "new": 0}
        (one,) = await sink.delivered()
        metrics = (await sink.http.get("/metrics")).text
    assert (one["deliveries"], one["received_at"], one["repeated_at"]) == (2, T0, T0 + 100)
    assert one["description"] == "50% failed."
    assert 'alert_sink_notifications_total{alert="LLMHighErrorRate",status="firing"} 2.0' in metrics
    assert "alert_sink_repetitions_total 1.0" in metrics


async def test_it_is_new_when_it_starts_anew_or_elsewhere(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert())
        await sink.deliver(alert(startsAt="2026-11-24T15:00:00.123456789Z"))
        await sink.deliver(alert(labels={"endpoint": "/b"}))
        assert len(await sink.delivered()) == 3


async def test_a_clock_that_is_set_back_loses_nothing(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert(labels={"endpoint": "/a"}))
        sink.clock.wall -= 10 * DAY_S
        await sink.deliver(alert(labels={"endpoint": "/b"}))
        newest, oldest = await sink.delivered()
        assert newest["scope"]["endpoint"] == "/b"
        assert [one["id"] for one in await sink.delivered(after=str(oldest["id"]))] == [newest["id"]]
        assert (await sink.http.get("/")).status_code == 200


async def test_deliveries_survive_a_restart(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert())
        before = await sink.delivered()
    async with running_sink(tmp_path) as sink:
        assert (await sink.deliver(alert())).json()["new"] == 0
        (one,) = await sink.delivered()
    assert one["id"] == before[0]["id"]


def test_old_deliveries_are_forgotten_but_never_all(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    (one,) = notifications(_json(message(alert())))
    for number in range(KEPT_ANYWAY + 3):
        storage.add(one.__class__(**{**one.__dict__, "fingerprint": str(number)}), T0 + number)
    assert storage.prune(T0 + 99 * DAY_S, 100 * DAY_S) == 0
    # A year ahead, be it the clock's mistake or not: the newest stay.
    assert storage.prune(T0 + 365 * DAY_S, 100 * DAY_S) == 3
    kept = storage.newest(limit=KEPT_ANYWAY + 10)
    assert (len(kept), kept[-1].notification.fingerprint) == (KEPT_ANYWAY, "3")
    storage.close()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'"\\ud800"', "not JSON"),
        (b"[]", '"alerts"'),
        (b'{"alerts": {}}', '"alerts"'),
        (b'{"alerts": [], "receiver": 7}', '"receiver"'),
        (b'{"alerts": [7]}', "alerts[0] must be an object"),
        (b'{"alerts": [{"status": "firing"}]}', "alerts[0].labels"),
        (b'{"alerts": [{"status": "firing", "labels": {"severity": "info"}}]}', "alertname"),
        (b'{"alerts": [{"status": "on", "labels": {"alertname": "A"}}]}', "alerts[0].status"),
        (b'{"alerts": [{"status": "firing", "labels": {"alertname": "A"}}]}', "startsAt"),
        (b'{"alerts": [{"status": "firing", "labels": {"alertname": "A"}, "startsAt": "today"}]}', "startsAt"),
        (b'{"alerts": [{"status": "firing", "labels": {"alertname": "A", "x": 1}}]}', "alerts[0].labels"),
    ],
)  # fmt: skip
async def test_what_is_no_notification_is_refused_with_the_reason(tmp_path: Path, body: bytes, says: str) -> None:
    async with running_sink(tmp_path) as sink:
        answer = await sink.http.post("/webhook", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert says in answer.json()["error"]
        assert await sink.delivered() == []
        assert 'failures_total{what="bad_notification"} 1.0' in (await sink.http.get("/metrics")).text


async def test_one_bad_alert_refuses_the_whole_body(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        assert (await sink.deliver(alert(), alert(startsAt="never"))).status_code == 400
        assert await sink.delivered() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": {f"l{number}": "x" for number in range(200)}}, "entries"),
        ({"labels": {"long": "x" * 20_000}}, "longer"),
        ({"annotations": {"description": "x" * 20_000}}, "longer"),
        ({"fingerprint": 7}, "fingerprint must be text"),
        ({"generatorURL": []}, "generatorURL must be text"),
        ({"startsAt": "2026-11-24T14:23:05"}, "startsAt"),
    ],
)
def test_what_is_too_much_or_of_another_kind_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BadNotification, match=says):
        notifications(_json(message(alert(**change))))


async def test_a_web_page_cannot_post(tmp_path: Path) -> None:
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


async def test_what_cannot_be_kept_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    ("asked", "status"),
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
async def test_questions_are_checked(tmp_path: Path, asked: dict[str, str], status: int) -> None:
    async with running_sink(tmp_path) as sink:
        answer = await sink.http.get("/api/notifications", params=asked)
        assert answer.status_code == status
        assert status == 200 or answer.json()["error"]


async def test_since_and_alert_choose(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert(), watchdog())
        sink.clock.move(10)
        await sink.deliver(alert("LLMLatencyHigh"))
        assert [one["alert"] for one in await sink.delivered(since=str(T0 + 5))] == ["LLMLatencyHigh"]
        assert [one["alert"] for one in await sink.delivered(since="2026-11-24T14:23:10Z")] == ["LLMLatencyHigh"]
        assert [one["alert"] for one in await sink.delivered(alert="StackWatchdog")] == ["StackWatchdog"]
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
@given(alerts=st.lists(_ALERT, max_size=3), more=_JSON)
async def test_no_body_breaks_it(tmp_path_factory: pytest.TempPathFactory, alerts: list[Any], more: Any) -> None:
    """Taken or refused, never a failure; what was taken can be shown."""
    async with running_sink(tmp_path_factory.mktemp("any"), FakeClock()) as sink:
        for body in (message(*alerts), {"alerts": alerts, "receiver": more}, more):
            answer = await sink.http.post("/webhook", content=_json(body), headers={"content-type": "application/json"})
            assert answer.status_code in (200, 400), answer.text
        assert (await sink.http.get("/api/notifications")).status_code == 200
        assert (await sink.http.get("/")).status_code == 200


def _json(body: Any) -> bytes:
    import json

    return json.dumps(body).encode()
