"""Every page, wide and narrow, dark and light: it fits the screen, has enough contrast, and works by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_browser import NARROW, WIDE, Window, wait_for_dashboard, window
from console_live import ConsoleStack
from console_pages import RANGE, pages_of, settled
from playwright.sync_api import Browser, Page, expect

from stores import poll_until

pytestmark = pytest.mark.timeout(300)

MIN_CONTRAST = 4.5  # WCAG AA
MIN_CONTRAST_LARGE = 3.0  # from 24 px on, or 18.66 px bold

CONTRASTS = Path(__file__).with_name("contrasts.js").read_text()


@pytest.fixture(scope="module")
def pages(stack: ConsoleStack) -> list[tuple[str, str]]:
    return pages_of(stack)


@pytest.fixture(params=["wide", "narrow"])
def look(request: pytest.FixtureRequest, browser: Browser, stack: ConsoleStack) -> Iterator[Window]:
    with window(browser, stack.url, size=WIDE if request.param == "wide" else NARROW) as made:
        yield made
        assert made.complaints == []
        assert made.foreign == []


@pytest.mark.timeout(600)
def test_pages_fit_the_screen_and_have_names_and_contrast(look: Window, pages: list[tuple[str, str]]) -> None:
    wrong = []
    for name, address in pages:
        page = look.open(address)
        settled(page)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wrong.append(f"{name}: {over} px wider than the screen")
        if page.locator("h1").count() != 1:
            wrong.append(f"{name}: {page.locator('h1').count()} h1")
        wrong += [f"{name}: no name: {one}" for one in page.evaluate(UNNAMED)]
        for _ in range(2):  # both themes
            theme = page.evaluate("document.documentElement.dataset.theme")
            wrong += [f"{name}, {theme}: {one}" for one in _low_contrast(page)]
            page.evaluate("consoleUi.toggleTheme()")
    assert not wrong, "\n".join(sorted(set(wrong)))


def _low_contrast(page: Page) -> list[str]:
    """Texts with too little contrast to their background."""
    return [
        f"contrast {ratio:.2f} of {text!r} ({classes})"
        for ratio, size, weight, text, classes in page.evaluate(CONTRASTS)
        if ratio < (MIN_CONTRAST_LARGE if size >= 24 or (size >= 18.66 and weight >= 700) else MIN_CONTRAST) - 0.02
    ]


# Every control needs a name for screen readers.
UNNAMED = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, [tabindex='0']")]
  .filter((one) => one.checkVisibility() && !one.closest(".q-field, [role=presentation]"))
  .filter((one) => !(one.innerText || "").trim() && !one.ariaLabel && !one.title && !one.getAttribute("aria-labelledby")
    && !(one.labels && one.labels.length))
  .map((one) => one.outerHTML.slice(0, 160))"""


def test_the_first_tab_skips_to_the_content_and_focus_is_visible(shown: Window, pages: list[tuple[str, str]]) -> None:
    page = shown.open("/logs")
    settled(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
              const style = getComputedStyle(document.activeElement);
              return [style.outlineStyle, parseFloat(style.outlineWidth), document.activeElement.outerHTML];
            }"""
        )
        assert outline[0] != "none", outline
        assert outline[1] >= 1, outline


def test_the_theme_is_remembered(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="Switch between dark and light").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    shown.open("/logs")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_the_navigation_opens_every_page(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open("/")
    for name in ("Dashboards", "Alerts", "Traces", "Logs", "Runbooks", "Home"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        current = page.locator("nav a[aria-current=page]")
        current.filter(has_text=name).wait_for()


def test_a_chart_is_operated_by_keyboard(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/llm-overview?{RANGE}")
    wait_for_dashboard(page)
    chart = page.locator(".chart-plot").first
    chart.focus()
    page.keyboard.press("ArrowLeft")
    page.locator(".chart-tip:not([hidden])").first.wait_for()


def test_values_of_a_variable_are_selected_by_keyboard(shown: Window, stack: ConsoleStack) -> None:
    page = shown.open(f"/d/llm-overview?{RANGE}")
    wait_for_dashboard(page)
    page.get_by_role("button", name="Endpoint", exact=False).first.press("Enter")
    options = page.get_by_role("checkbox")
    for option in (options.nth(1), options.nth(2)):
        option.focus()
        page.keyboard.press("Enter")
        expect(option).to_have_attribute("aria-checked", "true")
        expect(option).to_be_focused()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"var-endpoint=[^&$]+&var-endpoint=[^&$]+"))


def test_prometheus_scrapes_the_consoles_metrics(shown: Window, stack: ConsoleStack) -> None:
    settled(shown.open("/alerts"))
    metrics = stack.live.stores.metrics
    assert poll_until(lambda: metrics.value('up{job="console"}'), timeout_s=60.0) == 1
    assert poll_until(lambda: metrics.value("console_open_pages"), lambda count: count == 1, 60.0) == 1
    asked = 'sum by (server) (console_questions_total{outcome="answered"})'
    wanted = {"prometheus", "alertmanager", "alert-sink"}
    poll_until(lambda: {one.labels["server"] for one in metrics.instant(asked)}, lambda found: found >= wanted, 60.0)
    assert poll_until(lambda: metrics.value('process_resident_memory_bytes{job="console"}'), timeout_s=60.0)
