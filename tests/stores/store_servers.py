"""Prometheus, Jaeger, VictoriaLogs and Alertmanager started from lite's table of servers, on free ports."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stack.build import binary, build_missing
from stack.lite import server_environment
from stack.render import ProfileConfig, context, fill_template, render_files
from stack.servers import SERVERS, Server
from stack.settings import Stack
from stack.stores import Stores
from stores import poll_until

NAMES = ("prometheus", "alertmanager", "jaeger", "victoria-logs")
RULES = """\
groups:
  - name: tests
    rules:
      - {record: "test:one:sum", expr: "vector(1)"}
      - alert: LLMTestFires
        expr: vector(2) > 1
        labels: {severity: warning}
        annotations: {summary: it fires, description: "it is {{ $value }}"}
      - alert: LLMTestIsPending
        expr: vector(3) > 1
        for: 1h
        labels: {severity: critical}
      - {alert: LLMTestIsQuiet, expr: "vector(0) > 1", for: 5m}
"""


class Running:
    """The four servers: `stack` has their settings, `stores` their clients."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.stores = Stores.of(stack)

    def url(self, port_name: str) -> str:
        return f"http://127.0.0.1:{self.stack.port(port_name)}"

    @property
    def logs_url(self) -> str:
        """VictoriaLogs' OTLP endpoint, which the collector uses too."""
        return context(self.stack, [])["LOGS_ENDPOINT"]


@contextmanager
def running_servers(folder: Path) -> Iterator[Running]:
    servers = [server for server in SERVERS if server.name in NAMES]
    build_missing({server.name: server.build for server in servers if server.build})
    ports = free_ports([name for server in servers for name in server.ports])
    stack = Stack.load({"STACK_STATE": str(folder), "SCRAPE_INTERVAL": "1s", **ports})
    scraped = {"victoria-logs": f"127.0.0.1:{ports['VICTORIA_LOGS_PORT']}"}
    rules = folder / "rules.yaml"
    rules.write_text(RULES)
    profile = ProfileConfig(
        servers=scraped,
        demo_app="127.0.0.1:1",
        app_targets=str(folder / "*.yml"),
        host_gateway="",
        alertmanager=f"127.0.0.1:{ports['ALERTMANAGER_PORT']}",
        sink_url="",
        rules=str(rules),
        templates="",
        slack_webhook_file="",
    )
    render_files(stack, profile)
    names = context(stack, servers)
    with ExitStack() as processes:
        for server in servers:
            processes.enter_context(_process(server, names, stack))
        running = Running(stack)
        for store in running.stores.all():
            poll_until(store.ready, timeout_s=30, every_s=0.05)
        yield running


def free_ports(names: list[str]) -> dict[str, str]:
    """A free port for each name. All are held at once, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in names]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return {name: str(one.getsockname()[1]) for name, one in zip(names, sockets, strict=True)}


@contextmanager
def _process(server: Server, names: dict[str, str], stack: Stack) -> Iterator[None]:
    data = stack.data(server.name)
    data.mkdir(parents=True)
    assert server.build is not None
    command = str(binary(server.name, server.build))
    environment = server_environment(server, names, data)
    with (stack.state / f"{server.name}.log").open("w") as log:
        process = subprocess.Popen(
            [fill_template(word, names, data, command) for word in server.argv],
            env={**os.environ, **environment},
            cwd=names["root"],
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            process.terminate()
            deadline = time.monotonic() + 10
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            process.kill()
            process.wait()
