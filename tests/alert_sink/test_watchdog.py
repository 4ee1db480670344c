"""The sink raises its own alarm when the watchdog stops arriving, and only then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sink_live import T0, FakeClock, alert, answering, running_sink, watchdog

from alert_sink import sink as sink_module
from alert_sink.watchdog import SILENT


async def test_the_alarm_fires_after_a_minute_and_resolves(tmp_path: Path) -> None:
    async with running_sink(tmp_path, grace_s=0) as sink:
        await sink.deliver(watchdog())
        await sink.pass_time(60)
        assert await sink.delivered(alert=SILENT) == []
        await sink.pass_time(2)
        (alarm,) = await sink.delivered(alert=SILENT)
        assert (alarm["status"], alarm["severity"], alarm["starts_at"]) == ("firing", "critical", T0 + 61)
        assert alarm["links"] == {"runbook": f"http://localhost:9095/runbooks/{SILENT}"}
        page = (await sink.http.get("/")).text
        assert "Alerting is broken" in page
        metrics = (await sink.http.get("/metrics")).text
        assert "alert_sink_watchdog_silent 1.0" in metrics
        assert "alert_sink_watchdog_age_seconds 62.0" in metrics

        await sink.pass_time(100)
        await sink.deliver(watchdog())
        end, begin = await sink.delivered(alert=SILENT)
        assert (end["status"], end["starts_at"], end["ends_at"]) == ("resolved", begin["starts_at"], T0 + 162)
        assert end["fingerprint"] == begin["fingerprint"]
        assert "Alerting is broken" not in (await sink.http.get("/")).text

        await sink.pass_time(61)
        assert [alarm["status"] for alarm in await sink.delivered(alert=SILENT)] == ["firing", "resolved", "firing"]


async def test_a_watchdog_that_arrives_prevents_the_alarm(tmp_path: Path) -> None:
    async with running_sink(tmp_path, grace_s=0) as sink:
        for _ in range(10):
            await sink.deliver(watchdog())
            await sink.pass_time(55)
        assert await sink.delivered(alert=SILENT) == []
        (alarm,) = await sink.delivered(alert="StackWatchdog")
        assert alarm["deliveries"] == 10


async def test_the_watchdog_is_not_missing_before_it_first_arrives(tmp_path: Path) -> None:
    async with running_sink(tmp_path, grace_s=0) as sink:
        await sink.deliver(alert())
        await sink.pass_time(500)
        assert await sink.delivered(alert=SILENT) == []
        assert "No watchdog yet" in (await sink.http.get("/")).text


async def test_a_resolved_watchdog_does_not_count_as_an_arrival(tmp_path: Path) -> None:
    """Alertmanager sends it minutes after Prometheus stopped."""
    async with running_sink(tmp_path, grace_s=0) as sink:
        await sink.deliver(watchdog())
        await sink.pass_time(50)
        await sink.deliver(watchdog("resolved"))
        await sink.pass_time(11)
        assert [alarm["status"] for alarm in await sink.delivered(alert=SILENT)] == ["firing"]


async def test_after_a_restart_the_alarm_waits_for_the_grace_period(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        await sink.deliver(watchdog())
    async with running_sink(tmp_path, grace_s=30) as sink:
        await sink.pass_time(90)
        assert await sink.delivered(alert=SILENT) == []
        assert "Waiting for the watchdog" in (await sink.http.get("/")).text
        await sink.pass_time(1)
        assert len(await sink.delivered(alert=SILENT)) == 1
    async with running_sink(tmp_path, FakeClock(wall=T0 + 500), grace_s=30) as sink:  # still silent: no second alarm
        await sink.pass_time(200)
        assert len(await sink.delivered(alert=SILENT)) == 1
        await sink.deliver(watchdog())
        assert [alarm["status"] for alarm in await sink.delivered(alert=SILENT)] == ["resolved", "firing"]


async def test_setting_the_wall_clock_raises_no_alarm(tmp_path: Path) -> None:
    async with running_sink(tmp_path, grace_s=0) as sink:
        await sink.deliver(watchdog())
        for jump in (86_400.0, -3 * 86_400.0):
            sink.clock.wall += jump
            await sink.pass_time(20)
        assert await sink.delivered(alert=SILENT) == []


async def test_a_pause_of_the_sink_itself_raises_no_alarm(tmp_path: Path) -> None:
    async with running_sink(tmp_path, grace_s=0) as sink:
        await sink.deliver(watchdog())
        sink.clock.move(300)  # without a check in between
        await sink.sink.check_watchdog()
        assert await sink.delivered(alert=SILENT) == []
        await sink.pass_time(61)
        assert len(await sink.delivered(alert=SILENT)) == 1


async def test_the_alarm_is_forwarded(tmp_path: Path) -> None:
    with answering({}) as taken:
        file = tmp_path / "slack"
        file.write_text(f"{taken.url}/slack\n")
        async with running_sink(tmp_path, grace_s=0, forward_url=f"{taken.url}/hook", forward_slack_file=file) as sink:
            await sink.deliver(watchdog())
            await sink.pass_time(61)
            await sink.settled()
            await sink.deliver(watchdog())
            await sink.settled()
    assert taken.paths == ["/slack", "/hook"] * 2
    slack, hook, slack_end, hook_end = map(json.loads, taken.bodies)
    assert "<!here>" in slack["text"]
    assert "<!here>" not in slack_end["text"]
    assert hook["alerts"][0]["labels"]["alertname"] == SILENT
    assert (hook["status"], hook_end["status"]) == ("firing", "resolved")


async def test_a_failed_forward_is_retried_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "FORWARD_AFTER_S", (0.0, 0.0))
    with answering({}, status=500) as taken:
        async with running_sink(tmp_path, grace_s=0, forward_url=taken.url) as sink:
            await sink.deliver(watchdog())
            await sink.pass_time(61)
            await sink.settled()
            assert 'failures_total{what="forward"} 2.0' in (await sink.http.get("/metrics")).text
            assert len(await sink.delivered(alert=SILENT)) == 1
    assert len(taken.bodies) == 2
