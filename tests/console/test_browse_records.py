"""Traces and logs in a browser against the live stack: numbers as the stores give them, and nothing runs as markup."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from console_browser import Window, nothing_ran, window
from console_live import SERVICE, ConsoleStack
from playwright.sync_api import Browser, expect
from trace_spans import spans_named

from console.traces.waterfall import waterfall
from console.traces.waterfall_view import cost, tokens
from console.units import formatted
from llm_telemetry import names
from loadtest.traffic import ANSWER
from stores import LogFilter, Trace, TraceFilter, poll_until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def trace(stack: ConsoleStack) -> Trace:
    """An answered question's."""
    return stack.answered_trace()


# --- Traces -----------------------------------------------------------------------------------------


def test_a_trace_is_a_waterfall_with_what_it_cost(shown: Window, trace: Trace) -> None:
    page = shown.open(f"/traces/{trace.trace_id}")
    expected = waterfall(trace)
    rows = page.locator(".span-row")
    expect(rows).to_have_count(len(expected.rows))
    for row, shown_row in zip(expected.rows, rows.all(), strict=True):
        assert shown_row.get_attribute("data-span") == row.span.span_id
        duration, used, dollars = shown_row.locator(".span-numbers > span").all_inner_texts()
        assert duration == formatted(row.span.duration_ms, "ms")
        assert used == (tokens(row.usage) if row.usage else "")
        assert dollars == (cost(row.usage) if row.usage else "")
    chat, embeddings = spans_named(trace, "chat gpt-4o")[0], spans_named(trace, "embeddings text-embedding-3-small")[0]
    total = sum(float(str(span.attributes[names.LLM_COST_USD])) for span in (chat, embeddings))
    assert page.locator(".waterfall-sum").inner_text().split()[-1] == formatted(total, "currencyUSD")


def test_a_span_shows_its_attributes_and_points_out_its_log_line(shown: Window, trace: Trace) -> None:
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


def test_a_long_trace_is_shown_as_far_as_it_goes(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/traces/{stack.long_trace(1200)}")
    expect(page.get_by_text("The first 1,000 of 1,200 spans are shown.")).to_be_visible()
    expect(page.locator(".span-row")).to_have_count(1000)
    page.locator(".span-row").last.click()
    expect(page.locator(".span-detail")).to_contain_text("attribute.14")


def test_the_search_finds_what_the_store_finds(shown: Window, stack: ConsoleStack, trace: Trace) -> None:
    at = trace.spans[0].start
    query = (
        f"service={SERVICE}&endpoint={ANSWER}&model=gpt-4o&tenant=acme&limit=100"
        f"&from={round((at - 30) * 1000)}&to={round((at + 0.5) * 1000)}"
    )
    attributes = {names.LLM_ENDPOINT: ANSWER, names.LLM_MODEL: "gpt-4o", names.LLM_TENANT_ID: "acme"}
    which = TraceFilter(SERVICE, attributes=attributes, start=round(at - 30, 3), end=round(at + 0.5, 3))
    expected = {found.trace_id for found in stack.live.stores.traces.search(which, 100)}
    page = shown.open(f"/traces?{query}")
    rows = page.locator(".found tbody tr")
    expect(rows).to_have_count(len(expected))
    assert len(expected) < 100
    expect(page.locator(".count-line")).not_to_contain_text("The newest")
    assert {row.get_attribute("data-trace") for row in rows.all()} == expected
    assert trace.trace_id in expected
    usage = waterfall(trace).total
    mine = page.locator(f".found tr[data-trace='{trace.trace_id}']")
    expect(mine).to_contain_text(cost(usage))
    expect(mine).to_contain_text(tokens(usage))


def test_a_search_that_found_as_many_as_it_shows_says_that_they_are_the_newest(
    shown: Window, stack: ConsoleStack
) -> None:
    poll_until(
        lambda: stack.live.stores.traces.search(TraceFilter(SERVICE), 20),
        lambda found: len(found) == 20,
        timeout_s=60.0,
    )
    page = shown.open(f"/traces?service={SERVICE}&from=now-1h&to=now%2B1h&limit=20")
    expect(page.locator(".count-line")).to_contain_text("The newest 20 traces")
    ends = [float(dot.get_attribute("style").split("left:")[1].split("%")[0]) for dot in page.locator(".dots a").all()]
    assert max(ends) > 50, "the hour to come takes no room"


def test_errors_and_durations_can_be_asked_for(shown: Window, stack: ConsoleStack) -> None:
    stack.set_fault("content_filter", mode="reject")
    stack.live.ask(f"How do I add a building? ({id(shown)})")
    stack.clear_faults()
    poll_until(lambda: stack.live.stores.traces.search(TraceFilter(SERVICE, error_only=True)), timeout_s=60.0)
    page = shown.open("/traces?from=now-15m&to=now")
    expect(page.locator(".found tbody tr").first).to_be_visible()
    page.get_by_label("Errors only").check()
    expect(page).to_have_url(re.compile("error=true"))
    rows = page.locator(".found tbody tr")
    expect(page.locator(".found tbody tr:not(.error)")).to_have_count(0)
    expect(rows.first.locator(".chip.bad")).to_be_visible()
    page.get_by_label("At least, ms").fill("3600000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No data: no trace fits the search in this range")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["min_ms"] == ["3600000"]
    page.go_back()
    expect(rows.first).to_be_visible()


def test_two_traces_are_compared(shown: Window, stack: ConsoleStack) -> None:
    trace, other = stack.answered_trace(), stack.answered_trace("What happens if we go past 5,000 parcels this month?")
    until_ms = round(max(span.start for span in other.spans) * 1000) + 1000  # only the newest are listed
    page = shown.open(f"/traces?from=now-15m&to={until_ms}&limit=100")
    for one in (trace, other):
        page.locator(f".found tr[data-trace='{one.trace_id}'] input").check()
    page.get_by_role("link", name="Compare the two").click()
    expect(page).to_have_url(re.compile(f"/traces/compare\\?a={trace.trace_id}&b={other.trace_id}"))
    totals = page.locator("table.plain-table")
    for one in (trace, other):
        expect(totals).to_contain_text(formatted(waterfall(one).duration_ms, "ms"))
        expect(totals).to_contain_text(cost(waterfall(one).total))
    expect(page.locator(".compare tbody tr").first).to_contain_text(f"POST {ANSWER}")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/traces/0000000000000000000000000000dead", "No data: the store has no trace"),
        ("/traces/not-an-id", "Query failed: 'not-an-id' is no trace id"),
        ("/traces?min_ms=fast", "Query failed: min_ms is a number of milliseconds"),
        ("/traces/compare", "No data: two traces are compared"),
        ("/traces/compare?a=dead&b=beef", "No data: the store has no trace dead"),
        ("/logs?trace_id=dead", "No data: no line fits the filter in this range"),
    ],
)
def test_what_is_not_there_says_why(shown: Window, stack: ConsoleStack, address: str, says: str) -> None:
    expect(shown.open(address).get_by_text(says).first).to_be_visible()


