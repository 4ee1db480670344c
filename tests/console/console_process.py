"""`python -m console` as a process of a test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from stack.settings import ROOT
from stores.polling import poll_until

NO_SERVER = "http://127.0.0.1:9"  # nothing listens there
# Environment variable of the console: port of the stack.
STORE_PORTS = {
    "CONSOLE_PROMETHEUS_URL": "PROMETHEUS_PORT",
    "CONSOLE_JAEGER_URL": "JAEGER_PORT",
    "CONSOLE_VICTORIA_LOGS_URL": "VICTORIA_LOGS_PORT",
    "CONSOLE_ALERTMANAGER_URL": "ALERTMANAGER_PORT",
    "CONSOLE_ALERT_SINK_URL": "ALERT_SINK_PORT",
}
STARTS_WITHIN_S = 60.0
PASSWORD = "correct horse battery staple"
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport="


@dataclass(frozen=True)
class ConsoleProcess:
    port: int

    @property
    def host(self) -> str:
        """The Host header of a browser."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address without a trailing slash."""
        return f"http://{self.host}"


def command(*arguments: str, **environment: str) -> dict[str, object]:
    """Arguments for subprocess."""
    return {
        "args": [sys.executable, "-m", "console", *arguments],
        "cwd": ROOT,
        # PYTEST_CURRENT_TEST would switch NiceGUI to its test mode.
        "env": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        | {**dict.fromkeys(STORE_PORTS, NO_SERVER), **environment},
    }


@contextmanager
def running_console(port: int, log: Path, *arguments: str, **environment: str) -> Iterator[ConsoleProcess]:
    """A console that is ready; its output goes to `log`."""
    console = ConsoleProcess(port)
    with log.open("w") as out:
        process = subprocess.Popen(  # type: ignore[call-overload]
            **command("--port", str(port), *arguments, **environment), stdout=out, stderr=subprocess.STDOUT
        )
        try:
            poll_until(lambda: _is_ready(console, process, log), timeout_s=STARTS_WITHIN_S)
            yield console
        finally:
            process.terminate()
            process.wait(20)


def _is_ready(console: ConsoleProcess, process: subprocess.Popen[str], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        return requests.get(f"{console.url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


def handshake(console: ConsoleProcess, **headers: str) -> int:
    """The status of a request for a web socket: 101 if it is opened."""
    lines = {
        "Host": console.host,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        **headers,
    }
    text = f"GET {SOCKET}websocket HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection(("127.0.0.1", console.port), 10) as one:
        one.sendall(text.encode() + b"\r\n")
        return int(one.recv(1024).split()[1])
