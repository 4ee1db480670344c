"""Access to the console: listening address, password, origin, host name, and security headers."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from console_process import ConsoleProcess, command, running_console
from requests.adapters import HTTPAdapter
from starlette.datastructures import Headers

from console.access import _is_local_request
from console.alerts.silence_commands import CrossOriginRefused, refuse_cross_origin
from console.login_limiter import (
    FIRST_DELAY_S,
    LONGEST_DELAY_S,
    MAX_PER_CLIENT,
)
from stores import poll_until

PASSWORD = "correct horse battery staple"
EVIL = "http://evil.example"
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport="

AS_BROWSER = {"accept": "text/html,application/xhtml+xml"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    with running_console(free_port(), tmp_path_factory.mktemp("open") / "log") as one:
        yield one


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """Bound to every address, so with a password."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "password").write_text(PASSWORD + "\n")
    options = ("--host", "0.0.0.0", "--password-file", str(folder / "password"))
    with running_console(free_port(), folder / "log", *options) as one:
        yield one


def handshake(console: ConsoleProcess, **headers: str) -> int:
    """The status that a request for a web socket gets: 101 where it is opened."""
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


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "console.example"])
def test_a_public_address_without_a_password_is_refused(host: str) -> None:
    done = subprocess.run(  # type: ignore[call-overload]
        **command("--host", host), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert f"listening on {host} opens the console to other machines" in done.stderr
    assert "--password-file" in done.stderr


def test_an_empty_password_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("\n")
    done = subprocess.run(  # type: ignore[call-overload]
        **command("--host", "0.0.0.0", "--password-file", str(tmp_path / "password")),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "opens the console" in done.stderr


def test_an_unreadable_password_file_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(  # type: ignore[call-overload]
        **command("--password-file", str(tmp_path / "nothing")), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "nothing" in done.stderr


def test_the_default_address_is_loopback(console: ConsoleProcess) -> None:
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    addresses = [line.split()[1] for line in listening if line.split()[3] == "0A"]
    assert [one for one in addresses if one.endswith(f":{console.port:04X}")] == [f"0100007F:{console.port:04X}"]


@pytest.mark.parametrize("path", ["/d/llm-overview", "/logs", "/traces", "/alerts"])
@pytest.mark.parametrize(
    "query",
    ["from=0&to=99999999999999999", "from=now&to=now-1h", "from=x", f"to={'9' * 5000}", f"viewPanel={'9' * 5000}"],
)
def test_invalid_parameters_do_not_break_a_page(console: ConsoleProcess, path: str, query: str) -> None:
    assert requests.get(f"{console.url}{path}?{query}", timeout=30).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/alerts", "/runbooks/LLMHighErrorRate", "/healthz", "/static/console.css", "/no"]
)
def test_every_answer_has_security_headers(console: ConsoleProcess, path: str) -> None:
    headers = requests.get(console.url + path, timeout=30).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert not [part for parts in policy.values() for part in parts.split() if "*" in part or "http" in part]


def test_scripts_have_a_nonce_that_is_new_for_each_answer(console: ConsoleProcess) -> None:
    nonces = set()
    for _ in range(2):
        answer = requests.get(console.url, timeout=30)
        [nonce] = re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
        scripts = re.findall(r"<script\b[^>]*>", answer.text)
        assert scripts
        assert [one for one in scripts if f'nonce="{nonce}"' not in one] == []
        nonces.add(nonce)
    assert len(nonces) == 2


def test_a_page_loads_nothing_from_other_hosts(console: ConsoleProcess) -> None:
    text = requests.get(console.url, timeout=30).text
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]+', text) == []


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
def test_a_name_that_was_pointed_here_opens_nothing(console: ConsoleProcess, host: str) -> None:
    named = host.format(port=console.port)
    answer = requests.get(console.url, headers={"host": named}, timeout=30)
    assert answer.status_code in (400, 421)
    assert handshake(console, Host=named, Origin=f"http://{named}") in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}"])
def test_names_of_this_machine_are_accepted(console: ConsoleProcess, host: str) -> None:
    headers = {"host": host.format(port=console.port)}
    assert requests.get(console.url, headers=headers, timeout=30).status_code == 200


def _client(**headers: str) -> Any:
    """A page whose socket was opened with these headers."""
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


@pytest.mark.parametrize("path", ["/", "/alerts", "/d/llm-overview", "/runbooks/LLMHighErrorRate", "/logs?live=true"])
def test_without_the_password_a_page_leads_to_the_login(locked: ConsoleProcess, path: str) -> None:
    answer = requests.get(locked.url + path, headers=AS_BROWSER, timeout=30)
    assert answer.url.startswith(f"{locked.url}/login?to=")
    assert "type=password" in answer.text
    assert "LLMHighErrorRate" not in answer.text.replace("to=/runbooks/LLMHighErrorRate", "")


@pytest.mark.parametrize("path", ["/static/console.js", "/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/alerts"])
def test_without_the_password_every_other_request_is_refused(locked: ConsoleProcess, path: str) -> None:
    answer = requests.get(locked.url + path, timeout=30)
    assert answer.status_code == 401
    assert answer.text == "Log in first."


def test_without_the_password_a_web_socket_is_refused(locked: ConsoleProcess) -> None:
    assert handshake(locked, Origin=locked.url) == 403
    assert handshake(locked, Origin=locked.url, Cookie="console_session=" + "x" * 43) == 403


def test_health_needs_no_password(locked: ConsoleProcess) -> None:
    assert requests.get(f"{locked.url}/healthz", timeout=30).json() == {"status": "ok"}


