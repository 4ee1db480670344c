"""Proves in a browser what a dashboard from elsewhere shows: unknown panel types, failed queries, markup in labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_browser import Window, nothing_ran, wait_for_dashboard, window
from console_live import ConsoleStack
from console_load import MARKUP
from console_process import ConsoleProcess, running_console
from lite_process import free_ports
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.timeout(300)
PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
MARKUP_IN_LABELS = (
    'label_replace(label_replace(vector(42), "model", "{}", "", ""), ":onclick", "window.hacked=6", "", "")'.format(
        MARKUP.replace('"', '\\"')
    )
)
PANEL_TYPES = ("timeseries", "stat", "bargauge", "table", "state-timeline", "barchart")


def panel(number: int, kind: str, title: str, expr: str = "vector(1)", **json: Any) -> dict[str, Any]:
    instant = kind in ("stat", "bargauge", "table", "barchart")
    target = {
        "datasource": PROMETHEUS, "expr": expr, "refId": "A", "instant": instant, "range": not instant,
        "format": "table" if kind in ("table", "barchart") else "time_series", "legendFormat": "{{model}}",
    }  # fmt: skip
    return {
        "id": number,
        "type": kind,
        "title": title,
        "description": MARKUP,
        "gridPos": {"x": (number % 3) * 8, "y": (number // 3) * 8, "w": 8, "h": 8},
        "datasource": PROMETHEUS,
        "targets": [target],
        "fieldConfig": {"defaults": {"unit": "none", "custom": {}}, "overrides": []},
        "options": {
            "legend": {"showLegend": True, "displayMode": "table", "calcs": ["lastNotNull"]},
            "xField": "model",
        },
        **json,
    }


BOARD = {
    "uid": "foreign",
    "title": "Foreign dashboard",
    "description": MARKUP,
    "schemaVersion": 42,
    "time": {"from": "now-15m", "to": "now"},
    "templating": {"list": [
        {"name": "runbooks_url", "type": "constant", "hide": 2, "query": "http://sink.example:9095/runbooks"},
    ]},
    "links": [{"type": "link", "title": "Runbooks", "url": "${runbooks_url}"}],
    "panels": [
        panel(1, "stat", "Valid", "vector(42)",
              links=[{"title": "External page", "url": "${runbooks_url}/NoSuchRunbook"}]),
        panel(2, "candlestick", "Unknown type"),
        panel(3, "stat", "Unknown data source", datasource={"type": "influxdb", "uid": "influx"},
              targets=[{"datasource": {"type": "influxdb", "uid": "influx"}, "query": "SELECT 1", "refId": "A"}]),
        panel(4, "timeseries", "Failed query", "sum(rate("),
        panel(5, "stat", "No data", "nobody_made_this_metric"),
        *(panel(10 + index, kind, f"Markup in a {kind}", MARKUP_IN_LABELS) for index, kind in enumerate(PANEL_TYPES)),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def console(stack: ConsoleStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A console with this dashboard."""
    with stack.console_of(BOARD, tmp_path_factory.mktemp("foreign")) as running:
        yield running


@pytest.fixture
def foreign(browser: Browser, console: ConsoleProcess) -> Iterator[Window]:
    with window(browser, console.url) as made:
        wait_for_dashboard(made.open("/d/foreign?refresh="))
        yield made
        assert made.complaints == []


def test_each_panel_shows_its_own_problem_and_the_valid_panel_shows_its_value(foreign: Window) -> None:
    page = foreign.page
    assert _of(page, "Valid") == "data"
    expect(page.locator("[aria-label='Valid'] [data-value='42.0']")).to_be_visible()
    assert _of(page, "Unknown type") == "unknown"
    expect(page.locator("[data-panel='2']")).to_contain_text(
        "The console does not draw panels of type candlestick. Open this dashboard in Grafana."
    )
    assert _of(page, "Unknown data source") in ("failed", "unknown")
    expect(page.locator("[data-panel='3']")).to_contain_text("influx")
    assert _of(page, "Failed query") == "failed"
    expect(page.locator("[data-panel='4']")).to_contain_text("Query failed: ")
    expect(page.locator("[data-panel='4']")).to_contain_text("parse error")  # Prometheus' own words
    assert _of(page, "No data") == "empty"
    expect(page.locator("[data-panel='5']")).to_contain_text("No data: ")


def test_links_have_the_dashboards_constants_and_an_address_cannot_change_them(foreign: Window) -> None:
    page = foreign.open("/d/foreign?refresh=&var-runbooks_url=https://evil.example")
    wait_for_dashboard(page)
    expect(page.locator(".board-head").get_by_role("link")).to_have_attribute("href", "/runbooks")
    assert page.get_by_text("runbooks_url").count() == 0
    page.locator("[data-panel='1'] button[aria-label^='Links and queries of']").click()
    link = page.get_by_role("link", name="External page")
    expect(link).to_have_attribute("href", "http://sink.example:9095/runbooks/NoSuchRunbook")


def test_markup_in_labels_is_text_in_every_panel_type(foreign: Window) -> None:
    page = foreign.page
    for kind in PANEL_TYPES:
        place = page.locator(f"[aria-label='Markup in a {kind}']")
        place.scroll_into_view_if_needed()
        expect(place).to_have_attribute("data-state", "data")
        place.hover()
    page.locator("[aria-label='Markup in a timeseries'] .chart-plot").hover()
    page.locator("[aria-label='Markup in a table']").get_by_text("<img src=x").first.wait_for()
    page.locator("[data-panel='1'] button[aria-label^='Description of']").click()
    page.get_by_text("<img src=x").first.wait_for()
    page.wait_for_timeout(500)
    nothing_ran(page)


def _of(page: Page, title: str) -> str | None:
    return page.locator(f"section[aria-label='{title}']").get_attribute("data-state")


def test_an_invalid_range_is_reported_and_the_default_is_shown(foreign: Window) -> None:
    page = foreign.open("/d/foreign?from=now&to=now-1h")
    expect(page.get_by_text("from now to now-1h ends before it begins. Showing Last 15 minutes")).to_be_visible()
    page.get_by_role("button", name="Time range: Last 15 minutes").click()
    page.get_by_role("menuitem", name="Last 1 hour").click()
    expect(page.get_by_text("ends before it begins")).not_to_be_visible()


def test_each_page_names_the_unreachable_server_and_the_next_step(
    browser: Browser, stack: ConsoleStack, tmp_path: Path
) -> None:
    [port, nobody] = free_ports(2)
    away = {**stack.store_urls, "CONSOLE_VICTORIA_LOGS_URL": f"http://127.0.0.1:{nobody}",
            "CONSOLE_JAEGER_URL": f"http://127.0.0.1:{nobody}"}  # fmt: skip
    trace = stack.answered_trace()
    with running_console(port, tmp_path / "console.log", **away) as console, window(browser, console.url) as made:
        page = made.open("/logs")
        expect(page.get_by_text("Query failed: victoria-logs cannot be reached").first).to_be_visible()
        expect(page.get_by_text("make status").first).to_be_visible()
        expect(made.open("/traces").get_by_text("Query failed: jaeger cannot be reached").first).to_be_visible()
        expect(made.open(f"/traces/{trace.trace_id}").get_by_text("Query failed: jaeger").first).to_be_visible()
        made.open("/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert made.complaints == []
