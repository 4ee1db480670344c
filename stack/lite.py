"""The `lite` profile: the stack as processes of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from dotenv import dotenv_values

from dashboards_src.alerts.rules import FOLDERS
from stack.build import binary, build_missing
from stack.failure import StackFailure, not_running
from stack.processes import Program, Supervisor
from stack.reload import reload_changed
from stack.render import Context, ProfileConfig, context, fill_template, render_files
from stack.secrets import SLACK_WEBHOOK
from stack.servers import Server, check_name, lite_servers
from stack.settings import ROOT, Stack

READY_WITHIN_S = 90.0
_ASK_EVERY_S = 0.1
_LAST_LINES = 15
_PROMETHEUS = "prometheus"  # starts when the others are ready, else alerts about servers that still start may fire
# From the environment of `make up`, where they are set: the demo application may ask a real provider.
_INHERITED = ("OPENAI_BASE_URL", "OPENAI_API_KEY")


class LiteStack:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._supervisor = Supervisor(stack)
        self.servers = lite_servers()

    def build(self) -> None:
        """Build the servers that are not in the cache."""
        build_missing({server.name: server.build for server in self.servers if server.build})

    @property
    def running(self) -> bool:
        return self._supervisor.running

    def up(self) -> None:
        """Start every server and wait until all are ready. After a failure the new processes are stopped.

        In a running stack, changed servers are restarted or reloaded, and stopped servers are started.
        """
        self.build()
        self._stack.state.mkdir(parents=True, exist_ok=True)
        self._stack.state.chmod(0o700)  # only its owner can read logs and stored prompts
        names = context(self._stack, self.servers)
        was_running = self._supervisor.running
        if not was_running:
            self._check_ports()
        self.render()
        try:
            self._supervisor.start(self.programs(), last=_PROMETHEUS)
            self._wait_until_ready([server for server in self.servers if server.name != _PROMETHEUS])
            self._supervisor.start_one(_PROMETHEUS)
            self._wait_until_ready(self.servers)
            reload_changed(self.servers, names, self._supervisor.send_sighup, self._last_log_lines)
        except BaseException:
            if not was_running:
                self._supervisor.stop()
            raise

    def down(self) -> None:
        """Stop every server; the data stays."""
        self._supervisor.stop()

    def stop_server(self, name: str) -> None:
        """Stop one server until it or the stack is started again; the data stays."""
        self._check(name)
        self._supervisor.stop_one(name)

    def start_server(self, name: str) -> None:
        """Start one server of a running stack, unchanged, and wait until it is ready."""
        self._check(name)
        self._supervisor.start_one(name)
        self._wait_until_ready([server for server in self.servers if server.name == name])

    def render(self) -> None:
        names = context(self._stack, self.servers)
        scraped = [server for server in self.servers if server.metrics]
        slack = self._stack.secrets / SLACK_WEBHOOK
        profile = ProfileConfig(
            servers={server.name: fill_template(server.metrics, names, Path()) for server in scraped},
            demo_app=f"127.0.0.1:{self._stack.port('DEMO_APP_PORT')}",
            app_targets=str(self._stack.app_targets / "*.yaml"),
            host_gateway="",
            alertmanager=f"127.0.0.1:{self._stack.port('ALERTMANAGER_PORT')}",
            sink_url=f"http://127.0.0.1:{self._stack.port('ALERT_SINK_PORT')}",
            rules=str(ROOT / FOLDERS[self._stack.scale] / "*.yaml"),
            templates=str(ROOT / "alertmanager" / "templates" / "*.tmpl"),
            slack_webhook_file=str(slack) if slack.exists() else "",
        )
        render_files(self._stack, profile)

    def states(self) -> dict[str, str]:
        """`ready` or another state, by server."""
        names = context(self._stack, self.servers)
        known = self._supervisor.states()
        return {server.name: self._state(server, known.get(server.name), names) for server in self.servers}

    def programs(self) -> list[Program]:
        names = context(self._stack, self.servers)
        return [self._program(server, names) for server in self.servers]

    def log_file(self, server: str) -> Path:
        return self._stack.logs / f"{server}.log"

    def _state(self, server: Server, info: dict[str, object] | None, names: dict[str, str]) -> str:
        if info is None:
            return "stopped"
        if info["statename"] != "RUNNING":
            return str(info["statename"]).lower()
        return "ready" if is_ready(fill_template(server.ready, names, Path())) else "starting"

    def _program(self, server: Server, names: dict[str, str]) -> Program:
        data = self._stack.data(server.name)
        data.mkdir(parents=True, exist_ok=True)
        command = str(binary(server.name, server.build)) if server.build else shutil.which(server.on_path) or ""
        names = {**names, "GRAFANA_HOME": _grafana_home(command) if server.on_path == "grafana" else ""}
        environment = server_environment(server, names, data)
        for name in _INHERITED:
            if name in environment and os.environ.get(name):
                del environment[name]
        return Program(
            server.name,
            [fill_template(word, names, data, command) for word in server.argv],
            {"PYTHONUNBUFFERED": "1", **environment},
        )

    def _check(self, name: str) -> None:
        check_name(name, self.servers)
        if not self.running:
            raise not_running()

    def _check_ports(self) -> None:
        for server in self.servers:
            for name in server.ports:
                port = self._stack.port(name)
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        probe.bind(("127.0.0.1", port))
                    except OSError as error:
                        raise StackFailure(
                            f"Port {port} of {server.name} is in use.",
                            f"Stop the process that listens there (`ss -ltnp 'sport = :{port}'` shows it), "
                            f"or take another port: `make up {name}={port + 1}`, or change it permanently in .env.",
                        ) from error

    def _wait_until_ready(self, servers: Sequence[Server]) -> None:
        names = context(self._stack, self.servers)
        waiting = {server.name: fill_template(server.ready, names, Path()) for server in servers}
        deadline = time.monotonic() + READY_WITHIN_S
        while waiting:
            states = self._supervisor.states()
            for name in list(waiting):
                state = states.get(name, {}).get("statename")
                if state in ("FATAL", "EXITED"):
                    raise self._failure_of(name, f"{name} ends after each start.")
                if state == "RUNNING" and is_ready(waiting[name]):
                    del waiting[name]
            if waiting and time.monotonic() > deadline:
                name = next(iter(waiting))
                raise self._failure_of(name, f"{', '.join(waiting)} not ready after {READY_WITHIN_S:.0f} s.")
            time.sleep(_ASK_EVERY_S)

    def _failure_of(self, name: str, what: str) -> StackFailure:
        return StackFailure(what, f"The whole log: {self.log_file(name)}", self._last_log_lines(name))

    def _last_log_lines(self, name: str) -> str:
        try:
            return "\n".join(self.log_file(name).read_text(errors="replace").splitlines()[-_LAST_LINES:])
        except OSError:
            return ""  # no log yet


def server_environment(server: Server, names: Context, data: Path) -> dict[str, str]:
    from_file = dotenv_values(ROOT / server.environment_file) if server.environment_file else {}
    from_table = {key: fill_template(value, names, data) for key, value in server.environment.items()}
    return {**{key: value or "" for key, value in from_file.items()}, **from_table}


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own http URL
            return bool(200 <= answer.status < 300)
    except (OSError, urllib.error.URLError):
        return False


def _grafana_home(command: str) -> str:
    """The folder of Grafana's own files: beside its command, or where distributions put them."""
    beside = Path(command).resolve().parent.parent
    places: Sequence[Path] = (beside, beside / "share" / "grafana", Path("/usr/share/grafana"))
    return str(next((place for place in places if (place / "conf" / "defaults.ini").exists()), beside))
