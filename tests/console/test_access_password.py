"""A console with a password opens nothing without it, delays guesses, and remembers a login."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from console_process import PASSWORD, ConsoleProcess, handshake
from requests.adapters import HTTPAdapter

from console.login_limiter import (
    FIRST_DELAY_S,
    LONGEST_DELAY_S,
    MAX_PER_CLIENT,
)
from stores import poll_until

AS_BROWSER = {"accept": "text/html,application/xhtml+xml"}

EVIL = "http://evil.example"


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


def _login_status(locked: ConsoleProcess, password: str, source: str = "127.0.0.1") -> int:
    """The status of a login attempt from `source`, an address of this machine."""
    with requests.Session() as browser:
        browser.mount("http://", _SourceAddress(source))
        return browser.post(
            f"{locked.url}/login", data={"password": password}, headers={"origin": locked.url}, timeout=90,
            allow_redirects=False,
        ).status_code  # fmt: skip


class _SourceAddress(HTTPAdapter):
    def __init__(self, source: str) -> None:
        self._source = source
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named, source_address=(self._source, 0))


def test_many_wrong_passwords_are_slowed_and_the_right_one_gets_in(locked: ConsoleProcess) -> None:
    assert _login_status(locked, PASSWORD) == 303  # resets the failures of other tests
    begun = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        wrong = [pool.submit(_login_status, locked, f"wrong {number}") for number in range(50)]
        poll_until(lambda: sum(one.done() for one in wrong) >= 50 - MAX_PER_CLIENT, timeout_s=60.0)
        assert not all(one.done() for one in wrong)
        assert _login_status(locked, PASSWORD, "127.0.0.2") == 303
        assert not all(one.done() for one in wrong), "another address had to wait for this address"
        # From the same address, the right password gets in when another attempt is finished.
        assert poll_until(lambda: _login_status(locked, PASSWORD), lambda status: status == 303, 60.0) == 303
    statuses = Counter(one.result() for one in wrong)
    assert set(statuses) == {401, 429}
    assert statuses[401] <= 3 * MAX_PER_CLIENT
    assert time.monotonic() - begun >= FIRST_DELAY_S + 2 * FIRST_DELAY_S + LONGEST_DELAY_S


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
