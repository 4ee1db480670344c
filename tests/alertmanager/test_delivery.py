"""A real Alertmanager delivers to the sink, also after the sink was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from alertmanager_live import ROOT, free_port, rendered, running_alertmanager, stop

from alert_sink.client import SinkClient
from stack.render import Timing
from stores import AlertStore, StoreError, poll_until
from stores.timestamps import rfc3339

FAST = Timing(interval_s=1, group_wait_s=1, group_interval_s=1, watchdog_interval_s=1)


class SinkProcess:
    """`python -m alert_sink` as a process that a test can kill and start again."""

    def __init__(self, data: Path, port: int) -> None:
        self._data, self._port = data, port
        self.client = SinkClient(f"http://127.0.0.1:{port}")
        self.process = self.start()

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "alert_sink", "--port", str(self._port), "--data", str(self._data)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "ALERT_SINK_PROMETHEUS_URL": "http://127.0.0.1:1"}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True)
        poll_until(self.client.ready, timeout_s=15, every_s=0.05)
        return self.process

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def delivered(self, **asked: str) -> list[dict[str, Any]]:
        return list(self.client._connection.get("/api/notifications", lambda body: body["notifications"], asked))


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkProcess]:
    process = SinkProcess(tmp_path_factory.mktemp("sink"), free_port())
    yield process
    stop(process.process)


@pytest.fixture(scope="module")
def sender(sink: SinkProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlertStore]:
    """Alertmanager with our configuration; it delivers to the sink."""
    config = rendered(sink_url=sink.client.url, timing=FAST)
    with running_alertmanager(tmp_path_factory.mktemp("sender"), config) as store:
        yield store


def post(sender: AlertStore, labels: dict[str, str], *, resolved: bool = False) -> None:
    now = time.time()
    alert = {
        "labels": {"severity": "critical", "team": "application", **labels},
        "annotations": {"description": "34.2% failed <b>here</b>."},
        "startsAt": rfc3339(1_795_530_000),
        "endsAt": rfc3339(now - 1 if resolved else now + 600),
        "generatorURL": "http://localhost:9090/graph?g0.expr=x",
    }
    assert requests.post(f"{sender.url}/api/v2/alerts", json=[alert], timeout=5).ok


def test_firing_and_resolved_messages_are_delivered(sink: SinkProcess, sender: AlertStore) -> None:
    labels = {"alertname": "LLMHighErrorRate", "service": "demo-app", "endpoint": "/a"}
    post(sender, labels)
    (firing,) = poll_until(lambda: sink.delivered(alert="LLMHighErrorRate"))
    assert (firing["status"], firing["receiver"], firing["scope"]) == (
        "firing", "application", {"service": "demo-app", "endpoint": "/a"},
    )  # fmt: skip
    assert (firing["starts_at"], firing["description"]) == (1_795_530_000, "34.2% failed <b>here</b>.")
    (held,) = sender.alerts()
    assert firing["fingerprint"] == held.fingerprint
    post(sender, labels, resolved=True)
    (resolved,) = poll_until(lambda: sink.delivered(alert="LLMHighErrorRate", status="resolved"))
    assert resolved["starts_at"] == firing["starts_at"]
    assert resolved["ends_at"] > firing["starts_at"]


def test_the_watchdog_is_delivered_again_and_again(sink: SinkProcess, sender: AlertStore) -> None:
    post(sender, {"alertname": "StackWatchdog", "severity": "info", "team": "platform"})
    found = poll_until(lambda: sink.delivered(alert="StackWatchdog"), lambda one: one and one[0]["deliveries"] >= 3)
    assert [one["receiver"] for one in found] == ["watchdog"]


def test_messages_for_a_dead_sink_arrive_after_its_start(sink: SinkProcess, sender: AlertStore) -> None:
    before = [one["id"] for one in sink.delivered()]
    sink.kill()
    with pytest.raises(StoreError):
        sink.delivered()
    post(sender, {"alertname": "LLMDailyBudget", "team": "cost"})
    sink.start()
    (one,) = poll_until(lambda: sink.delivered(alert="LLMDailyBudget"), timeout_s=20)
    assert one["receiver"] == "cost"
    assert set(before) <= {known["id"] for known in sink.delivered()}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "x"], "invalid int value"),
        (["--silence-s", "soon"], "invalid float value"),
        (["--data", "/dev/null/x", "--port", "0"], "cannot write to /dev/null/x"),
    ],
)
def test_invalid_options_end_the_sink_with_a_message(arguments: list[str], says: str) -> None:
    done = subprocess.run([sys.executable, "-m", "alert_sink", *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert says in done.stderr
