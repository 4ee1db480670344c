"""Requests of other sites and with foreign host names are refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from console_process import PASSWORD, SOCKET, ConsoleProcess, handshake, running_console
from lite_process import free_ports

from console.alerts.silencing import CrossOriginRefused, refuse_cross_origin

EVIL = "http://evil.example"


def test_a_web_socket_of_another_origin_is_refused(console: ConsoleProcess) -> None:
    assert handshake(console, Origin=console.url) == 101
    for origin in (EVIL, "null", "http://127.0.0.1", f"http://localhost:{console.port}", f"{console.url}.evil.example"):
        assert handshake(console, Origin=origin) == 403, origin
    assert handshake(console) == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/alerts", SOCKET + "polling", "/login"])
def test_writes_from_another_origin_are_refused(console: ConsoleProcess, method: str, path: str) -> None:
    for headers in ({}, {"origin": EVIL}, {"origin": "null"}, {"referer": console.url + "/alerts"}):
        answer = requests.request(method, console.url + path, headers=headers, timeout=30, allow_redirects=False)
        assert answer.status_code == 403, headers


def test_reads_of_the_socket_from_another_origin_are_refused(console: ConsoleProcess) -> None:
    answer = requests.get(console.url + SOCKET + "polling", headers={"origin": EVIL}, timeout=30)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert requests.get(console.url + SOCKET + "polling", timeout=30).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "", "10.0.0.1"])
def test_a_foreign_host_name_is_refused(console: ConsoleProcess, host: str) -> None:
    named = host.format(port=console.port)
    answer = requests.get(console.url, headers={"host": named}, timeout=30)
    assert answer.status_code in (400, 421)
    assert handshake(console, Host=named, Origin=f"http://{named}") in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}"])
def test_names_of_this_machine_are_accepted(console: ConsoleProcess, host: str) -> None:
    headers = {"host": host.format(port=console.port)}
    assert requests.get(console.url, headers=headers, timeout=30).status_code == 200


@pytest.mark.parametrize(("host", "status"), [("llm.example", 200), ("LLM.example:443", 200), ("evil.example", 421)])
def test_the_host_name_of_the_public_address_is_accepted(tmp_path: Path, host: str, status: int) -> None:
    """As a reverse proxy on this machine passes it on. The answer is the login page."""
    (tmp_path / "password").write_text(PASSWORD)
    options = ("--public-url", "https://llm.example", "--password-file", str(tmp_path / "password"))
    with running_console(free_ports(1)[0], tmp_path / "log", *options) as console:
        answer = requests.get(f"{console.url}/login", headers={"host": host}, timeout=30)
    assert answer.status_code == status


def _client(**headers: str) -> Any:
    """A client whose socket was opened with these headers."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return SimpleNamespace(environ={"asgi.scope": {"type": "websocket", "headers": raw}})


def test_silences_from_another_origin_are_refused() -> None:
    refuse_cross_origin(_client(host="localhost:3000", origin="http://localhost:3000"))
    refuse_cross_origin(_client(host="localhost:3000", sec_fetch_site="same-origin"))
    for other in (
        _client(host="localhost:3000", origin=EVIL),
        _client(host="localhost:3000", sec_fetch_site="cross-site"),
        _client(host="localhost:3000", origin="null"),
        _client(host="localhost:3000"),
        SimpleNamespace(environ=None),
    ):
        with pytest.raises(CrossOriginRefused, match="Reload the page"):
            refuse_cross_origin(other)


def test_a_login_from_another_origin_is_refused(locked: ConsoleProcess) -> None:
    answer = requests.post(f"{locked.url}/login", data={"password": PASSWORD}, headers={"origin": EVIL}, timeout=30)
    assert answer.status_code == 403
