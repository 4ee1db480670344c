"""Proves in a browser that every generated dashboard shows the live stack's values, and that its controls work."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from console_browser import Window, wait_for_dashboard, window
from console_live import ConsoleStack
from console_pages import RANGE
from playwright.sync_api import Browser, Locator, Page, expect

from console.settings import DASHBOARDS
from stores import poll_until
from stores.metric_results import Exemplar

pytestmark = pytest.mark.timeout(300)
DASHBOARD_FILES: dict[str, Any] = {
    file.stem: json.loads(file.read_text()) for file in sorted(DASHBOARDS.glob("*.json"))
}
OVERVIEW = "llm-overview"
COMPLETE = "from=now-15m&to=now-30s&refresh="  # no sample of this range is still on its way
NEED_MORE_THAN_LOAD = {  # panels that need days of data, or evaluations
    "Cost yesterday until this time", "Cost yesterday", "Cost per request, 7 days",
    "Faithfulness by endpoint", "Answer relevance by endpoint",
}  # fmt: skip


@pytest.mark.parametrize("uid", DASHBOARD_FILES)
def test_every_panel_has_data_or_says_why_not_and_none_has_an_error(
    shown: Window, stack: ConsoleStack, uid: str
) -> None:
    page = shown.open(f"/d/{uid}?{RANGE}")
    panels = wait_for_dashboard(page)
    expected = {panel["id"]: panel["title"] for panel in _panels(DASHBOARD_FILES[uid])}
    assert {
        int(one.get_attribute("data-panel") or 0): one.locator("h3").inner_text() for one in panels.all()
    } == expected
    states = {one.get_attribute("aria-label"): one.get_attribute("data-state") for one in panels.all()}
    bad = {title: panels.filter(has_text=str(title)).first.inner_text() for title, state in states.items()
           if state not in ("data", "empty")}  # fmt: skip
    assert bad == {}
    assert page.locator(".panel-warning:visible").count() == 0
    for one in panels.and_(page.locator("[data-state=empty]")).all():
        assert re.search(r"No data: \w{2}", one.inner_text()), one.inner_text()


def test_the_panels_of_the_overview_have_data(shown: Window, stack: ConsoleStack) -> None:
    """Except for panels that need days of data, or evaluations."""

    def without_data() -> set[str]:
        panels = wait_for_dashboard(shown.open(f"/d/{OVERVIEW}?{RANGE}"))
        states = {one.get_attribute("aria-label"): one.get_attribute("data-state") for one in panels.all()}
        return {str(title) for title, state in states.items() if state != "data"}

    poll_until(without_data, lambda titles: titles <= NEED_MORE_THAN_LOAD, 150.0, 3.0)


@pytest.mark.parametrize("uid", [OVERVIEW, "llm-cost"])
def test_single_values_are_those_of_prometheus(shown: Window, stack: ConsoleStack, uid: str) -> None:
    """Compared with Prometheus, for the query and the time in the panel's menu."""
    # A new stack has few values: rules record them every minute, and a page queries a time some seconds ago.
    recorded = "count(service:llm_cost_dollars:rate5m)"
    poll_until(lambda: stack.live.stores.metrics.value(recorded, time.time() - 10), timeout_s=150.0)
    page = shown.open(f"/d/{uid}?{RANGE}")
    panels = wait_for_dashboard(page)
    checked = 0
    for panel in panels.and_(
        page.locator("[data-type=stat][data-state=data], [data-type=bargauge][data-state=data]")
    ).all():
        values = [
            float(text) for one in panel.locator("[data-value]").all() if (text := one.get_attribute("data-value"))
        ]
        if not values:
            continue
        at = float(panel.get_attribute("data-end") or 0)
        wanted = [
            sample.value for query in _queries(page, panel) for sample in stack.live.stores.metrics.instant(query, at)
        ]
        assert sorted(values) == pytest.approx(sorted(wanted), rel=1e-9), panel.get_attribute("aria-label")
        checked += 1
    assert checked >= 2


def test_last_value_and_maximum_in_legends_are_those_of_prometheus(shown: Window, stack: ConsoleStack) -> None:
    """Compared with Prometheus, for the same query, range and step."""
    page = shown.open(f"/d/{OVERVIEW}?{COMPLETE}")
    panels = wait_for_dashboard(page).filter(has_not=page.locator(".panel-time"))  # those end now
    checked = 0
    for panel in panels.and_(page.locator("[data-type=timeseries][data-state=data]")).all():
        start, end, step = (float(panel.get_attribute(f"data-{name}") or 0) for name in ("start", "end", "step"))
        found = [
            series
            for query in _queries(page, panel)
            for series in stack.live.stores.metrics.range(query, start, end, step)
        ]
        numbers = [
            [value for at, value in series.points if value == value and abs(value) != float("inf")] for series in found
        ]
        wanted = sorted((line[-1], max(line)) for line in numbers if line)
        rows = [
            tuple(float(cell.get_attribute("data-value") or "nan") for cell in row.locator("td[data-value]").all())
            for row in panel.locator(".chart-legend tbody tr").all()
        ]
        assert len(rows) == len(found), panel.get_attribute("aria-label")
        for (last, most), row in zip(wanted, sorted(row for row in rows if row[0] == row[0]), strict=True):
            assert row == pytest.approx((last, most), rel=1e-9, abs=1e-12), panel.get_attribute("aria-label")
        checked += 1
        if checked == 6:
            break
    assert checked >= 4


