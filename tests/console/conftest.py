"""All browser tests share one running stack with its console; each module has a browser, each test a page."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from console_browser import HOW_TO_GET, Window, chromium, launched, window
from console_live import ConsoleStack, console_stack
from console_process import PASSWORD, ConsoleProcess, running_console
from lite_process import free_ports
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleStack]:
    """A running stack under load."""
    with console_stack(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One per module: Playwright's event loop must end before tests that run their own."""
    if chromium() is None:
        if os.environ.get("CI"):
            pytest.fail(HOW_TO_GET)
        pytest.skip(HOW_TO_GET)
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@pytest.fixture
def shown(browser: Browser, stack: ConsoleStack) -> Iterator[Window]:
    """A page. The test fails if the page logs a warning or an error, or contacts any server except the console."""
    with window(browser, stack.url) as opened:
        yield opened
        assert opened.complaints == []
        assert opened.foreign == []


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A console without stores, on this machine only."""
    [port] = free_ports(1)
    with running_console(port, tmp_path_factory.mktemp("console") / "log") as running:
        yield running


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A console that listens on all addresses, and so has a password."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "password").write_text(PASSWORD + "\n")
    [port] = free_ports(1)
    options = ("--host", "0.0.0.0", "--password-file", str(folder / "password"))
    with running_console(port, folder / "log", *options) as running:
        yield running
