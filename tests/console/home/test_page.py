"""The home page summarizes firing alerts, shows servers, and opens a trace by its ID."""

from __future__ import annotations

import re

import pytest
from console_browser import Window
from console_live import ConsoleStack
from playwright.sync_api import expect

from console.home.page import _summary

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(
    ("firing", "critical", "message"),
    [
        (0, 0, "No alerts firing"),
        (1, 0, "1 alert firing"),
        (1, 1, "1 alert firing, 1 critical"),
        (9, 5, "9 alerts firing, 5 critical"),
    ],
)
def test_the_banner_counts_firing_and_critical_alerts(firing: int, critical: int, message: str) -> None:
    assert _summary(firing, critical) == message


def test_servers_are_listed_and_a_trace_is_opened_by_id(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/")
    servers = page.locator(".servers")
    for name in ("prometheus", "alertmanager", "alert-sink", "jaeger", "victoria-logs", "otel-collector"):
        expect(servers.locator("li", has_text=name).locator(".good")).to_be_visible()
    expect(page.locator(".figure-value").first).to_have_text(re.compile(r"\d"))
    trace = stack.answered_trace()
    page.get_by_role("searchbox", name="Trace ID").fill(trace.trace_id)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/traces/{trace.trace_id}"))
