"""Chromium for tests, with the warnings, errors and foreign requests of each page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, Response, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
WIDE, NARROW = (1280, 860), (390, 844)
HOW_TO_GET = "Chromium is not on PATH. Install it as root: apt-get install --no-install-recommends chromium"
TIMEOUT_MS = 30_000  # long, because test machines are busy

expect.set_options(timeout=TIMEOUT_MS)


def chromium() -> str | None:
    """Path of the executable."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
    try:
        yield browser
    finally:
        browser.close()


@dataclass
class Window:
    """A page, with its warnings, errors, exceptions and failed requests."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)  # requests to other servers than the console

    def __post_init__(self) -> None:
        self.page.set_default_timeout(TIMEOUT_MS)
        self.page.on("console", self._on_message)
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        self.page.on("response", self._on_response)
        self.page.on("request", lambda request: self._on_request(request.url))

    def open(self, address: str) -> Page:
        """Open a page of the console."""
        self.page.goto(self.base + address)
        return self.page

    def _on_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def _on_request(self, url: str) -> None:
        if not url.startswith((self.base, self.base.replace("http", "ws", 1), "data:", "blob:")):
            self.foreign.append(url)


@contextmanager
def window(browser: Browser, base: str, *, size: tuple[int, int] = WIDE, dark: bool = True) -> Iterator[Window]:
    """A new page without cookies."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    try:
        yield Window(context.new_page(), base)
    finally:
        context.close()


def wait_for_dashboard(page: Page) -> Locator:
    """Wait until all panels have their data; returns the panels."""
    expect(page.locator(".dashboard")).to_have_attribute("data-state", "shown")
    return page.locator("section.panel")


def nothing_ran(page: Page) -> None:
    """Assert that markup in the data became neither a script nor an image."""
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0
