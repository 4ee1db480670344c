"""Every type of panel, as Grafana exports it, against the live stack: values and words are what the servers say."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from console_browser import NARROW, Window, wait_for_dashboard, window
from console_live import ConsoleStack
from console_process import ConsoleProcess
from panel_types import BOARD, BY_ENDPOINT, PANELS
from playwright.sync_api import Browser, Locator, Page, expect

from stores import poll_until
from stores.metric_answers import RuleAlert

pytestmark = pytest.mark.timeout(300)
EXPRESSIONS = {one["title"]: [target["expr"] for target in one["targets"] if "expr" in target] for one in PANELS}


@pytest.fixture(scope="module")
def console(stack: ConsoleStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A console of that dashboard, once alerts fire that are critical, and there was data at a whole minute."""
    stack.set_fault("content_filter", probability=0.6, mode="reject", duration_s=600)
    poll_until(lambda: [one for one in _alerts(stack) if one.labels["severity"] == "critical"], timeout_s=120.0)
    metrics = stack.live.stores.metrics
    poll_until(lambda: metrics.instant(BY_ENDPOINT, time.time() // 60 * 60), timeout_s=120.0)
    with stack.console_of(BOARD, tmp_path_factory.mktemp("types")) as running:
        yield running
    stack.clear_faults()


@pytest.fixture(scope="module")
def types(browser: Browser, console: ConsoleProcess) -> Iterator[Window]:
    """The dashboard, shown once for all tests."""
    with window(browser, console.url) as made:
        wait_for_dashboard(made.open("/d/types?refresh="))
        yield made
        assert made.complaints == []


def _alerts(stack: ConsoleStack) -> list[RuleAlert]:
    return [one for one in stack.live.stores.metrics.alerts() if one.state == "firing"]


def _which(alerts: list[RuleAlert]) -> list[tuple[str, ...]]:
    return sorted((one.name, *sorted(one.labels.values())) for one in alerts)


def _panel(page: Page, title: str) -> Locator:
    return page.locator(f"section[aria-label='{title}']")


def _values(panel: Locator) -> list[float]:
    return [float(one.get_attribute("data-value") or "nan") for one in panel.locator("[data-value]").all()]


def _said(stack: ConsoleStack, panel: Locator, expression: str, steps_before: int = 0) -> dict[str, float]:
    """What Prometheus answers for the time that the panel was asked for, or so many steps before, by endpoint."""
    end, step = (float(panel.get_attribute(name) or 0) for name in ("data-end", "data-step"))
    at = end - steps_before * step
    found = stack.live.stores.metrics.instant(expression, at)
    return {one.labels.get("endpoint", ""): one.value for one in found}


@pytest.mark.parametrize(
    "title",
    ["Share by endpoint", "Share, labels of thresholds", "Of a ratio, thresholds in percent", "Of a table", "Mapped",
     "Filled", "Named after its labels", "Several by name", "By endpoint", "Below zero", "Two values, lying"],
)  # fmt: skip
def test_values_are_the_servers_own(types: Window, stack: ConsoleStack, title: str) -> None:
    panel = _panel(types.page, title)
    expect(panel).to_have_attribute("data-state", "data")
    wanted = [value for expression in EXPRESSIONS[title] for value in _said(stack, panel, expression).values()]
    assert wanted
    assert sorted(_values(panel)) == pytest.approx(sorted(wanted), rel=1e-9)


def test_a_dial_is_as_long_and_as_coloured_as_its_value(types: Window, stack: ConsoleStack) -> None:
    panel = _panel(types.page, "Of a ratio, thresholds in percent")
    expect(panel).to_contain_text("55 %")
    arcs = panel.locator("svg path")
    assert arcs.count() == 2 + 3  # the scale, the value, and a band for each threshold
    color = arcs.nth(1).evaluate("(arc) => getComputedStyle(arc).stroke")
    assert color == "rgb(234, 184, 57)"  # from 50 % of a scale that ends at 1
    whole, part = (arcs.nth(index).evaluate("(arc) => arc.getTotalLength()") for index in (0, 1))
    assert part / whole == pytest.approx(0.55, abs=0.01)


def test_labels_of_thresholds_and_overrides(types: Window) -> None:
    panel = _panel(types.page, "Share, labels of thresholds")
    assert panel.locator(".gauge-label").all_inner_texts()[:2]
    shown = dict(zip(panel.locator(".stat-name").all_inner_texts(), panel.locator(".gauge").all(), strict=True))
    assert shown["The large one"].locator(".gauge-label").all_text_contents() == ["50.00 %", "80.00 %"]
    other = shown["/api/support/stream"]
    assert other.locator(".gauge-label").all_text_contents() == ["50 %", "80 %"]
    tops = [one.bounding_box() for one in shown.values()]
    assert len({box["y"] for box in tops if box}) == len(tops)  # below each other
    fixed = shown["/api/search/summarise"].locator("svg path").nth(1)
    assert "violet" in (fixed.get_attribute("style") or "")


def test_nothing_has_the_panels_word(types: Window) -> None:
    for title, word in (("With a word for nothing", "none yet"), ("With a word for none", "nothing yet")):
        expect(_panel(types.page, title)).to_contain_text(word)
    expect(_panel(types.page, "Mapped")).to_contain_text("half-open")
    expect(_panel(types.page, "A calculation nobody knows")).to_contain_text("calculation 'variance_of_moods'")
    expect(_panel(types.page, "Annotations")).to_contain_text("annolist")


def test_single_numbers_have_their_names_and_colours(types: Window) -> None:
    page = types.page
    assert _panel(page, "Median").locator(".stat-name").count() == 0
    names = _panel(page, "Named after its labels").locator(".stat-name").all_inner_texts()
    assert "at /api/support/answer" in names
    tile = _panel(page, "Filled").locator(".stat").first
    assert tile.evaluate("(one) => getComputedStyle(one).backgroundColor") != "rgba(0, 0, 0, 0)"
    units = _panel(page, "Several by name").locator(".bar").all_inner_texts()
    assert [text for text in units if "req/min" in text] == [text for text in units if "/answer" not in text]


def test_text_in_each_mode(types: Window) -> None:
    page = types.page
    expect(_panel(page, "Markdown").locator("strong")).to_have_text("one")
    expect(_panel(page, "HTML").locator("h3").nth(1)).to_have_text("On call")
    expect(_panel(page, "HTML").locator("b")).to_have_text("acme")
    link = _panel(page, "HTML").locator("a", has_text="link")
    assert link.get_attribute("href") is None
    expect(_panel(page, "Plain")).to_contain_text("<address> **not bold** acme")
    assert page.evaluate("window.hacked") is None


def test_lists_of_alerts_keep_to_their_filters(browser: Browser, console: ConsoleProcess, stack: ConsoleStack) -> None:
    """Firing alerts come and go: until page and server agree."""

    def agree() -> bool:
        with window(browser, console.url) as made:
            page = made.open("/d/types?refresh=")
            before = _alerts(stack)
            wait_for_dashboard(page)
            count = _values(_panel(page, "How many"))
            lines = _panel(page, "Critical ones").locator(".alert-line")
            severities = {one.locator(".chip").inner_text() for one in lines.all()}
            groups = _panel(page, "By severity").locator(".alert-group").all_inner_texts()
            assert lines.count() <= 2
            assert severities <= {"critical"}
            named = [one.locator("a").inner_text() for one in lines.all()]
            assert named == sorted(named)
            expect(_panel(page, "About nothing")).to_contain_text("that this panel is about")
            return (
                _which(before) == _which(_alerts(stack))
                and count == [float(len(before))]
                and "severity=critical" in groups
            )

    poll_until(agree, timeout_s=90.0)


def test_log_lines_are_in_the_panels_order(types: Window) -> None:
    times = _panel(types.page, "Oldest first").locator("time").all_inner_texts()
    assert len(times) > 5
    assert times == sorted(times)
    assert _panel(types.page, "On one line").locator("time:visible").count() == 0


def test_traces_are_those_of_the_store(types: Window, stack: ConsoleStack) -> None:
    href = _panel(types.page, "Newest traces").locator("a[href^='/traces/']").first.get_attribute("href") or ""
    trace = stack.live.stores.traces.trace(href.rpartition("/")[2])
    assert trace
    assert trace.spans


def test_states_are_between_thresholds_or_have_their_words(types: Window, stack: ConsoleStack) -> None:
    page = types.page
    panel = _panel(page, "Above a threshold")
    # A state lasts from its point to the next: that of the very end has no length.
    said = _said(stack, panel, EXPRESSIONS["Above a threshold"][0], steps_before=1)
    for name, track in zip(
        panel.locator(".band-name").all_inner_texts(), panel.locator(".band-track").all(), strict=True
    ):
        last = said[name]
        wanted = "< 50" if last < 50 else "50 – 80" if last < 80 else "≥ 80"
        pieces = track.locator(".band-piece").all_inner_texts()
        assert pieces[-1] == wanted
        assert len(pieces) <= 3  # a counter passes each threshold once
    assert _panel(page, "Without words").locator(".band-piece span").count() == 0
    for track in _panel(page, "Up").locator(".band-track").all():
        assert track.locator(".band-piece").last.inner_text() == "up"


def test_bars_stand_on_zero(types: Window) -> None:
    panel = _panel(types.page, "Below zero")
    values = _values(panel)
    boxes = [one.bounding_box() for one in panel.locator(".column-fill").all()]
    assert min(values) < 0
    up = {round(box["y"] + box["height"]) for box, value in zip(boxes, values, strict=True) if box and value > 0}
    down = {round(box["y"]) for box, value in zip(boxes, values, strict=True) if box and value < 0}
    assert len(down) == 1
    assert all(abs(foot - head) <= 1 for foot in up for head in down)
    assert panel.locator(".column-value:visible").count() == 0


def test_bars_of_several_values(types: Window) -> None:
    panel = _panel(types.page, "Two values, lying")
    fills = panel.locator(".column-fill").all()
    boxes = [box for one in fills if (box := one.bounding_box())]
    values = _values(panel)
    longest = max(values)
    widest = max(box["width"] for box in boxes)
    for box, value in zip(boxes, values, strict=True):
        assert box["width"] / widest == pytest.approx(value / longest, abs=0.02)
    assert panel.locator(".band-words").inner_text().split() == ["Value", "#A", "Half"]
    stacked = _panel(types.page, "Over time")
    expect(stacked).to_have_attribute("data-state", "data")
    assert stacked.locator(".column-piece").count() >= 3


def test_nothing_is_wider_than_a_small_screen(browser: Browser, console: ConsoleProcess) -> None:
    with window(browser, console.url, size=NARROW, dark=False) as made:
        page = made.open("/d/types?refresh=")
        wait_for_dashboard(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
        assert made.complaints == []
