"""Addresses of every page of the console, and waiting for a page to finish loading."""

from __future__ import annotations

from console_live import ConsoleStack
from playwright.sync_api import Page, expect
from trace_spans import spans_named

from console.settings import DASHBOARDS

RANGE = "from=now-15m&to=now&refresh="


def pages_of(stack: ConsoleStack) -> list[tuple[str, str]]:
    """Name and address of each page; trace pages show traces of the stack."""
    one, other = stack.answered_trace(), stack.answered_trace("Which ports must IT open?")
    boards = sorted(file.stem for file in DASHBOARDS.glob("*.json"))
    return [
        ("home", "/"),
        ("dashboards", "/dashboards"),
        *((f"dashboard-{uid}", f"/d/{uid}?{RANGE}") for uid in boards),
        ("panel", f"/d/llm-overview?{RANGE}&viewPanel=panel-2"),
        ("alerts", "/alerts"),
        ("traces", f"/traces?{RANGE}"),
        ("trace", f"/traces/{one.trace_id}?span={spans_named(one, 'generate')[0].span_id}"),
        ("compare", f"/traces/compare?a={one.trace_id}&b={other.trace_id}"),
        ("logs", f"/logs?{RANGE}"),
        ("runbooks", "/runbooks"),
        ("runbook", "/runbooks/LLMHighErrorRate"),
    ]


def settled(page: Page) -> None:
    """Wait until the page has finished loading."""
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_timeout(300)  # the first queries run after the page is shown
    expect(page.locator(".state-loading:visible")).to_have_count(0)
    if page.locator(".dashboard").count():
        expect(page.locator(".dashboard")).to_have_attribute("data-state", "shown")
    page.wait_for_timeout(200)  # charts draw in the next frame
