"""Settings come from the environment; invalid values are refused with the allowed values."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo_app.settings import DemoSettings, DemoSettingsError


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MODEL": "gpt-4.1", "CONCURRENCY": "3", "READ_TIMEOUT_S": "0.5", "RETRY_BUDGET": "off", "DATA_DIR": "/tmp/x",
        "TOP_K": "",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"DEMO_{name}", value)
    assert DemoSettings.from_environment() == DemoSettings(
        model="gpt-4.1", concurrency=3, read_timeout_s=0.5, retry_budget=False, data_dir=Path("/tmp/x")
    )


@pytest.mark.parametrize(("value", "meaning"), [("on", True), ("TRUE", True), ("1", True), ("no", False), ("0", False)])
def test_switches_accept_words_for_on_and_off(monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool) -> None:
    monkeypatch.setenv("DEMO_RETRY_BUDGET", value)
    assert DemoSettings.from_environment().retry_budget is meaning


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("CONCURRENCY", "many", "a number >= 1 such as 16"),
        ("CONCURRENCY", "0", "a number >= 1 such as 16"),
        ("CACHE_SIZE", "0", "a number >= 1 such as 1000"),
        ("QUEUE_CAPACITY", "-1", "a number >= 0 such as 32"),
        ("TOP_K", "1.5", "a number >= 1 such as 4"),
        ("READ_TIMEOUT_S", "nan", "a number >= 0 such as 10.0"),
        ("READ_TIMEOUT_S", "inf", "a number >= 0 such as 10.0"),
        ("RETRY_BUDGET", "perhaps", "on or off"),
    ],
)
def test_invalid_settings_name_the_allowed_values(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, remedy: str
) -> None:
    monkeypatch.setenv(f"DEMO_{name}", value)
    with pytest.raises(DemoSettingsError) as error:
        DemoSettings.from_environment()
    assert str(error.value) == f"DEMO_{name}={value!r} is invalid: it must be {remedy}"
