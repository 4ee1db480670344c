"""Where a stack lives and which ports it has: `.env`, with the environment on top."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Stack:
    """One stack. Two with different ports and folders do not touch each other."""

    state: Path  # data, logs, secrets and rendered configuration
    values: Mapping[str, str]  # versions, ports and options by name

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> Stack:
        """Read `.env`; a variable of the same name in the environment wins."""
        in_file = {name: value or "" for name, value in dotenv_values(ROOT / ".env").items()}
        values = {**OPTIONS, **in_file}
        values |= {name: environment[name] for name in values if environment.get(name)}
        return cls(Path(environment.get("STACK_STATE") or ROOT / ".state").resolve(), values)

    def port(self, name: str) -> int:
        """The port called `name` in `.env`."""
        return int(self.values[name])

    @property
    def profile(self) -> str:
        """`full` or `lite`, whichever was started last; empty before."""
        try:
            return self._profile_file.read_text().strip()
        except OSError:
            return ""

    def remember_profile(self, profile: str) -> None:
        """Keep which profile runs, for the commands that follow."""
        self._profile_file.write_text(profile)

    @property
    def _profile_file(self) -> Path:
        return self.state / "profile"

    def make_private_folder(self) -> None:
        """Make the folder of all that the stack keeps: contents and logs are for their owner only."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o700)

    @property
    def config(self) -> Path:
        """Rendered configuration."""
        return self.state / "config"

    @property
    def logs(self) -> Path:
        """One log file per server."""
        return self.state / "logs"

    @property
    def secrets(self) -> Path:
        """Files that only their owner reads."""
        return self.state / "secrets"

    def data(self, server: str) -> Path:
        """What `server` keeps."""
        return self.state / "data" / server

    @property
    def socket(self) -> Path:
        """Where the supervisor listens. Not in `state`: a socket's path may have 104 characters at most."""
        key = hashlib.sha256(str(self.state).encode()).hexdigest()[:12]
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        return folder / f"llm-stack-{os.getuid()}-{key}.sock"


# What may be set beside versions and ports, with its default.
OPTIONS: Mapping[str, str] = {
    "OTLP_BIND": "127.0.0.1",  # another address opens OTLP to other machines, and then a token is needed
    "CONSOLE_BIND": "127.0.0.1",  # another address opens the console to other machines, and then asks for a password
    "TRACE_SAMPLING": "all",  # `tail` keeps errors, slow and evaluated traces and a share of the rest
    "SCRAPE_INTERVAL": "15s",
    "APP_METRICS_TARGETS": "",  # YAML list of host:port; the demo application where it is empty
    "TAIL_WAIT": "30s",
    "TAIL_SLOW_MS": "3000",
    "TAIL_KEEP_PERCENT": "10",
    "SIM_LATENCY_SCALE": "1.0",  # 0 makes the simulated provider answer at once
    "WEBHOOK_URL": "",  # where alerts are delivered beside the sink
    "SLACK_CHANNEL": "",  # instead of the channel of .state/secrets/slack-webhook-url
}


def cache_folder() -> Path:
    """Where built servers are kept, for all clones of this user (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "llm-observability-stack"
