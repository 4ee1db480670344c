"""The `full` profile: the stack in containers, by docker-compose.yml."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence

from lite.failure import StackFailure
from lite.render import Addresses, context, render_files
from lite.secrets import GRAFANA_PASSWORD, PROVIDER_TOKEN, SLACK_WEBHOOK, secret
from lite.settings import ROOT, Stack
from lite.table import full_servers

# Where servers are scraped inside compose's network.
_INSIDE = {
    "otel-collector": 8888,
    "prometheus": 9090,
    "alertmanager": 9093,
    "alert-sink": 9095,
    "tempo": 3200,
    "loki": 3100,
    "grafana": 3000,
}


def engine_answers() -> bool:
    """Whether there is a Docker engine with compose."""
    if not shutil.which("docker"):
        return False
    try:
        done = subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=20, check=False)  # noqa: S607
        info = subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False)  # noqa: S607
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and info.returncode == 0


class FullStack:
    """Starts, stops and tells about the containers of one stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.servers = full_servers()

    def build(self) -> None:
        """Pull and build the images."""
        self._compose("build")

    def up(self) -> None:
        """Start everything and wait until all of it is healthy.

        Raises:
            StackFailure: with the last lines of what is not.
        """
        self.render()
        try:
            self._compose("up", "--detach", "--build", "--wait", "--wait-timeout", "300")
        except StackFailure as failure:
            ill = [name for name, state in self.states().items() if state != "ready"]
            failure.lines = self._output("logs", "--no-color", "--tail", "15", *ill)
            failure.next_step = "`make logs SERVICE=" + (ill[0] if ill else "name") + "` shows more."
            self._compose("down")
            raise

    def down(self) -> None:
        """Stop everything; volumes stay."""
        self._compose("down")

    def remove_data(self) -> None:
        """Remove the volumes."""
        self._compose("down", "--volumes")

    def render(self) -> None:
        """Write the rendered configuration and the secrets that compose reads."""
        secret(self._stack.secrets, GRAFANA_PASSWORD)
        secret(self._stack.secrets, PROVIDER_TOKEN)
        targets = {name: f"{name}:{port}" for name, port in _INSIDE.items()}
        slack = self._stack.secrets / SLACK_WEBHOOK
        addresses = Addresses(
            scrape=targets,
            alertmanager="alertmanager:9093",
            sink_url="http://alert-sink:9095",
            rules="/etc/prometheus/rules/*.yaml",
            templates="/etc/alertmanager/templates/*.tmpl",
            slack_webhook_file=f"/etc/stack/{SLACK_WEBHOOK}" if slack.exists() else "",
        )
        render_files(self._stack, addresses)
        if slack.exists():  # beside the configuration, which is mounted; its folder lets nobody else in
            shutil.copy(slack, self._stack.config / "alertmanager" / SLACK_WEBHOOK)

    def states(self) -> dict[str, str]:
        """By server: `ready`, or what it is instead."""
        lines = self._output("ps", "--all", "--format", "json").splitlines()
        found = {entry["Service"]: entry for entry in map(json.loads, filter(None, lines))}
        return {server.name: _state(found.get(server.name)) for server in self.servers}

    def logs(self, service: str) -> None:
        """Show the log of `service`, or of all, as it goes on."""
        self._compose("logs", "--follow", "--tail", "100", *([service] if service else []))

    def show_config(self) -> str:
        """What compose makes of it all."""
        self.render()
        return self._output("config")

    def environment(self) -> dict[str, str]:
        """What docker-compose.yml reads, beside `.env`."""
        names = context(self._stack, self.servers)
        return {
            **os.environ,
            **self._stack.values,
            **{key: names[key] for key in ("OTLP_ACCESS", "OTLP_TOKEN", "USER_SALT")},
            "APP_METRICS_TARGETS": self._stack.values["APP_METRICS_TARGETS"] or '["demo-app:8000"]',
            "STACK_CONFIG": str(self._stack.config),
            "GRAFANA_ADMIN_PASSWORD_FILE": str(self._stack.secrets / GRAFANA_PASSWORD),
            "SIM_PROVIDER_ADMIN_TOKEN": secret(self._stack.secrets, PROVIDER_TOKEN),
        }

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
