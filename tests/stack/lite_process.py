"""Runs `python -m stack` for a test, on free ports and in a temporary folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from stack.settings import ROOT, Stack

PORTS = tuple(name for name in dotenv_values(ROOT / ".env") if name.endswith("_PORT"))


def free_ports(count: int) -> list[int]:
    """Free ports; all are held at the same time, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@dataclass(frozen=True)
class LiteProcess:
    """The environment of one lite stack."""

    environment: Mapping[str, str]

    @classmethod
    def make(cls, folder: Path, **options: str) -> LiteProcess:
        """A stack in `folder` with free ports and these options."""
        ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        fast = {"SCRAPE_INTERVAL": "1s", "SIM_LATENCY_SCALE": "0"}
        targets = {"APP_TARGETS_FOLDER": str(folder / "targets")}  # not the developer's own
        return cls({"STACK_STATE": str(folder), "PROFILE": "lite", **ports, **fast, **targets, **options})

    @property
    def stack(self) -> Stack:
        return Stack.load(self.environment)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one command of `python -m stack`."""
        return subprocess.run(
            [sys.executable, "-m", "stack", *arguments],
            cwd=ROOT,
            env={**outside_of_pytest(), **self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )

    def url(self, port: str, path: str = "") -> str:
        """`http://127.0.0.1:…` for the port called `port`."""
        return f"http://127.0.0.1:{self.environment[port]}{path}"


def outside_of_pytest() -> dict[str, str]:
    """The environment without pytest's variable, which switches NiceGUI into its test mode."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def processes_of(folder: Path) -> list[str]:
    """Command lines of all processes whose arguments or environment contain `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (entry / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command or (str(folder) in environment and int(entry.name) != os.getpid()):
            found.append(command)
    return found