# --- Logs -------------------------------------------------------------------------------------------


def test_counts_are_the_log_stores_own(shown: Window, stack: ConsoleStack) -> None:
    """Histogram, facets and lines of a period that is over, against the store."""
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
    page.get_by_label("Trace id").fill(trace.trace_id)
    page.keyboard.press("Enter")
    expect(page.locator(".log-line")).to_have_count(1)
    page.locator(".log-trace").click()
    expect(page).to_have_url(re.compile(f"/traces/{trace.trace_id}\\?span="))
    expect(page.locator(".span-row[aria-expanded=true]")).to_have_count(1)


def test_a_field_that_has_no_facet_is_asked_for(shown: Window, stack: ConsoleStack) -> None:
    [line] = stack.live.stores.logs.query(LogFilter(SERVICE, {"event": names.EVENT_CALL, "status": "ok"}), 1)
    page = shown.open("/logs?from=now-15m&to=now")
    field = page.get_by_label("Field = value")
    field.fill("prompt_hash")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Query failed: a field needs a value")).to_be_visible()
    field.fill(f"prompt_hash = {line.fields['prompt_hash']}")
    page.keyboard.press("Enter")
    expect(page.locator(f".log-line[data-trace='{line.trace_id}']")).to_be_visible()
    expect(field).to_have_value("")
    assert parse_qs(urlsplit(page.url).query)["field.prompt_hash"] == [str(line.fields["prompt_hash"])]


def test_lines_appear_as_they_arrive(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/logs?from=now-15m&to=now&live=true&field.tenant_id=globex")
    expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".log-line").first).to_be_visible()
    trace_id = stack.live.ask(f"Is v1 of the API still working? ({id(shown)})", tenant="globex")["trace_id"]
    expect(page.locator(f".log-line[data-trace='{trace_id}']")).to_have_count(1)
    page.get_by_role("button", name="Live").click()
    expect(page).not_to_have_url(re.compile("live"))


def test_a_part_of_the_histogram_is_zoomed_into(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/logs?from=now-15m&to=now")
    expect(page.locator(".bars-legend b").first).to_be_visible()
    page.locator(".bars-plot").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    said = parse_qs(urlsplit(page.url).query)
    assert int(said["to"][0]) - int(said["from"][0]) == 15_000  # one bar of 15 minutes


# --- Data is never markup ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evil(stack: ConsoleStack) -> str:
    """Trace id of a line and a span that are full of markup."""
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
def test_markup_in_telemetry_is_shown_as_text(shown: Window, stack: ConsoleStack, evil: str, address: str) -> None:
    page = shown.open(address.format(evil, evil))
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
def test_markup_in_an_address_is_text(browser: Browser, stack: ConsoleStack, address: str) -> None:
    evil = "%3Cimg%20src%3Dx%20onerror%3D%22window.hacked%3D1%22%3E"
    with window(browser, stack.url) as made:
        page = made.open(address.format(evil))
        page.wait_for_timeout(1500)
        nothing_ran(page)