def test_the_password_opens_the_console(locked: ConsoleProcess) -> None:
    with requests.Session() as browser:
        form = {"password": PASSWORD}
        answer = browser.post(
            f"{locked.url}/login?to=/runbooks%23x", data=form, headers={"origin": locked.url}, timeout=30,
            allow_redirects=False,
        )  # fmt: skip
        assert answer.status_code == 303
        assert answer.headers["location"] == "/runbooks#x"
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        page = browser.get(f"{locked.url}/alerts", headers=AS_BROWSER, timeout=30)
        assert page.status_code == 200
        assert "/login" not in page.url
        assert PASSWORD not in page.text
        session = browser.cookies["console_session"]
    assert session not in page.text
    assert handshake(locked, Origin=locked.url, Cookie=f"console_session={session}") == 101
    assert handshake(locked, Origin=EVIL, Cookie=f"console_session={session}") == 403


@pytest.mark.parametrize("given", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "ä" * 3000])
def test_a_wrong_password_is_refused_after_a_delay(locked: ConsoleProcess, given: str) -> None:
    begun = time.monotonic()
    answer = requests.post(
        f"{locked.url}/login", data={"password": given}, headers={"origin": locked.url}, timeout=30,
        allow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "Wrong password." in answer.text
    assert time.monotonic() - begun >= 1.0


def _status(locked: ConsoleProcess, password: str, source: str = "127.0.0.1") -> int:
    """Of an attempt that comes from an address of this machine."""
    with requests.Session() as browser:
        browser.mount("http://", _From(source))
        return browser.post(
            f"{locked.url}/login", data={"password": password}, headers={"origin": locked.url}, timeout=90,
            allow_redirects=False,
        ).status_code  # fmt: skip


class _From(HTTPAdapter):
    def __init__(self, source: str) -> None:
        self._source = source
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named, source_address=(self._source, 0))


def test_many_wrong_passwords_are_slowed_and_the_right_one_gets_in(locked: ConsoleProcess) -> None:
    assert _status(locked, PASSWORD) == 303  # the wrong ones of other tests are forgotten
    begun = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        wrong = [pool.submit(_status, locked, f"wrong {number}") for number in range(50)]
        poll_until(lambda: sum(one.done() for one in wrong) >= 50 - MAX_PER_CLIENT, timeout_s=60.0)
        assert not all(one.done() for one in wrong)
        assert _status(locked, PASSWORD, "127.0.0.2") == 303
        assert not all(one.done() for one in wrong), "another address had to wait for this one"
        # From the same address: as soon as there is room to wait.
        assert poll_until(lambda: _status(locked, PASSWORD), lambda status: status == 303, 60.0) == 303
    statuses = Counter(one.result() for one in wrong)
    assert set(statuses) == {401, 429}
    assert statuses[401] <= 3 * MAX_PER_CLIENT
    assert time.monotonic() - begun >= FIRST_DELAY_S + 2 * FIRST_DELAY_S + LONGEST_DELAY_S


def _metrics(locked: ConsoleProcess, **headers: str) -> requests.Response:
    return requests.get(f"{locked.url}/metrics", headers=headers, timeout=30, allow_redirects=False)


def test_this_machine_reads_metrics_without_the_password(locked: ConsoleProcess) -> None:
    answer = _metrics(locked)
    assert answer.status_code == 200
    assert "process_resident_memory_bytes" in answer.text
    assert "console_open_pages 0.0" in answer.text
    # A proxy on this machine passes on the name by which others know the console.
    assert _metrics(locked, host="console.example").status_code == 401


def test_queries_are_counted_by_outcome(console: ConsoleProcess) -> None:
    """All servers of this console are where nobody listens."""
    assert requests.get(f"{console.url}/d/llm-overview", timeout=30).status_code == 200
    wanted = r'console_questions_total\{outcome="unreachable",server="prometheus"\} [1-9]'
    text = poll_until(lambda: _metrics(console).text, lambda found: re.search(wanted, found) is not None, 60.0)
    assert re.search(r'console_question_seconds_count\{server="prometheus"\} [1-9]', text)


@pytest.mark.parametrize(
    ("client", "server", "named", "here"),
    [
        ("127.0.0.1", "127.0.0.1", "localhost:3000", True),
        ("192.0.2.7", "192.0.2.7", "192.0.2.7:3000", True),  # what is bound to one address is asked from that one
        ("192.0.2.8", "192.0.2.7", "192.0.2.7:3000", False),
        ("192.0.2.8", "192.0.2.7", "localhost", False),
        ("127.0.0.1", "127.0.0.1", "console.example", False),
        ("", "", "", False),
    ],
)
def test_a_local_request_is_told_from_a_proxys(client: str, server: str, named: str, here: bool) -> None:
    scope = {"client": (client, 1), "server": (server, 3000)}
    assert _is_local_request(scope, Headers({"host": named})) is here


def test_another_page_cannot_log_in(locked: ConsoleProcess) -> None:
    answer = requests.post(f"{locked.url}/login", data={"password": PASSWORD}, headers={"origin": EVIL}, timeout=30)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_the_login_redirects_only_to_the_console(locked: ConsoleProcess, to: str) -> None:
    answer = requests.post(
        f"{locked.url}/login", params={"to": to}, data={"password": PASSWORD}, headers={"origin": locked.url},
        timeout=30, allow_redirects=False,
    )  # fmt: skip
    assert answer.headers["location"] == "/"


def test_markup_in_the_login_address_is_text(locked: ConsoleProcess) -> None:
    page = requests.get(f"{locked.url}/login", params={"to": '/"><script>alert(1)</script>'}, timeout=30).text
    assert "<script>" not in page
