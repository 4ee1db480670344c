"""Proves in a browser that each panel type, as Grafana exports it, shows the live stack's values."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from console_browser import NARROW, Window, wait_for_dashboard, window
from console_live import ConsoleStack
from console_load import PATHS
from console_process import ConsoleProcess
from playwright.sync_api import Browser, Locator, Page, expect
from sample_panels import BOARD, BY_ENDPOINT, PANELS

from stores import poll_until

pytestmark = pytest.mark.timeout(300)
EXPRESSIONS = {one["title"]: [target["expr"] for target in one["targets"] if "expr" in target] for one in PANELS}


@pytest.fixture(scope="module")
def console(stack: ConsoleStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A console with this dashboard, once there was data a minute ago: a sparkline needs several points."""
    metrics = stack.live.stores.metrics
    poll_until(lambda: len(metrics.instant(BY_ENDPOINT, time.time() - 60)) >= len(set(PATHS)), timeout_s=180.0)
    with stack.console_of(BOARD, tmp_path_factory.mktemp("types")) as running:
        yield running


@pytest.fixture(scope="module")
def types(browser: Browser, console: ConsoleProcess) -> Iterator[Window]:
    """The dashboard, opened once for all tests."""
    with window(browser, console.url) as made:
        wait_for_dashboard(made.open("/d/types?refresh="))
        yield made
        assert made.complaints == []


def _panel(page: Page, title: str) -> Locator:
    return page.locator(f"section[aria-label='{title}']")


def _values(panel: Locator) -> list[float]:
    return [float(one.get_attribute("data-value") or "nan") for one in panel.locator("[data-value]").all()]


def _values_of_prometheus(stack: ConsoleStack, panel: Locator, expression: str) -> dict[str, float]:
    """The values of a query at the panel's time, by endpoint."""
    found = stack.live.stores.metrics.instant(expression, float(panel.get_attribute("data-end") or 0))
    return {one.labels.get("endpoint", ""): one.value for one in found}


@pytest.mark.parametrize(
    "title",
    ["Override by name", "By endpoint", "Below zero"],
)
def test_values_are_those_of_prometheus(types: Window, stack: ConsoleStack, title: str) -> None:
    panel = _panel(types.page, title)
    expect(panel).to_have_attribute("data-state", "data")
    wanted = [
        value for expression in EXPRESSIONS[title] for value in _values_of_prometheus(stack, panel, expression).values()
    ]
    assert wanted
    assert sorted(_values(panel)) == pytest.approx(sorted(wanted), rel=1e-9)


def test_a_stat_has_a_sparkline_and_its_thresholds_colour(types: Window) -> None:
    tiles = _panel(types.page, "Sparkline").locator(".stat")
    names = tiles.locator(".stat-name").all_inner_texts()
    assert "/api/support/answer" in names
    for tile in tiles.all():
        assert "warn" in (tile.get_attribute("style") or "")
        assert len((tile.locator("polyline").get_attribute("points") or "").split()) >= 2


def test_an_override_applies_to_the_series_with_its_name(types: Window) -> None:
    bars = _panel(types.page, "Override by name").locator(".bar").all_inner_texts()
    assert len(bars) > 1
    assert [text for text in bars if "req/min" in text] == [text for text in bars if "/answer" in text]


def test_a_panel_without_a_value_shows_its_no_value_text(types: Window) -> None:
    for title, text in (("Stat without value", "none yet"), ("Bar gauge without value", "nothing yet")):
        expect(_panel(types.page, title)).to_contain_text(text)


def test_an_unknown_panel_type_or_calculation_is_reported_in_the_panel(types: Window) -> None:
    unknown = "The console does not draw panels of type annolist. Open this dashboard in Grafana."
    expect(_panel(types.page, "Annotations")).to_contain_text(unknown)
    expect(_panel(types.page, "Unknown calculation")).to_contain_text("calculation 'variance_of_moods'")


def test_log_lines_are_newest_first(types: Window) -> None:
    times = _panel(types.page, "Newest lines").locator("time").all_inner_texts()
    assert len(times) > 5
    assert times == sorted(times, reverse=True)


def test_a_listed_trace_is_in_the_trace_store(types: Window, stack: ConsoleStack) -> None:
    href = _panel(types.page, "Newest traces").locator("a[href^='/traces/']").first.get_attribute("href") or ""
    trace = stack.live.stores.traces.trace(href.rpartition("/")[2])
    assert trace
    assert trace.spans


def test_states_have_the_mapped_texts(types: Window) -> None:
    panel = _panel(types.page, "Up")
    for track in panel.locator(".band-track").all():
        assert track.locator(".band-piece").last.inner_text() == "up"
    assert panel.locator(".band-words").inner_text().split() == ["down", "up"]


def test_bars_of_a_bar_chart_begin_at_zero(types: Window) -> None:
    panel = _panel(types.page, "Below zero")
    values = _values(panel)
    boxes = [one.bounding_box() for one in panel.locator(".column-fill").all()]
    assert min(values) < 0
    up = {round(box["y"] + box["height"]) for box, value in zip(boxes, values, strict=True) if box and value > 0}
    down = {round(box["y"]) for box, value in zip(boxes, values, strict=True) if box and value < 0}
    assert len(down) == 1
    assert all(abs(foot - head) <= 1 for foot in up for head in down)


def test_the_dashboard_is_not_wider_than_a_small_screen(browser: Browser, console: ConsoleProcess) -> None:
    with window(browser, console.url, size=NARROW, dark=False) as made:
        page = made.open("/d/types?refresh=")
        wait_for_dashboard(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
        assert made.complaints == []
