"""A console that other machines reach needs a password, and the password is never printed."""

from __future__ import annotations

import pytest

from console.settings import ConsoleSettings, UnsafeBinding


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.53"])
def test_a_loopback_address_needs_no_password(host: str) -> None:
    assert ConsoleSettings(host=host).password == ""


def test_settings_do_not_print_the_password() -> None:
    assert "correct horse" not in repr(ConsoleSettings(password="correct horse"))
    with pytest.raises(UnsafeBinding):
        ConsoleSettings(host="0.0.0.0")


def test_a_public_address_that_other_machines_reach_needs_a_password() -> None:
    with pytest.raises(UnsafeBinding, match=r"https://llm\.example"):
        ConsoleSettings(public_url="https://llm.example")
    assert ConsoleSettings(public_url="https://llm.example", password="correct horse").public_host == "llm.example"
    assert ConsoleSettings(public_url="http://localhost:3300").public_host == "localhost"
