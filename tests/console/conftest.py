"""One live stack with its console for all browser tests; a browser per module, a page per test."""

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
    """Of one module: Playwright's loop must be gone before tests that bring their own."""
    if chromium() is None:
        if os.environ.get("CI"):
            pytest.fail(HOW_TO_GET)
        pytest.skip(HOW_TO_GET)
    with sync_playwright() as playwright, launched(playwright) as made:
        yield made


@pytest.fixture
def shown(browser: Browser, stack: ConsoleStack) -> Iterator[Window]:
    """A page that must neither complain nor ask anybody but the console."""
    with window(browser, stack.url) as made:
        yield made
        assert made.complaints == []
        assert made.foreign == []
