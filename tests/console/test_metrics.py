"""The console's own metrics: queries by outcome, readable without the password on this machine only."""

from __future__ import annotations

import re

import pytest
import requests
from console_process import ConsoleProcess
from starlette.datastructures import Headers

from console.access import _is_local_request
from stores import poll_until


def _metrics(locked: ConsoleProcess, **headers: str) -> requests.Response:
    return requests.get(f"{locked.url}/metrics", headers=headers, timeout=30, allow_redirects=False)


def test_this_machine_reads_metrics_without_the_password(locked: ConsoleProcess) -> None:
    answer = _metrics(locked)
    assert answer.status_code == 200
    assert "process_resident_memory_bytes" in answer.text
    assert "console_open_pages 0.0" in answer.text
    # A request through a proxy on this machine: it passes on the public host name.
    assert _metrics(locked, host="console.example").status_code == 401


def test_queries_are_counted_by_outcome(console: ConsoleProcess) -> None:
    """This console has no stores: every query fails."""
    assert requests.get(f"{console.url}/d/llm-overview", timeout=30).status_code == 200
    wanted = r'console_questions_total\{outcome="unreachable",server="prometheus"\} [1-9]'
    text = poll_until(lambda: _metrics(console).text, lambda found: re.search(wanted, found) is not None, 60.0)
    assert re.search(r'console_question_seconds_count\{server="prometheus"\} [1-9]', text)


@pytest.mark.parametrize(
    ("client", "server", "named", "here"),
    [
        ("127.0.0.1", "127.0.0.1", "localhost:3000", True),
        ("192.0.2.7", "192.0.2.7", "192.0.2.7:3000", True),  # the console is bound to one public address
        ("192.0.2.8", "192.0.2.7", "192.0.2.7:3000", False),
        ("192.0.2.8", "192.0.2.7", "localhost", False),
        ("127.0.0.1", "127.0.0.1", "console.example", False),
        ("", "", "", False),
    ],
)
def test_a_local_request_is_told_from_a_proxys(client: str, server: str, named: str, here: bool) -> None:
    scope = {"client": (client, 1), "server": (server, 3000)}
    assert _is_local_request(scope, Headers({"host": named})) is here
