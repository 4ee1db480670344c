"""Every dashboard in a browser against the live stack: no error, values as the servers give them, links that hold."""

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
BOARDS: dict[str, Any] = {file.stem: json.loads(file.read_text()) for file in sorted(DASHBOARDS.glob("*.json"))}
OVERVIEW = "llm-overview"
NEED_MORE_THAN_LOAD = {  # days, or evaluations
    "Cost yesterday until this time", "Cost yesterday", "Cost per request, 7 days",
    "Faithfulness by endpoint", "Answer relevance by endpoint",
}  # fmt: skip


@pytest.mark.parametrize("uid", BOARDS)
def test_every_panel_shows_something_and_none_is_in_error(shown: Window, stack: ConsoleStack, uid: str) -> None:
    page = shown.open(f"/d/{uid}?{RANGE}")
    panels = wait_for_dashboard(page)
    expected = {panel["id"]: panel["title"] for panel in _panels(BOARDS[uid])}
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


def test_the_overview_is_not_empty(shown: Window, stack: ConsoleStack) -> None:
    """But for what needs an evaluation or a day, once the stack has recorded the others."""

    def without_data() -> set[str]:
        panels = wait_for_dashboard(shown.open(f"/d/{OVERVIEW}?{RANGE}"))
        states = {one.get_attribute("aria-label"): one.get_attribute("data-state") for one in panels.all()}
        return {str(title) for title, state in states.items() if state != "data"}

    poll_until(without_data, lambda titles: titles <= NEED_MORE_THAN_LOAD, 150.0, 3.0)


@pytest.mark.parametrize("uid", [OVERVIEW, "llm-cost"])
def test_single_values_are_the_servers_own(shown: Window, stack: ConsoleStack, uid: str) -> None:
    """The number on the page against Prometheus, for the query and the time that the panel says it asked."""
    # A young stack has few numbers: rules record them by the minute, and a page asks for some seconds ago.
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


def test_series_end_as_the_server_says(shown: Window, stack: ConsoleStack) -> None:
    """Last value and maximum in the legends against Prometheus, for the same query, range and step."""
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}")
    panels = wait_for_dashboard(page)
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
            const of = getElement(element.id.slice(1));
            const one = of.view.exemplars.at(-1);
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
          const of = getElement(element.id.slice(1));
          const one = of.view.exemplars.at(-1);
          const [x, y] = of.chart.convertToPixel({ seriesId: "exemplars" }, [one.time, one.value]);
          const box = of.$refs.canvas.getBoundingClientRect();
          return [box.left + x, box.top + y];
        }"""
    )
    page.mouse.click(*at)
    expect(page).to_have_url(re.compile("/traces/[0-9a-f]+"))
    opened = page.url.rsplit("/", 1)[1]
    expect(page.locator(".span-row").first).to_be_visible()
    # Points may lie on top of each other: what was opened is one of the exemplars, and it is in the trace store.
    assert opened in {one.trace_id for one in exemplars()}
    assert stack.live.stores.traces.trace(opened) is not None


def test_a_deep_link_reproduces_the_view(shown: Window, stack: ConsoleStack) -> None:
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


def test_what_a_person_chooses_goes_into_the_address(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}")
    wait_for_dashboard(page)
    page.get_by_role("button", name="Time range").click()
    page.get_by_role("menuitem", name="Last 5 minutes").click()
    expect(page).to_have_url(re.compile(r"from=now-5m&to=now"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"from=now-15m"))
    wait_for_dashboard(page)


def test_one_panel_alone(shown: Window, stack: ConsoleStack) -> None:
    wanted = next(panel for panel in _panels(BOARDS[OVERVIEW]) if panel["type"] == "timeseries")
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}&viewPanel=panel-{wanted['id']}")
    panels = wait_for_dashboard(page)
    assert [one.get_attribute("aria-label") for one in panels.all()] == [wanted["title"]]


def test_another_refresh_interval_counts_at_once(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}")
    wait_for_dashboard(page)
    board, refresh = page.locator(".dashboard"), page.get_by_role("combobox", name="Refresh every")
    refresh.select_option("5s")
    expect(board).not_to_have_attribute("data-turn", "1")
    expect(page).to_have_url(re.compile("refresh=5s"))
    refresh.select_option("")
    expect(page).to_have_url(re.compile("refresh=$|refresh=&"))


def test_a_refresh_moves_nothing(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/{OVERVIEW}?{RANGE}")
    wait_for_dashboard(page)
    places = """() => [...document.querySelectorAll("section.panel")]
        .map((one) => JSON.stringify(one.getBoundingClientRect()))"""
    before = page.evaluate(places)
    turn = page.locator(".dashboard").get_attribute("data-turn")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".dashboard")).not_to_have_attribute("data-turn", str(turn))
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


def test_an_unknown_dashboard_says_so(browser: Browser, stack: ConsoleStack) -> None:
    with window(browser, stack.url) as made:
        page = made.open("/d/nobody-made-this")
        expect(page.get_by_role("heading", name="No such dashboard")).to_be_visible()
        assert [one for one in made.complaints if "404" not in one] == []


def _panels(board: Any) -> list[Any]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def _queries(page: Page, panel: Locator) -> list[str]:
    """What the panel says that it asked."""
    panel.scroll_into_view_if_needed()
    panel.hover()
    panel.locator("button[aria-label^='More about']").click()
    menu = page.locator(".panel-menu:visible")
    expect(menu).to_be_visible()
    texts = menu.locator(".panel-query .mono").all_inner_texts()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    return texts


def _values(panel: Locator) -> list[str | None]:
    return [one.get_attribute("data-value") for one in panel.locator("[data-value]").all()]
