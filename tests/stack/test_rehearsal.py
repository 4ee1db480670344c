"""Proves that a running stack switches between the time scales, and stops and starts single servers, without loss."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from lite_process import LiteProcess, processes_of
from live_load import loading
from live_stack import LiveStack

from dashboards_src.alerts.rules import FOLDERS
from dashboards_src.config import Scale
from stack.__main__ import stack_runner
from stack.failure import StackFailure
from stack.render import TIMINGS
from stack.settings import ROOT
from stores.polling import poll_until

RESTARTED = {"console"}  # takes SCRAPE_INTERVAL from its environment


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    """A stack started with REHEARSAL=1 and without SCRAPE_INTERVAL, so that each time scale has its own interval."""
    folder = tmp_path_factory.mktemp("rehearsal")
    process = LiteProcess.make(folder, SCRAPE_INTERVAL="")
    up = process.run("up", REHEARSAL="1")
    assert up.returncode == 0, up.stdout + up.stderr
    assert "Time scale: rehearsal" in up.stdout
    try:
        yield LiveStack(process.stack, process)
    finally:
        process.run("down")
    assert processes_of(folder) == []


def test_prometheus_starts_after_all_other_servers(live: LiveStack) -> None:
    starts = {name: info["start"] for name, info in live.supervisor_states().items()}
    assert [name for name, start in starts.items() if start >= starts["prometheus"]] == ["prometheus"]


@pytest.mark.timeout(300)
def test_switching_the_time_scale_reloads_the_servers_and_loses_nothing(live: LiveStack) -> None:
    assert loaded(live) == expected("rehearsal")
    assert watchdog_lasts_s(live) == pytest.approx(20, abs=2)  # four evaluation intervals
    with loading(live) as load:
        load.wait_for(10)
        before = pids(live)
        assert "Time scale: production" in run(live, "rehearsal-off")
        assert loaded(live) == expected("production")
        assert {name for name, pid in pids(live).items() if pid != before[name]} == RESTARTED
        load.wait_for(10)
        assert "Time scale: production" in run(live, "status")
        assert poll_until(lambda: watchdog_lasts_s(live), lambda s: s > 30, 30.0, 0.5) == pytest.approx(60, abs=2)

        assert "Time scale: rehearsal" in run(live, "rehearsal-on")
        assert loaded(live) == expected("rehearsal")
        load.wait_for(10)
        load.check_nothing_is_lost()


def test_showing_the_configuration_does_not_change_it(live: LiveStack) -> None:
    run(live, "rehearsal-on")
    rendered = live.stack.config / "prometheus" / "prometheus.yml"
    before = (rendered.read_text(), rendered.stat().st_mtime)
    assert "rules-rehearsal" in run(live, "config")
    assert (rendered.read_text(), rendered.stat().st_mtime) == before


def test_a_refused_configuration_is_reported_in_the_words_of_the_server(live: LiveStack) -> None:
    assert live.process is not None
    run(live, "rehearsal-on")
    refused = live.process.run("rehearsal-off", WEBHOOK_URL="no-url")
    assert refused.returncode == 1
    assert "alertmanager refuses its new configuration and keeps the old one" in refused.stderr
    assert "unsupported scheme" in refused.stderr
    assert loaded(live)["alertmanager"] == expected("rehearsal")["alertmanager"]
    assert "Time scale: rehearsal" in run(live, "status")  # no switch unless every server has switched

    run(live, "rehearsal-off")  # with a valid configuration the switch succeeds
    assert loaded(live) == expected("production")


def test_up_loads_rules_that_were_generated_again(live: LiveStack) -> None:
    run(live, "up")
    file = ROOT / FOLDERS["production"] / "stack.yaml"
    before = loaded_at(live)
    run(live, "up")
    assert loaded_at(live) == before  # no file changed, so nothing is reloaded
    os.utime(file)
    run(live, "up")
    assert loaded_at(live) > before


def test_a_new_address_arrives_in_alerts_of_a_running_stack(live: LiveStack) -> None:
    """A reload would not do: Prometheus keeps the external labels of rules that did not change."""
    assert live.process is not None
    url = "https://alerts.example/runbooks/StackWatchdog"
    try:
        up = live.process.run("up", ALERT_SINK_URL="https://alerts.example")
        assert up.returncode == 0, up.stdout + up.stderr
        assert poll_until(lambda: runbook_of_the_watchdog(live), lambda found: found == url, 60.0, 0.5) == url
    finally:
        run(live, "up")


def runbook_of_the_watchdog(live: LiveStack) -> str:
    """`runbook_url` of an alert that always fires; empty while Prometheus has not evaluated it."""
    answer = requests.get(live.url("PROMETHEUS_PORT", "/api/v1/alerts"), timeout=10).json()
    found = [alert for alert in answer["data"]["alerts"] if alert["labels"]["alertname"] == "StackWatchdog"]
    return str(found[0]["annotations"]["runbook_url"]) if found else ""


def test_logs_sent_while_the_log_store_is_stopped_arrive_after_its_start(live: LiveStack) -> None:
    runner = stack_runner(live.stack)
    runner.stop_server("victoria-logs")
    runner.stop_server("victoria-logs")  # stopping a stopped server changes nothing
    assert {name for name, state in runner.states().items() if state != "ready"} == {"victoria-logs"}
    assert runner.states()["victoria-logs"] == "stopped"
    trace_id = live.ask("How long is the trial?")["trace_id"]
    runner.start_server("victoria-logs")
    assert runner.states()["victoria-logs"] == "ready"
    runner.start_server("victoria-logs")
    assert live.log_line(trace_id).trace_id == trace_id


def test_up_starts_stopped_servers_again(live: LiveStack) -> None:
    assert live.process is not None
    run(live, "stop", "jaeger")
    status = live.process.run("status")
    assert status.returncode == 1
    assert re.search(r"jaeger +stopped", status.stdout)
    run(live, "up")
    run(live, "status")


def test_an_unknown_server_is_named_beside_the_known_servers(live: LiveStack) -> None:
    for action in (stack_runner(live.stack).stop_server, stack_runner(live.stack).start_server):
        with pytest.raises(StackFailure, match="There is no server 'nginx'") as failure:
            action("nginx")
        assert "victoria-logs" in failure.value.next_step


@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        (["rehearsal-on"], "make up REHEARSAL=1\n"),
        (["rehearsal-off"], "make up\n"),
        (["stop", "jaeger"], "make up\n"),
        (["start", "jaeger"], "make up\n"),
    ],
)
def test_commands_on_a_stack_that_does_not_run_say_how_to_start_it(
    tmp_path_factory: pytest.TempPathFactory, command: list[str], remedy: str
) -> None:
    folder = tmp_path_factory.mktemp("none")
    done = LiteProcess.make(folder).run(*command)
    assert done.returncode == 1
    assert done.stderr == f"The stack is not running.\n-> Start it: {remedy}"
    assert processes_of(folder) == []


def run(live: LiveStack, *command: str) -> str:
    """Run a command that must succeed; returns its output."""
    assert live.process is not None
    done = live.process.run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def loaded(live: LiveStack) -> dict[str, Any]:
    """The settings of the running servers, as the servers report them."""
    prometheus = yaml.safe_load(get(live, "PROMETHEUS_PORT", "/api/v1/status/config")["data"]["yaml"])["global"]
    groups = get(live, "PROMETHEUS_PORT", "/api/v1/rules")["data"]["groups"]
    route = yaml.safe_load(get(live, "ALERTMANAGER_PORT", "/api/v2/status")["config"]["original"])["route"]
    console = Path(f"/proc/{pids(live)['console']}/environ").read_text().split("\0")
    return {
        "rules": {str(Path(group["file"]).parent) for group in groups},
        "prometheus": (prometheus["scrape_interval"], prometheus["evaluation_interval"]),
        "console": next(entry for entry in console if entry.startswith("CONSOLE_SCRAPE_INTERVAL=")),
        "alertmanager": (route["group_wait"], route["group_interval"], route["routes"][0]["group_interval"]),
    }


def expected(scale: Scale) -> dict[str, Any]:
    """The settings that `loaded` must return at a time scale."""
    timing = TIMINGS[scale]
    interval = f"{timing.interval_s}s"
    return {
        "rules": {str(ROOT / FOLDERS[scale])},
        "prometheus": (interval, interval),
        "console": f"CONSOLE_SCRAPE_INTERVAL={interval}",
        "alertmanager": (
            f"{timing.group_wait_s}s",
            {60: "1m"}.get(timing.group_interval_s, f"{timing.group_interval_s}s"),
            f"{timing.watchdog_interval_s}s",
        ),
    }


def loaded_at(live: LiveStack) -> float:
    """Unix s at which Prometheus last loaded its configuration."""
    metrics = requests.get(live.url("PROMETHEUS_PORT", "/metrics"), timeout=10).text
    [at] = re.findall(r"^prometheus_config_last_reload_success_timestamp_seconds (\S+)", metrics, re.MULTILINE)
    return float(at)


def watchdog_lasts_s(live: LiveStack) -> float:
    """How long Alertmanager keeps the watchdog alert after Prometheus last sent it."""
    alerts = poll_until(
        lambda: get(live, "ALERTMANAGER_PORT", '/api/v2/alerts?filter=alertname="StackWatchdog"'), timeout_s=30
    )
    ends, updated = (datetime.fromisoformat(alerts[0][key]) for key in ("endsAt", "updatedAt"))
    return (ends - updated).total_seconds()


def pids(live: LiveStack) -> dict[str, int]:
    return {name: info["pid"] for name, info in live.supervisor_states().items()}


def get(live: LiveStack, port: str, path: str) -> Any:
    answer = requests.get(live.url(port, path), timeout=10)
    answer.raise_for_status()
    return answer.json()
