"""All browser tests share one running stack with its console; each module has a browser, each test a page."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from console_browser import HOW_TO_GET, Window, chromium, launched, window
from console_live import ConsoleStack, console_stack
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
