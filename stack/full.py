"""The `full` profile: the stack in containers, by docker-compose.yml."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence

from dashboards_src.alerts.rules import FOLDERS
from stack.failure import StackFailure, not_running
from stack.reload import reload_changed
from stack.render import ProfileConfig, context, render_files
from stack.secrets import GRAFANA_PASSWORD, PROVIDER_TOKEN, SLACK_WEBHOOK, secret
from stack.servers import check_name, full_servers
from stack.settings import ROOT, Stack

# The port of each server's metrics inside compose's network.
_METRICS_PORTS = {
    "otel-collector": 8888,
    "prometheus": 9090,
    "alertmanager": 9093,
    "alert-sink": 9095,
    "tempo": 3200,
    "loki": 3100,
    "grafana": 3000,
}

# Values of render.context that docker-compose.yml reads.
_COMPOSE_READS = (
    "OTLP_ACCESS", "OTLP_TOKEN", "SCRAPE_INTERVAL", "USER_SALT",
    "ALERTS_RETENTION_HOURS", "ALERTS_RETENTION_DAYS", "LOGS_RETENTION_HOURS", "TRACES_RETENTION_HOURS",
    "PROMETHEUS_PAGE", "ALERTMANAGER_PAGE", "ALERT_SINK_PAGE", "DASHBOARDS_PAGE", "RUNBOOKS_PAGE",
)  # fmt: skip

_NOT_RUNNING = ("stopped", "exited", "created", "dead")


def engine_answers() -> bool:
    if not shutil.which("docker"):
        return False
    try:
        for arguments in (["compose", "version"], ["info"]):
            subprocess.run(["docker", *arguments], capture_output=True, timeout=20, check=True)  # noqa: S603, S607
    except (OSError, subprocess.SubprocessError):
        return False
    return True


class FullStack:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.servers = full_servers()

    def build(self) -> None:
        """Build our images; compose pulls the others at `up`."""
        self._compose("build")

    @property
    def running(self) -> bool:
        return any(state not in _NOT_RUNNING for state in self.states().values())

    def up(self) -> None:
        """Start every server and wait until all are healthy. After a failure the new containers are stopped.

        In a running stack, changed servers are recreated or reloaded, and stopped servers are started.
        """
        self.render()
        was_running = self.running
        try:
            self._compose("up", "--detach", "--build", "--wait", "--wait-timeout", "300")
        except StackFailure as failure:
            not_ready = [name for name, state in self.states().items() if state != "ready"]
            failure.lines = self._last_log_lines(*not_ready)
            failure.next_step = "`make logs SERVICE=" + (not_ready[0] if not_ready else "name") + "` shows more."
            if not was_running:
                self._compose("down")
            raise
        reload_changed(self.servers, context(self._stack, self.servers), self._send_sighup, self._last_log_lines)

    def down(self) -> None:
        """Stop every server; the volumes stay."""
        self._compose("down")

    def remove_data(self) -> None:
        self._compose("down", "--volumes")

    def stop_server(self, name: str) -> None:
        """Stop one server until it or the stack is started again; the data stays."""
        self._check(name)
        self._output("stop", name)

    def start_server(self, name: str) -> None:
        """Start one server of a running stack, unchanged, and wait until it is healthy."""
        self._check(name)
        try:
            self._output("up", "--detach", "--no-deps", "--no-recreate", "--wait", "--wait-timeout", "120", name)
        except StackFailure as failure:
            raise StackFailure(
                f"{name} did not become ready.", f"`make logs SERVICE={name}` shows more.", self._last_log_lines(name)
            ) from failure

    def render(self) -> None:
        secret(self._stack.secrets, GRAFANA_PASSWORD)
        secret(self._stack.secrets, PROVIDER_TOKEN)
        slack = self._stack.secrets / SLACK_WEBHOOK
        profile = ProfileConfig(
            servers={name: f"{name}:{port}" for name, port in _METRICS_PORTS.items()},
            demo_app="demo-app:8000",
            app_targets="/etc/prometheus/targets/*.yaml",
            host_gateway="host.docker.internal",
            alertmanager="alertmanager:9093",
            sink_url="http://alert-sink:9095",
            rules=f"/etc/{FOLDERS[self._stack.scale]}/*.yaml",
            templates="/etc/alertmanager/templates/*.tmpl",
            slack_webhook_file=f"/etc/stack/{SLACK_WEBHOOK}" if slack.exists() else "",
        )
        render_files(self._stack, profile)
        if slack.exists():  # Alertmanager's container sees this folder; other users cannot read it
            shutil.copy(slack, self._stack.config / "alertmanager" / SLACK_WEBHOOK)

    def states(self) -> dict[str, str]:
        lines = self._output("ps", "--all", "--format", "json").splitlines()
        found = {entry["Service"]: entry for entry in map(json.loads, filter(None, lines))}
        return {server.name: _state(found.get(server.name)) for server in self.servers}

    def logs(self, service: str) -> None:
        self._compose("logs", "--follow", "--tail", "100", *([service] if service else []))

    def show_config(self) -> str:
        self.render()
        return self._output("config")

    def environment(self) -> dict[str, str]:
        names = context(self._stack, self.servers)
        return {
            **os.environ,
            **self._stack.values,
            **{key: names[key] for key in _COMPOSE_READS},
            "APP_TARGETS_FOLDER": str(self._stack.app_targets),
            "STACK_CONFIG": str(self._stack.config),
            "GRAFANA_ADMIN_PASSWORD_FILE": str(self._stack.secrets / GRAFANA_PASSWORD),
            "SIM_PROVIDER_ADMIN_TOKEN": secret(self._stack.secrets, PROVIDER_TOKEN),
        }

    def _check(self, name: str) -> None:
        check_name(name, self.servers)
        if not self.running:
            raise not_running()

    def _send_sighup(self, name: str) -> None:
        self._output("kill", "--signal", "SIGHUP", name)

    def _last_log_lines(self, *names: str) -> str:
        return self._output("logs", "--no-color", "--tail", "15", *names)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return ["docker", "compose", "--project-directory", str(ROOT), *arguments]

    def _compose(self, *arguments: str) -> None:
        done = subprocess.run(self._command(arguments), env=self.environment(), check=False)  # noqa: S603
        if done.returncode:
            raise StackFailure(f"docker compose {arguments[0]} ended with {done.returncode}.", "See above.")

    def _output(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603
            self._command(arguments), env=self.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StackFailure(
                f"docker compose {arguments[0]} ended with {done.returncode}.", "See below.", done.stderr
            )
        return done.stdout


def _state(entry: dict[str, str] | None) -> str:
    if entry is None:
        return "stopped"
    if entry.get("State") != "running":
        return entry.get("State", "unknown")
    return "ready" if entry.get("Health") in ("healthy", "") else entry.get("Health", "starting")
