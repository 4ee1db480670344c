"""Every answer has security headers, and pages load nothing from other hosts."""

from __future__ import annotations

import re

import pytest
import requests
from console_process import ConsoleProcess


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
