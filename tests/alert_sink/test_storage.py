"""Notifications are stored value by value, once per alert, start and state, and deleted when they are old."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sink_live import HERE, T0, alert, encoded, message, running_sink

from alert_sink.storage import KEPT_AT_ANY_AGE, Storage
from alert_sink.webhook import notifications

DAY_S = 86_400.0


async def test_a_notification_comes_back_value_by_value(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        answer = await sink.deliver(alert())
        assert (answer.status_code, answer.json()) == (200, {"received": 1, "new": 1})
        (found,) = await sink.delivered()
    assert (found["alert"], found["status"], found["severity"], found["team"]) == (
        "LLMHighErrorRate", "firing", "critical", "application",
    )  # fmt: skip
    assert (found["starts_at"], found["ends_at"], found["received_at"]) == (T0 - 60, None, T0)
    assert (found["description"], found["scope"]) == ("34.2% of the requests failed.", HERE)
    assert found["receiver"] == "application"
    assert set(found["links"]) == {"runbook", "dashboard", "expression", "logs", "traces"}


async def test_the_end_is_a_notification_of_its_own(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert())
        await sink.deliver(alert(status="resolved"))
        assert [(found["status"], found["ends_at"]) for found in await sink.delivered()] == [
            ("resolved", T0 + 300), ("firing", None),
        ]  # fmt: skip
        assert [found["status"] for found in await sink.delivered(status="firing")] == ["firing"]


async def test_repetitions_are_counted_and_bring_the_newer_value(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert())
        sink.clock.move(100)
        answer = await sink.deliver(alert(annotations={"description": "50% failed."}))
        assert answer.json() == {"received": 1, "new": 0}
        (found,) = await sink.delivered()
        metrics = (await sink.http.get("/metrics")).text
    assert (found["deliveries"], found["received_at"], found["repeated_at"]) == (2, T0, T0 + 100)
    assert found["description"] == "50% failed."
    assert 'alert_sink_notifications_total{alert="LLMHighErrorRate",status="firing"} 2.0' in metrics
    assert "alert_sink_repetitions_total 1.0" in metrics


async def test_another_start_or_other_labels_make_a_new_notification(tmp_path: Path) -> None:
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
        assert [found["id"] for found in await sink.delivered(after=str(oldest["id"]))] == [newest["id"]]
        assert (await sink.http.get("/")).status_code == 200


async def test_notifications_survive_a_restart(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(alert())
        before = await sink.delivered()
    async with running_sink(tmp_path) as sink:
        assert (await sink.deliver(alert())).json()["new"] == 0
        (found,) = await sink.delivered()
    assert found["id"] == before[0]["id"]


def test_old_notifications_are_deleted_but_never_all(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    (notification,) = notifications(encoded(message(alert())))
    for number in range(KEPT_AT_ANY_AGE + 3):
        storage.add(replace(notification, fingerprint=str(number)), T0 + number)
    assert storage.prune(T0 + 99 * DAY_S, 100 * DAY_S) == 0
    # A year later, or by a clock that is a year ahead, the newest notifications stay.
    assert storage.prune(T0 + 365 * DAY_S, 100 * DAY_S) == 3
    kept = storage.newest(limit=KEPT_AT_ANY_AGE + 10)
    assert (len(kept), kept[-1].notification.fingerprint) == (KEPT_AT_ANY_AGE, "3")
    storage.close()
