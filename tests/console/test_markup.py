"""In a browser: markup in telemetry or in an address is shown as text and never runs."""

from __future__ import annotations

import pytest
from console_browser import Window, nothing_ran, window
from console_live import ConsoleStack
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def markup(stack: ConsoleStack) -> str:
    """The trace ID of a log line and a span full of markup."""
    return stack.log_markup()


@pytest.mark.parametrize(
    "address",
    [
        "/logs?service=markup-app",
        "/traces?service=markup-app",
        "/traces/{}",
        "/traces/compare?a={}&b={}",
        "/logs?text=%3Cimg",
    ],
)
def test_markup_in_telemetry_is_shown_as_text(shown: Window, stack: ConsoleStack, markup: str, address: str) -> None:
    page = shown.open(address.format(markup, markup))
    expect(page.get_by_text("<img src=x onerror=").first).to_be_visible()
    for row in page.locator(".log-row, .span-row").all():
        row.click()
    if page.locator(".bars-plot").count():
        page.locator(".bars-plot").hover()
    page.wait_for_timeout(500)
    nothing_ran(page)


@pytest.mark.parametrize(
    "address",
    [
        "/logs?text={0}&trace_id={0}&service={0}&field.x={0}",
        "/traces?model={0}&service={0}",
        "/traces/{0}",
        "/d/llm-overview?var-model={0}&from=now-5m",
        "/alerts?alert={0}",
    ],
)
def test_markup_in_an_address_is_shown_as_text(browser: Browser, stack: ConsoleStack, address: str) -> None:
    markup = "%3Cimg%20src%3Dx%20onerror%3D%22window.hacked%3D1%22%3E"
    with window(browser, stack.url) as made:
        page = made.open(address.format(markup))
        page.wait_for_timeout(1500)
        nothing_ran(page)
