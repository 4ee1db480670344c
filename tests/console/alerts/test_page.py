"""In a browser: an alert that a load scenario raises is shown with its links, and can be silenced; alerts are text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from console_browser import Window, nothing_ran
from console_live import ConsoleStack
from playwright.sync_api import expect

from loadtest.scenarios import SCENARIOS
from loadtest.system import SystemUnderTest
from stores import PollTimeout, poll_until

pytestmark = pytest.mark.timeout(400)

SCENARIO = next(one for one in SCENARIOS if one.name == "content-filter")
ALERT = "LLMHighErrorRate"
FIRES_WITHIN_S = 150.0
LASTS_S = 900.0  # longer than the tests of this module
MARKUP = "<img src=x onerror=window.hacked=1><script>window.hacked=2</script>"


@pytest.fixture(scope="module")
def firing(stack: ConsoleStack) -> Iterator[ConsoleStack]:
    """The stack while the scenario runs and its alert is firing."""
    assert ALERT in SCENARIO.expected
    system = SystemUnderTest(stack.live.stack)
    for fault in SCENARIO.faults:
        fault.begin(system, LASTS_S)
    try:
        poll_until(
            lambda: [one for one in stack.live.stores.alerts.alerts() if one.name == ALERT], bool, FIRES_WITHIN_S
        )
        yield stack
    except PollTimeout as error:
        found = [(one.name, one.state, one.value) for one in stack.live.stores.metrics.alerts()]
        raise AssertionError(f"{ALERT} is not firing; Prometheus has {found}") from error
    finally:
        for fault in SCENARIO.faults:
            fault.end(system)


def test_a_firing_alert_shows_value_links_and_runbook(shown: Window, firing: ConsoleStack) -> None:
    page = shown.open("/alerts")
    card = page.locator("#firing").get_by_role("article", name=ALERT)
    expect(card).to_be_visible()
    alert = next(one for one in firing.live.stores.alerts.alerts() if one.name == ALERT)
    for name in ("service", "endpoint", "model"):
        if name in alert.labels:
            expect(card.locator(".scope").first).to_contain_text(name)
    expect(card.locator(".alert-number").first).not_to_be_empty()
    expect(card.locator(".alert-value").first).to_contain_text("since")
    expect(card.get_by_role("link", name="Dashboard").first).to_have_attribute(
        "href", re.compile(r"/d/[a-z-]+\?.*from=")
    )
    card.get_by_role("button", name="Runbook").click()
    expect(card.get_by_text("Meaning").first).to_be_visible()


def test_the_home_page_shows_a_firing_alert(shown: Window, firing: ConsoleStack) -> None:
    expect(shown.open("/").get_by_text(ALERT).first).to_be_visible()


def test_an_alert_is_silenced_and_the_silence_expired(shown: Window, firing: ConsoleStack) -> None:
    page = shown.open("/alerts")
    card = page.locator("#firing").get_by_role("article", name=ALERT)
    card.get_by_role("button", name=f"Silence {ALERT}").first.click()
    form = page.get_by_role("form", name=f"Silence {ALERT}")
    expect(form).to_be_visible()
    for name in ("service", "endpoint", "model"):  # all alerts of that name
        box = form.locator("label.check-line", has_text=name).locator("input")
        if box.count() and box.first.is_checked():
            box.first.uncheck()
    form.get_by_role("radio", name="1 h").click()
    form.get_by_label("Comment").fill("Known, the provider works on it")
    form.get_by_label("Your name").fill("on call")
    form.get_by_role("button", name="Silence", exact=True).click()
    expect(page.locator("#silenced").get_by_role("article", name=ALERT)).to_be_visible()
    expect(page.locator("#firing").get_by_role("article", name=ALERT)).to_have_count(0)
    [silence] = [one for one in firing.live.stores.alerts.silences() if one.state == "active"]
    assert (silence.author, silence.comment) == ("on call", "Known, the provider works on it")
    assert silence.ends - silence.starts == pytest.approx(3600, abs=5)
    assert {(one.name, one.value) for one in silence.matchers} == {("alertname", ALERT)}
    states = {one.state for one in firing.live.stores.alerts.alerts() if one.name == ALERT}
    assert states == {"suppressed"}

    page.locator("#silences").get_by_role("button", name="Expire silence").click()
    expect(page.locator("#firing").get_by_role("article", name=ALERT)).to_be_visible()
    poll_until(
        lambda: {one.state for one in firing.live.stores.alerts.silences()}, lambda found: found == {"expired"}, 15.0
    )


def test_markup_in_an_alert_is_shown_as_text(shown: Window, stack: ConsoleStack) -> None:
    """Anyone who reaches Alertmanager can send an alert."""
    links = {"runbook_url": "javascript:window.hacked=3", "dashboard_url": "javascript:window.hacked=4//d/x"}
    alert = {
        "labels": {"alertname": MARKUP, "severity": MARKUP, "team": MARKUP, "where": MARKUP},
        "annotations": {"summary": MARKUP, "description": MARKUP, **links},
        "generatorURL": "http://localhost/",
    }
    url = stack.live.url("ALERTMANAGER_PORT", "/api/v2/alerts")
    requests.post(url, json=[alert], timeout=10).raise_for_status()
    page = shown.open("/alerts")
    card = page.locator("#firing article", has_text=MARKUP)
    expect(card.locator(".alert-description")).to_have_text(MARKUP)
    assert [
        one for one in card.locator("a").evaluate_all("all => all.map(one => one.href)") if "javascript" in one
    ] == []
    card.get_by_role("button", name="Silence").click()
    expect(page.get_by_role("form")).to_contain_text(MARKUP)
    page.keyboard.press("Escape")
    expect(page.get_by_role("form", name="Silence")).to_have_count(0)
    nothing_ran(page)
    ended = {**alert, "endsAt": "2000-01-01T00:00:00Z"}
    requests.post(url, json=[ended], timeout=10).raise_for_status()
