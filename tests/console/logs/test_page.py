"""In a browser: the logs page shows what the store has, filters, follows new lines and zooms."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from console_browser import Window
from console_live import SERVICE, ConsoleStack
from playwright.sync_api import expect

from llm_telemetry import names
from loadtest.traffic import ANSWER
from stores import LogFilter, Trace, poll_until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def trace(stack: ConsoleStack) -> Trace:
    """The trace of an answered question."""
    return stack.answered_trace()


def test_histogram_facets_and_lines_agree_with_the_store(shown: Window, stack: ConsoleStack) -> None:
    """In a time range that has ended."""
    poll_until(lambda: stack.live.stores.logs.query(LogFilter(SERVICE), 50), lambda lines: len(lines) == 50, 60.0)
    line = stack.live.stores.logs.query(LogFilter(SERVICE), 50)[-1]
    start, end = round(line.time - 20), round(line.time + 1)
    which = LogFilter(SERVICE, {"event": names.EVENT_CALL}, start=start, end=end)
    expected = stack.live.stores.logs.query(which, 1000)
    page = shown.open(f"/logs?service={SERVICE}&field.event={names.EVENT_CALL}&from={start * 1000}&to={end * 1000}")
    expect(page.locator(".log-line")).to_have_count(len(expected))
    legend = page.locator(".bars-legend")
    expect(legend).to_contain_text(f"{len(expected)} lines")
    by_endpoint = stack.live.stores.logs.field_values("endpoint", which)
    facet = page.locator(".facets section", has=page.get_by_role("heading", name="endpoint"))
    shown_counts = dict(
        zip(
            facet.locator(".facet-value").all_inner_texts(),
            facet.locator(".facet-count").all_inner_texts(),
            strict=True,
        )
    )
    assert shown_counts == {value: str(count) for value, count in by_endpoint.items()}
    assert [one.get_attribute("data-trace") for one in page.locator(".log-line").all()] == [
        one.trace_id for one in expected
    ]


def test_a_facet_filters_and_a_line_opens_its_trace(shown: Window, stack: ConsoleStack, trace: Trace) -> None:
    page = shown.open("/logs?from=now-15m&to=now")
    page.locator(".facet", has_text=ANSWER).first.click()
    expect(page).to_have_url(re.compile(re.escape(f"field.endpoint={ANSWER}")))
    expect(page.locator(".filter-chip", has_text=f"endpoint = {ANSWER}")).to_be_visible()
    expect(page.locator(".log-line").first).to_contain_text(ANSWER)
    assert all(ANSWER in text for text in page.locator(".log-line").all_inner_texts())
    page.locator(".filter-chip").click()
    expect(page).not_to_have_url(re.compile("field.endpoint"))
    page.get_by_label("Trace ID").fill(trace.trace_id)
    page.keyboard.press("Enter")
    expect(page.locator(".log-line")).to_have_count(1)
    page.locator(".log-trace").click()
    expect(page).to_have_url(re.compile(f"/traces/{trace.trace_id}\\?span="))
    expect(page.locator(".span-row[aria-expanded=true]")).to_have_count(1)


def test_any_field_can_be_filtered_by(shown: Window, stack: ConsoleStack) -> None:
    [line] = stack.live.stores.logs.query(LogFilter(SERVICE, {"event": names.EVENT_CALL, "status": "ok"}), 1)
    page = shown.open("/logs?from=now-15m&to=now")
    field = page.get_by_label("Field = value")
    field.fill("prompt_hash")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Query failed: enter a value: prompt_hash = …")).to_be_visible()
    field.fill(f"prompt_hash = {line.fields['prompt_hash']}")
    page.keyboard.press("Enter")
    expect(page.locator(f".log-line[data-trace='{line.trace_id}']")).to_be_visible()
    expect(field).to_have_value("")
    assert parse_qs(urlsplit(page.url).query)["field.prompt_hash"] == [str(line.fields["prompt_hash"])]


def test_live_shows_new_lines(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/logs?from=now-15m&to=now&live=true&field.tenant_id=globex")
    expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".log-line").first).to_be_visible()
    trace_id = stack.live.ask(f"Is v1 of the API still working? ({id(shown)})", tenant="globex")["trace_id"]
    expect(page.locator(f".log-line[data-trace='{trace_id}']")).to_have_count(1)
    page.get_by_role("button", name="Live").click()
    expect(page).not_to_have_url(re.compile("live"))


def test_a_bar_of_the_histogram_zooms_in(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/logs?from=now-15m&to=now")
    expect(page.locator(".bars-legend b").first).to_be_visible()
    page.locator(".bars-plot").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    query = parse_qs(urlsplit(page.url).query)
    assert int(query["to"][0]) - int(query["from"][0]) == 15_000  # one bar of 15 minutes
