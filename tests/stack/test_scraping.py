"""Prometheus scrapes applications itself: files name them, first increments count, and no collector is needed."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lite_process import LiteProcess, free_ports
from live_stack import ARRIVES_WITHIN_S, SERVICE, LiveStack
from scrape_targets import scrape_targets

from stack.__main__ import stack_runner
from stack.build import binary
from stack.render import ProfileConfig, render_files
from stack.servers import SERVERS
from stores import poll_until

# Counts three events at once, under labels that did not exist before, each time that its input has a line.
APPLICATION = """
import sys
from prometheus_client import Counter, start_http_server

events = Counter("test_events", "Events of a test", ["kind"])
start_http_server(int(sys.argv[1]), "127.0.0.1")
for line in sys.stdin:
    events.labels(line.strip()).inc(3)
"""


class Application:
    """An application of its own process that counts what it is told to."""

    def __init__(self) -> None:
        [self.port] = free_ports(1)
        self._process = subprocess.Popen(
            [sys.executable, "-c", APPLICATION, str(self.port)], stdin=subprocess.PIPE, text=True
        )

    def count_three(self, kind: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{kind}\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate()


@pytest.fixture
def application() -> Iterator[Application]:
    started = Application()
    yield started
    started.stop()


@contextmanager
def named_in(folder: Path, application: Application) -> Iterator[str]:
    """A file in `folder` names the application; yields its address as the file has it."""
    folder.mkdir(exist_ok=True)
    file = folder / "test.yaml"
    file.write_text(f'- targets: ["localhost:{application.port}"]\n')
    try:
        yield f"localhost:{application.port}"
    finally:
        file.unlink()


def test_a_second_application_is_scraped_without_a_restart(lite_only: LiveStack, application: Application) -> None:
    metrics = lite_only.stores.metrics
    with named_in(lite_only.stack.app_targets, application) as instance:
        up = f'up{{job="apps",instance="{instance}"}}'
        assert poll_until(lambda: metrics.value(up), timeout_s=ARRIVES_WITHIN_S) == 1
        application.stop()
        assert poll_until(lambda: metrics.value(up), lambda value: value == 0, ARRIVES_WITHIN_S) == 0
    assert poll_until(lambda: metrics.instant(up), lambda found: not found, ARRIVES_WITHIN_S) == []


def test_the_first_increment_of_a_label_set_counts(lite_only: LiveStack, application: Application) -> None:
    metrics = lite_only.stores.metrics
    with named_in(lite_only.stack.app_targets, application) as instance:
        poll_until(lambda: metrics.value(f'up{{instance="{instance}"}}'), timeout_s=ARRIVES_WITHIN_S)
        application.count_three("new")
        increase = 'increase(test_events_total{kind="new"}[1m])'
        assert poll_until(lambda: metrics.value(increase), timeout_s=ARRIVES_WITHIN_S) == pytest.approx(3, abs=0.5)
        [series] = metrics.points('test_events_total{kind="new"}[1m]')
        assert [value for _, value in series.points][:2] == [0, 3]
        assert metrics.label_values("__name__", ['{__name__=~"test_events_created|test_events"}']) == []


def test_bucket_bounds_have_one_spelling(live: LiveStack) -> None:
    metrics = live.stores.metrics
    bounds = poll_until(
        lambda: metrics.label_values("le", [f'llm_latency_ms_bucket{{service="{SERVICE}"}}']),
        timeout_s=ARRIVES_WITHIN_S,
    )
    assert {"1000.0", "3000.0", "+Inf"} <= set(bounds)
    assert [bound for bound in bounds if bound != "+Inf" and "." not in bound] == []


def test_metrics_arrive_while_the_collector_is_stopped(lite_only: LiveStack) -> None:
    runner = stack_runner(lite_only.stack)
    runner.stop_server("otel-collector")
    try:
        for _ in range(3):
            lite_only.ask(f"How long is the trial? {uuid.uuid4().hex[:8]}")
        lite_only.wait_until_scraped()
    finally:
        runner.start_server("otel-collector")


def test_full_scrapes_localhost_at_the_host_and_keeps_the_name(tmp_path: Path, application: Application) -> None:
    """127.0.0.2 stands for the host's address in a container: only relabelled requests go there."""
    process = LiteProcess.make(tmp_path)
    stack = process.stack
    profile = ProfileConfig(
        servers={},
        demo_app="127.0.0.1:1",
        app_targets=str(stack.app_targets / "*.yaml"),
        host_gateway="127.0.0.2",
        alertmanager="127.0.0.1:1",
        sink_url="",
        rules="",
        templates="",
        slack_webhook_file="",
    )
    render_files(stack, profile)
    [server] = [server for server in SERVERS if server.name == "prometheus"]
    assert server.build
    port = stack.port("PROMETHEUS_PORT")
    prometheus = subprocess.Popen(
        [
            binary(server.name, server.build),
            f"--config.file={stack.config}/prometheus/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        with named_in(stack.app_targets, application) as instance:
            targets = poll_until(lambda: scrape_targets(url), lambda found: len(found) == 2, ARRIVES_WITHIN_S)
            urls = {target.instance: target.url for target in targets}
            assert urls == {
                instance: f"http://127.0.0.2:{application.port}/metrics",
                "127.0.0.1:1": "http://127.0.0.2:1/metrics",
            }
    finally:
        prometheus.terminate()
        prometheus.wait()