def test_a_click_on_an_exemplar_opens_its_trace(shown: Window, stack: ConsoleStack) -> None:
    def exemplars() -> list[Exemplar]:
        return stack.live.stores.metrics.exemplars("llm_latency_ms_bucket")

    poll_until(exemplars, timeout_s=60.0)
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}")
    wait_for_dashboard(page)
    trace_id = page.evaluate(
        """() => {
          for (const element of document.querySelectorAll(".chart")) {
            const chart = getElement(element.id.slice(1));
            const one = chart.view.exemplars.at(-1);
            if (!one) continue;
            element.scrollIntoView({ block: "center" });
            element.dataset.wanted = "yes";
            return one.trace;
          }
        }"""
    )
    assert trace_id, "no panel has an exemplar"
    at = page.evaluate(
        """() => {
          const element = document.querySelector(".chart[data-wanted]");
          const chart = getElement(element.id.slice(1));
          const one = chart.view.exemplars.at(-1);
          const [x, y] = chart.chart.convertToPixel({ seriesId: "exemplars" }, [one.time, one.value]);
          const box = chart.$refs.canvas.getBoundingClientRect();
          return [box.left + x, box.top + y];
        }"""
    )
    page.mouse.click(*at)
    expect(page).to_have_url(re.compile("/traces/[0-9a-f]+"))
    opened = page.url.rsplit("/", 1)[1]
    # The exemplar is scraped at once; the application sends the spans of its trace some seconds later.
    poll_until(lambda: stack.live.stores.traces.trace(opened), timeout_s=30.0)
    page.reload()
    expect(page.locator(".span-row").first).to_be_visible()
    # Exemplars may lie on top of each other, so another one than `trace_id` may open.
    assert opened in {one.trace_id for one in exemplars()}
    assert stack.live.stores.traces.trace(opened) is not None


def test_a_link_with_absolute_times_shows_the_same_values_again(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}&var-endpoint=/api/support/answer&var-endpoint=/api/support/stream")
    wait_for_dashboard(page)
    end = float(page.locator("section.panel[data-end]").first.get_attribute("data-end") or 0)
    absolute = f"from={round((end - 600) * 1000)}&to={round((end - 60) * 1000)}"
    link = f"/d/{OVERVIEW}?{absolute}&refresh=&var-endpoint=/api/support/answer&var-model=gpt-4o"
    seen = []
    for _ in range(2):
        panels = wait_for_dashboard(shown.open(link))
        assert float(panels.first.get_attribute("data-end") or 0) == pytest.approx(end - 60, abs=1)
        seen.append([_values(one) for one in panels.all()])
    assert seen[0] == seen[1]
    said = parse_qs(urlsplit(page.url).query)
    assert said["var-endpoint"] == ["/api/support/answer"]


def test_a_selected_time_range_goes_into_the_address(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}")
    wait_for_dashboard(page)
    page.get_by_role("button", name="Time range:").click()
    page.get_by_role("menuitem", name="Last 5 minutes").click()
    expect(page).to_have_url(re.compile(r"from=now-5m&to=now"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"from=now-15m"))
    wait_for_dashboard(page)


def test_view_panel_shows_one_panel_alone(shown: Window, stack: ConsoleStack) -> None:
    wanted = next(panel for panel in _panels(DASHBOARD_FILES[OVERVIEW]) if panel["type"] == "timeseries")
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}&viewPanel=panel-{wanted['id']}")
    panels = wait_for_dashboard(page)
    assert [one.get_attribute("aria-label") for one in panels.all()] == [wanted["title"]]


def test_a_selected_refresh_interval_takes_effect_at_once(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}")
    wait_for_dashboard(page)
    board, refresh = page.locator(".dashboard"), page.get_by_role("combobox", name="Auto refresh interval")
    refresh.select_option("5s")
    expect(board).not_to_have_attribute("data-loads", "1")
    expect(page).to_have_url(re.compile("refresh=5s"))
    refresh.select_option("")
    expect(page).to_have_url(re.compile("refresh=$|refresh=&"))


def test_a_refresh_does_not_move_panels(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}")
    wait_for_dashboard(page)
    places = """() => [...document.querySelectorAll("section.panel")]
        .map((one) => JSON.stringify(one.getBoundingClientRect()))"""
    before = page.evaluate(places)
    loads = page.locator(".dashboard").get_attribute("data-loads")
    page.get_by_role("button", name="Refresh", exact=True).click()
    expect(page.locator(".dashboard")).not_to_have_attribute("data-loads", str(loads))
    wait_for_dashboard(page)
    assert page.evaluate(places) == before


def test_a_row_is_folded_and_unfolded(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}")
    panels = wait_for_dashboard(page)
    count = panels.count()
    row = page.locator(".row-button").first
    row.click()
    expect(row).to_have_attribute("aria-expanded", "false")
    assert 0 < page.locator("section.panel:visible").count() < count
    row.click()
    expect(row).to_have_attribute("aria-expanded", "true")
    expect(page.locator("section.panel:visible")).to_have_count(count)


def test_an_unknown_dashboard_is_not_found(browser: Browser, stack: ConsoleStack) -> None:
    with window(browser, stack.url) as made:
        page = made.open("/d/nobody-made-this")
        expect(page.get_by_role("heading", name="Dashboard not found")).to_be_visible()
        assert [one for one in made.complaints if "404" not in one] == []


def _panels(board: Any) -> list[Any]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def _queries(page: Page, panel: Locator) -> list[str]:
    """The queries in the panel's menu."""
    panel.scroll_into_view_if_needed()
    panel.hover()
    panel.locator("button[aria-label^='Links and queries of']").click()
    menu = page.locator(".panel-menu:visible")
    expect(menu).to_be_visible()
    texts = menu.locator(".panel-query .mono").all_inner_texts()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    return texts


def _values(panel: Locator) -> list[str | None]:
    return [one.get_attribute("data-value") for one in panel.locator("[data-value]").all()]
