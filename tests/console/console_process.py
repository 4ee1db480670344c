"""`python -m console` as a process of a test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from stack.settings import ROOT
from stores.polling import poll_until

NOBODY = "http://127.0.0.1:9"  # where nothing listens
# What a console is told, and the port of a stack that it is about.
STORE_PORTS = {
    "CONSOLE_PROMETHEUS_URL": "PROMETHEUS_PORT",
    "CONSOLE_JAEGER_URL": "JAEGER_PORT",
    "CONSOLE_VICTORIA_LOGS_URL": "VICTORIA_LOGS_PORT",
    "CONSOLE_ALERTMANAGER_URL": "ALERTMANAGER_PORT",
    "CONSOLE_ALERT_SINK_URL": "ALERT_SINK_PORT",
}
STARTS_WITHIN_S = 60.0


@dataclass(frozen=True)
class ConsoleProcess:
    """Where it listens."""

    port: int

    @property
    def host(self) -> str:
        """As a browser names it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Its home page, without a slash."""
        return f"http://{self.host}"


def command(*arguments: str, **environment: str) -> dict[str, object]:
    """What subprocess takes."""
    return {
        "args": [sys.executable, "-m", "console", *arguments],
        "cwd": ROOT,
        # Without pytest's mark, with which NiceGUI would run as its own tests run it.
        "env": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        | {**dict.fromkeys(STORE_PORTS, NOBODY), **environment},
    }


@contextmanager
def running_console(port: int, log: Path, *arguments: str, **environment: str) -> Iterator[ConsoleProcess]:
    """A console that listens; what it prints goes to `log`."""
    made = ConsoleProcess(port)
    with log.open("w") as out:
        process = subprocess.Popen(  # type: ignore[call-overload]
            **command("--port", str(port), *arguments, **environment), stdout=out, stderr=subprocess.STDOUT
        )
        try:
            poll_until(lambda: _answers(made, process, log), timeout_s=STARTS_WITHIN_S)
            yield made
        finally:
            process.terminate()
            process.wait(20)


def _answers(console: ConsoleProcess, process: subprocess.Popen[str], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        return requests.get(f"{console.url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False
