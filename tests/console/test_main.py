"""`python -m console` refuses to open to other machines without a password, and survives any address."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import requests
from console_process import ConsoleProcess, command


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
