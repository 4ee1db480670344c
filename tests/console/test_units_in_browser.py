"""Proves that the browser's script writes numbers as console/units.py does, and inserts text as text."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from console import units
from console.shell import STATIC

ORIGIN = "http://console.test/"  # a page without an origin has no cookies
VALUES = (
    0.0, 1.0, -1.0, 0.5, 0.05, 0.005, 0.0004, 0.00042, 2.5, 9.995, 9.999, 10.0, 99.95, 99.99, 100.0, 999.4, 999.5,
    999.9, 1000.0, 1023.9, 1024.0, 1534.0, 12_345.0, 59_999.0, 60_000.0, 3.6e6, 8.64e7, 123_456_789.0, 1e12, 1.5e15,
    -0.06, -1534.25,
)  # fmt: skip
DECIMALS = (None, 0, 1, 2, 3, 4)
NAMES = (*units.UNITS, "suffix: ×", "furlongs")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page with the console's script."""
    made = browser.new_page()
    made.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    made.goto(ORIGIN)
    made.add_script_tag(path=str(STATIC / "console.js"))
    yield made
    made.close()


def test_the_browser_writes_every_value_as_the_server_does(page: Page) -> None:
    page.evaluate("(table) => consoleUi.setUnits(table)", units.as_json())
    cases = [list(case) for case in itertools.product(VALUES, NAMES, DECIMALS)]
    written = page.evaluate("(cases) => cases.map((one) => consoleUi.formatted(...one))", cases)
    expected = [units.formatted(value, unit, decimals) for value, unit, decimals in cases]  # type: ignore[arg-type]
    results = zip(cases, expected, written, strict=True)
    assert [(case, server, browser) for case, server, browser in results if server != browser] == []


def test_markup_is_escaped(page: Page) -> None:
    escaped = page.evaluate("consoleUi.escaped('<img src=x onerror=\"a\">&\\'')")
    cell = page.evaluate("consoleUi.gridCell({ data: { t0: '<img src=x onerror=alert(1)>' } }, 0).outerHTML")
    assert escaped == "&lt;img src=x onerror=&quot;a&quot;&gt;&amp;&#39;"
    assert cell == "<span>&lt;img src=x onerror=alert(1)&gt;</span>"
