"""In a browser: the search for traces shows what the store finds, and two traces can be compared."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from console_browser import Window
from console_live import SERVICE, ConsoleStack
from playwright.sync_api import expect

from console.traces.waterfall import cost_text, tokens_text, waterfall
from console.units import formatted
from llm_telemetry import names
from loadtest.traffic import ANSWER
from stores import Trace, TraceFilter, poll_until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def trace(stack: ConsoleStack) -> Trace:
    """The trace of an answered question."""
    return stack.answered_trace()


def test_results_agree_with_the_store(shown: Window, stack: ConsoleStack, trace: Trace) -> None:
    at = trace.spans[0].start
    query = (
        f"service={SERVICE}&endpoint={ANSWER}&model=gpt-4o&tenant=acme&limit=100"
        f"&from={round((at - 30) * 1000)}&to={round((at + 0.5) * 1000)}"
    )
    attributes = {names.LLM_ENDPOINT: ANSWER, names.LLM_MODEL: "gpt-4o", names.LLM_TENANT_ID: "acme"}
    which = TraceFilter(SERVICE, attributes=attributes, start=round(at - 30, 3), end=round(at + 0.5, 3))
    expected = {found.trace_id for found in stack.live.stores.traces.search(which, 100)}
    page = shown.open(f"/traces?{query}")
    rows = page.locator(".trace-table tbody tr")
    expect(rows).to_have_count(len(expected))
    assert len(expected) < 100
    expect(page.locator(".count-line")).not_to_contain_text("The newest")
    assert {row.get_attribute("data-trace") for row in rows.all()} == expected
    assert trace.trace_id in expected
    usage = waterfall(trace).total
    mine = page.locator(f".trace-table tr[data-trace='{trace.trace_id}']")
    expect(mine).to_contain_text(cost_text(usage))
    expect(mine).to_contain_text(tokens_text(usage))


def test_a_full_list_says_that_it_holds_the_newest(shown: Window, stack: ConsoleStack) -> None:
    poll_until(
        lambda: stack.live.stores.traces.search(TraceFilter(SERVICE), 20),
        lambda found: len(found) == 20,
        timeout_s=60.0,
    )
    page = shown.open(f"/traces?service={SERVICE}&from=now-1h&to=now%2B1h&limit=20")
    expect(page.locator(".count-line")).to_contain_text("The newest 20 traces")
    ends = [float(dot.get_attribute("style").split("left:")[1].split("%")[0]) for dot in page.locator(".dots a").all()]
    assert max(ends) > 50, "the chart must not reserve space for the future hour"


def test_traces_are_filtered_by_error_and_duration(shown: Window, stack: ConsoleStack) -> None:
    stack.set_fault("content_filter", mode="reject")
    stack.live.ask(f"How do I add a building? ({id(shown)})")
    stack.clear_faults()
    poll_until(lambda: stack.live.stores.traces.search(TraceFilter(SERVICE, error_only=True)), timeout_s=60.0)
    page = shown.open("/traces?from=now-15m&to=now")
    expect(page.locator(".trace-table tbody tr").first).to_be_visible()
    page.get_by_label("Errors only").check()
    expect(page).to_have_url(re.compile("error=true"))
    rows = page.locator(".trace-table tbody tr")
    expect(page.locator(".trace-table tbody tr:not(.error)")).to_have_count(0)
    expect(rows.first.locator(".chip.bad")).to_be_visible()
    page.get_by_label("Min duration (ms)").fill("3600000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No data: no traces match the search in this time range")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["min_ms"] == ["3600000"]
    page.go_back()
    expect(rows.first).to_be_visible()


def test_two_traces_are_compared(shown: Window, stack: ConsoleStack) -> None:
    trace, other = stack.answered_trace(), stack.answered_trace("What happens if we go past 5,000 parcels this month?")
    until_ms = round(max(span.start for span in other.spans) * 1000) + 1000  # the list holds only the newest traces
    page = shown.open(f"/traces?from=now-15m&to={until_ms}&limit=100")
    for one in (trace, other):
        page.locator(f".trace-table tr[data-trace='{one.trace_id}'] input").check()
    page.get_by_role("link", name="Compare traces").click()
    expect(page).to_have_url(re.compile(f"/traces/compare\\?a={trace.trace_id}&b={other.trace_id}"))
    totals = page.locator("table.plain-table")
    for one in (trace, other):
        expect(totals).to_contain_text(formatted(waterfall(one).duration_ms, "ms"))
        expect(totals).to_contain_text(cost_text(waterfall(one).total))
    expect(page.locator(".compare tbody tr").first).to_contain_text(f"POST {ANSWER}")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/traces/0000000000000000000000000000dead", "No data: the store has no trace"),
        ("/traces/not-an-id", "Query failed: 'not-an-id' is not a trace ID"),
        ("/traces?min_ms=fast", "Query failed: min_ms must be a number of milliseconds"),
        ("/traces/compare", "No data: a comparison needs two traces"),
        ("/traces/compare?a=dead&b=beef", "No data: the store has no trace dead"),
        ("/logs?trace_id=dead", "No data: no log lines match the filter in this time range"),
    ],
)
def test_a_page_without_data_says_why(shown: Window, stack: ConsoleStack, address: str, says: str) -> None:
    expect(shown.open(address).get_by_text(says).first).to_be_visible()
