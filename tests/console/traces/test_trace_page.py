"""In a browser: a trace is shown as a waterfall with the numbers of the store and its log lines."""

from __future__ import annotations

import re

import pytest
from console_browser import Window
from console_live import ConsoleStack
from playwright.sync_api import expect
from trace_spans import spans_named

from console.traces.waterfall import cost_text, tokens_text, waterfall
from console.units import formatted
from llm_telemetry import names
from stores import Trace

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def trace(stack: ConsoleStack) -> Trace:
    """The trace of an answered question."""
    return stack.answered_trace()


def test_the_waterfall_shows_duration_tokens_and_cost(shown: Window, trace: Trace) -> None:
    page = shown.open(f"/traces/{trace.trace_id}")
    expected = waterfall(trace)
    rows = page.locator(".span-row")
    expect(rows).to_have_count(len(expected.rows))
    for row, shown_row in zip(expected.rows, rows.all(), strict=True):
        assert shown_row.get_attribute("data-span") == row.span.span_id
        duration, used, dollars = shown_row.locator(".span-numbers > span").all_inner_texts()
        assert duration == formatted(row.span.duration_ms, "ms")
        assert used == (tokens_text(row.usage) if row.usage else "")
        assert dollars == (cost_text(row.usage) if row.usage else "")
    chat, embeddings = spans_named(trace, "chat gpt-4o")[0], spans_named(trace, "embeddings text-embedding-3-small")[0]
    total = sum(float(str(span.attributes[names.LLM_COST_USD])) for span in (chat, embeddings))
    assert page.locator(".waterfall-total").inner_text().split()[-1] == formatted(total, "currencyUSD")


def test_an_opened_span_shows_attributes_and_highlights_its_log_line(shown: Window, trace: Trace) -> None:
    page = shown.open(f"/traces/{trace.trace_id}")
    generate = spans_named(trace, "generate")[0]
    row = page.locator(f".span-row[data-span='{generate.span_id}']")
    row.focus()
    page.keyboard.press("Enter")
    expect(row).to_have_attribute("aria-expanded", "true")
    detail = page.locator(".span-detail")
    told = dict(zip(detail.locator("dt").all_inner_texts(), detail.locator("dd").all_inner_texts(), strict=True))
    for name, value in generate.attributes.items():
        assert told[name] == str(value)
    line = page.locator(".log-line")
    expect(line).to_have_count(1)
    expect(line).to_have_class(re.compile("marked"))


def test_a_long_trace_is_truncated_with_a_note(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/traces/{stack.long_trace(1200)}")
    expect(page.get_by_text("Only the first 1,000 of 1,200 spans are shown.")).to_be_visible()
    expect(page.locator(".span-row")).to_have_count(1000)
    page.locator(".span-row").last.click()
    expect(page.locator(".span-detail")).to_contain_text("attribute.14")
