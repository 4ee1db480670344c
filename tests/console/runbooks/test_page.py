"""In a browser: queries of runbooks run on the page, show the answers of the servers, and show them as text."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from console_browser import Window, nothing_ran
from console_live import SERVICE, ConsoleStack
from playwright.sync_api import Locator, Page, expect

from stores import LogFilter, TraceFilter, poll_until

pytestmark = pytest.mark.timeout(300)

MARKUP = "<img src=x onerror=window.hacked=1><script>window.hacked=2</script>"


def query(page: Page, kind: str, text: str) -> Locator:
    """The first query block that contains this text."""
    blocks = page.get_by_role("region", name=f"Query: {kind}")
    expect(blocks.first).to_be_visible()
    written = blocks.locator("textarea").evaluate_all("all => all.map(one => one.value)")
    return blocks.nth(next(index for index, one in enumerate(written) if text in one))


def test_a_query_of_each_language_runs_on_the_page(shown: Window, stack: ConsoleStack) -> None:
    stack.set_fault("content_filter", mode="reject", probability=1, duration_s=5)
    failed = TraceFilter(SERVICE, "generate", error_only=True)
    poll_until(lambda: stack.live.stores.logs.query(LogFilter(SERVICE, {"status": "error"})), bool, 60.0, 1.0)
    poll_until(lambda: stack.live.stores.traces.search(failed), bool, 60.0, 1.0)
    page = shown.open("/runbooks/LLMHighErrorRate")
    metrics = query(page, "PromQL", "llm_requests_total")
    metrics.get_by_role("button", name="Run").click()
    expect(metrics.locator("table th").last).to_have_text("Value")
    expect(metrics.locator(".query-chart svg")).to_be_visible()

    lines = query(page, "Log lines", "llm_call")
    lines.get_by_role("button", name="Run").click()
    trace = lines.locator("tbody a").first
    expect(trace).to_have_attribute("href", re.compile(r"/traces/[0-9a-f]{32}"))
    expect(lines.get_by_role("link", name="Open")).to_have_attribute("href", re.compile(r"^/logs\?service=demo-app&"))

    traces = query(page, "Traces", "status = error")
    traces.get_by_role("button", name="Run").click()
    expect(traces.locator("tbody tr").first).to_contain_text("POST /api/")
    trace.click()
    expect(page).to_have_url(re.compile(r"/traces/[0-9a-f]{32}"))


def test_a_query_can_be_edited_and_reset_and_shows_errors(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/runbooks/LLMHighErrorRate")
    block = query(page, "PromQL", "llm_errors_total")
    line = block.get_by_role("textbox")
    written = line.input_value()
    line.fill("sum(llm_requests_total")
    line.press("Control+Enter")
    expect(block.get_by_role("alert")).to_contain_text("Query failed: ")
    expect(block.get_by_role("alert")).to_contain_text("unclosed left parenthesis")
    line.fill("sum(nobody_has_this)")
    line.press("Control+Enter")
    expect(block.locator(".state-empty")).to_contain_text("No data: the query returned no series")
    block.get_by_role("button", name="Reset").click()
    expect(line).to_have_value(written)


def test_the_query_page_shows_the_servers_value(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/query?expr={quote('count(up)')}&from=now-15m&to=now")
    expected = stack.live.stores.metrics.value("count(up)")
    assert expected is not None
    expect(page.locator("td.number").last).to_have_text(f"{expected:.0f}")
    page.get_by_role("textbox").first.fill("vector(17)")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("td.number").last).to_have_text("17")
    expect(page).to_have_url(re.compile(r"expr=vector%2817%29"))
    page.reload()
    expect(page.locator("td.number").last).to_have_text("17")


def test_markup_in_labels_is_shown_as_text(shown: Window, stack: ConsoleStack) -> None:
    requests_of = "sum by (model) (last_over_time(llm_requests_total[15m]))"
    expr = f"label_replace({requests_of}, 'model', '{MARKUP}$1', 'model', '(.*)')"
    page = shown.open(f"/query?expr={quote(expr)}&from=now-15m&to=now")
    expect(page.locator("tbody td", has_text=MARKUP).first).to_be_visible()
    chart = page.locator(".query-chart svg")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.98, box["y"] + box["height"] / 2)
    expect(page.locator(".query-tooltip")).to_contain_text(MARKUP)
    nothing_ran(page)


def test_a_runbook_is_found_by_a_word_and_links_its_sections(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/runbooks")
    page.get_by_role("searchbox").fill("price")
    expect(page.locator(".runbook-entry:visible")).to_have_count(
        page.locator(".runbook-entry", has_text=re.compile("price", re.IGNORECASE)).count()
    )
    page.get_by_role("link", name="LLMModelUnpriced").click()
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Mitigation").click()
    expect(page.locator("h2#mitigation")).to_be_in_viewport()


def test_an_unknown_runbook_is_reported(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/runbooks/NoSuchAlert")
    expect(page.get_by_text("there is no runbook NoSuchAlert")).to_be_visible()
    shown.complaints[:] = [one for one in shown.complaints if "404" not in one]
