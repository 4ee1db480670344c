"""Settings of a stack: `.env`, and the environment, which wins."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from dotenv import dotenv_values

from dashboards_src.config import LATENCY_P95_MS, Scale
from stack.failure import StackFailure

ROOT = Path(__file__).resolve().parent.parent


@cache
def in_env_file() -> Mapping[str, str]:
    return {name: value or "" for name, value in dotenv_values(ROOT / ".env").items()}


@dataclass(frozen=True)
class Stack:
    """One stack. Two stacks with different ports and folders do not affect each other."""

    state: Path  # data, logs, secrets and rendered configuration
    values: Mapping[str, str]  # versions, ports and options by name

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> Stack:
        values = {**OPTIONS, **in_env_file()}
        values |= {name: environment[name] for name in values if environment.get(name)}
        return cls(Path(environment.get("STACK_STATE") or ROOT / ".state").resolve(), values)

    def port(self, name: str) -> int:
        return int(self.values[name])

    def hours(self, name: str) -> int:
        """The retention called `name` in `.env`, in hours."""
        value = self.values[name]
        match = re.fullmatch(r"([1-9]\d*)([hdw])", value)
        if not match:
            raise StackFailure(f"{name} is {value!r}.", "Use hours, days or weeks, such as 48h, 70d or 10w.")
        return int(match[1]) * {"h": 1, "d": 24, "w": 168}[match[2]]

    def public_url(self, port: str) -> str:
        """The address that a person opens for the server on the port called `port`, without a slash at its end."""
        setting = _URL_OPTIONS.get(port)
        if setting and (url := self.values[setting]):
            if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
                raise StackFailure(
                    f"{setting} is {url!r}, which is not an http address.", "Use one such as https://llm.example."
                )
            return url.rstrip("/")
        host = self.values["PUBLIC_HOST"]
        if not re.fullmatch(r"[\w.-]+|\[[0-9a-fA-F:.]+\]", host):
            raise StackFailure(
                f"PUBLIC_HOST is {host!r}, which is not a host name.",
                "Use a name or an IP address without a port; whole addresses are DASHBOARDS_URL and ALERT_SINK_URL.",
            )
        return f"http://{host}:{self.port(port)}"

    @property
    def runbooks_url(self) -> str:
        return self.public_url("ALERT_SINK_PORT") + "/runbooks"

    @property
    def scale(self) -> Scale:
        """The time scale that REHEARSAL sets."""
        value = self.values["REHEARSAL"]
        if value.lower() not in _SCALES:
            raise StackFailure(f"REHEARSAL is {value!r}.", "Use 1 for the time scale of load tests, 0 for production.")
        return _SCALES[value.lower()]

    def with_scale(self, scale: Scale) -> Stack:
        return replace(self, values={**self.values, "REHEARSAL": "1" if scale == "rehearsal" else "0"})

    @property
    def profile(self) -> str:
        """The profile that was started last: `full`, `lite`, or empty before the first start."""
        return self._remembered("profile")

    @property
    def running_scale(self) -> Scale:
        """The time scale of the last start or switch; production before the first start."""
        return "rehearsal" if self._remembered("time-scale") == "rehearsal" else "production"

    def remember(self, profile: str) -> None:
        (self.state / "profile").write_text(profile)
        (self.state / "time-scale").write_text(self.scale)

    def _remembered(self, name: str) -> str:
        try:
            return (self.state / name).read_text().strip()
        except OSError:
            return ""

    @property
    def config(self) -> Path:
        return self.state / "config"

    @property
    def dashboards(self) -> Path:
        """Rendered dashboards: their links lead to this stack."""
        return self.config / "dashboards"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets"

    def data(self, server: str) -> Path:
        return self.state / "data" / server

    @property
    def app_targets(self) -> Path:
        return ROOT / self.values["APP_TARGETS_FOLDER"]

    @property
    def socket(self) -> Path:
        """The supervisor's socket. Not in `state`: the path of a socket has at most 104 characters."""
        key = hashlib.sha256(str(self.state).encode()).hexdigest()[:12]
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        return folder / f"llm-stack-{os.getuid()}-{key}.sock"


_SCALES: Mapping[str, Scale] = {
    "": "production", "0": "production", "off": "production", "1": "rehearsal", "on": "rehearsal",
}  # fmt: skip

# Options that give the whole address of a server that people open, by the port that they stand for.
_URL_OPTIONS: Mapping[str, str] = {"GRAFANA_PORT": "DASHBOARDS_URL", "ALERT_SINK_PORT": "ALERT_SINK_URL"}

# Options beside the values of `.env`, with their defaults.
OPTIONS: Mapping[str, str] = {
    "PUBLIC_HOST": "localhost",  # host name in every link that a person follows
    "DASHBOARDS_URL": "",  # whole address of Grafana or the console, for a reverse proxy; else PUBLIC_HOST and port
    "ALERT_SINK_URL": "",  # the same of the alert sink
    "OTLP_BIND": "127.0.0.1",  # another address opens OTLP to other machines; senders then need a token
    "CONSOLE_BIND": "127.0.0.1",  # another address opens the console to other machines, with a password
    "TRACE_SAMPLING": "all",  # tail: keep errors, slow and evaluated traces, and a share of the others
    "REHEARSAL": "",  # 1: the rules and timings of load tests
    "SCRAPE_INTERVAL": "",  # of scrapes and rule evaluations; "": the interval of the time scale (render.TIMINGS)
    "APP_TARGETS_FOLDER": "prometheus/targets",  # files that name your own applications
    "TAIL_WAIT": "30s",  # until a trace is kept or dropped
    "TAIL_SLOW_MS": str(LATENCY_P95_MS),  # a trace that takes longer is kept
    "TAIL_KEEP_PERCENT": "10",  # of the other traces
    "SIM_LATENCY_SCALE": "1.0",  # 0: the simulated provider answers at once
    "WEBHOOK_URL": "",  # receives every message of Alertmanager, beside the sink
    "SLACK_CHANNEL": "",  # "": the channel of the webhook in .state/secrets/slack-webhook-url
}


def cache_folder() -> Path:
    """The folder of built servers; all clones of this user share it (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "llm-observability-stack"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
