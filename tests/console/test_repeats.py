"""Panels and rows once per chosen value: which, where, with what in title and queries."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from console_boards import answered, shown, variable
from console_browser import Window, wait_for_dashboard, window
from console_live import ConsoleStack
from console_process import ConsoleProcess
from panel_types import STAT, query
from playwright.sync_api import Browser, expect

from console.dashboards.model import Dashboard, Row
from console.dashboards.plan import plan
from console.dashboards.repeats import repeated
from console.dashboards.variables import Variable
from stores import poll_until

LEGEND = "{{endpoint}}"


def item(number: int, title: str, x: int, y: int, w: int = 12, **said: Any) -> dict[str, Any]:
    expression = f'sum by (endpoint) (llm_requests_total{{service="demo-app", endpoint=~"$endpoint"}}) * {number}'
    return {
        "id": number, "type": "stat", "title": title, "gridPos": {"x": x, "y": y, "w": w, "h": 4}, "options": STAT,
        "targets": [query(expression, LEGEND)], "fieldConfig": {"defaults": {}, "overrides": []}, **said,
    }  # fmt: skip


def row(number: int, title: str, y: int, **said: Any) -> dict[str, Any]:
    return {"id": number, "type": "row", "title": title, "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}, **said}


def board(*panels: dict[str, Any]) -> Dashboard:
    return Dashboard.of({"uid": "r", "panels": panels})


def places(rows: tuple[Row, ...]) -> list[tuple[str, int, int, int, str]]:
    return [
        (panel.key, panel.x, panel.y, panel.width, ",".join(panel.scope.values()))
        for one in rows
        for panel in one.panels
    ]


def endpoints(*names: str) -> Variable:
    return variable("endpoint", *names)


ACROSS = {"repeat": "endpoint", "repeatDirection": "h", "maxPerRow": 2}


def test_across_it_wraps_and_what_was_below_moves_down() -> None:
    made = board(item(1, "One", 0, 0), item(2, "Each", 0, 4, **ACROSS), item(3, "Below", 0, 8))
    assert places(repeated(made.rows, [endpoints("a", "b", "c")])) == [
        ("panel-1", 0, 0, 12, ""),
        ("panel-2", 0, 4, 12, "a"),
        ("panel-2-clone-1", 12, 4, 12, "b"),
        ("panel-2-clone-2", 0, 8, 12, "c"),
        ("panel-3", 0, 12, 12, ""),
    ]


def test_what_was_beside_it_moves_below_it() -> None:
    made = board(item(1, "Beside", 0, 0), item(2, "Each", 12, 0, **ACROSS), item(3, "Below", 0, 4))
    assert places(repeated(made.rows, [endpoints("a")])) == [
        ("panel-2", 0, 0, 24, "a"), ("panel-1", 0, 4, 12, ""), ("panel-3", 0, 8, 12, ""),
    ]  # fmt: skip


def test_without_a_limit_four_are_beside_each_other() -> None:
    made = board(item(2, "Each", 0, 0, repeat="endpoint"))
    found = places(repeated(made.rows, [endpoints(*"abcde")]))
    assert [(x, y, width) for _, x, y, width, _ in found] == [(0, 0, 6), (6, 0, 6), (12, 0, 6), (18, 0, 6), (0, 4, 6)]


def test_downwards_it_keeps_its_width_and_its_neighbour() -> None:
    made = board(item(1, "Each", 0, 0, repeat="endpoint", repeatDirection="v"), item(2, "Beside", 12, 0),
                 item(3, "Below", 0, 4))  # fmt: skip
    assert places(repeated(made.rows, [endpoints("a", "b")])) == [
        ("panel-1", 0, 0, 12, "a"), ("panel-1-clone-1", 0, 4, 12, "b"), ("panel-2", 12, 0, 12, ""),
        ("panel-3", 0, 8, 12, ""),
    ]  # fmt: skip


def test_a_row_is_repeated_with_its_panels_and_they_in_it() -> None:
    made = board(row(9, "At $endpoint", 0, repeat="endpoint"), item(1, "Each", 0, 1, repeat="model"))
    found = repeated(made.rows, [endpoints("a", "b"), variable("model", "m", "n")])
    assert [one.scope for one in found] == [{"endpoint": "a"}, {"endpoint": "b"}]
    assert [(panel.key, dict(panel.scope)) for one in found for panel in one.panels] == [
        ("panel-1", {"endpoint": "a", "model": "m"}), ("panel-1-clone-1", {"endpoint": "a", "model": "n"}),
        ("panel-1-clone-2", {"endpoint": "b", "model": "m"}), ("panel-1-clone-3", {"endpoint": "b", "model": "n"}),
    ]  # fmt: skip


@pytest.mark.parametrize("known", [[], [endpoints()]])
def test_without_values_it_is_there_once(known: list[Variable]) -> None:
    made = board(item(1, "Each", 0, 0, **ACROSS))
    assert places(repeated(made.rows, known)) == [("panel-1", 0, 0, 12, "")]


def test_each_asks_for_its_own_value_only() -> None:
    page = shown(endpoints("/a", "/b"))
    made = board(item(1, "Each", 0, 0, **ACROSS))
    [both] = repeated(made.rows, page.variables)
    texts = [plan(panel, page).questions[0].text for panel in both.panels]
    assert ['endpoint=~"/a"' in texts[0], 'endpoint=~"/b"' in texts[1]] == [True, True]
    assert answered(both.panels[1], [], on=page).why_empty.endswith("for endpoint /b")


# --- In a browser ---------------------------------------------------------------------------------------------

BOARD = {
    "uid": "repeated", "title": "Repeated", "schemaVersion": 39, "time": {"from": "now-15m", "to": "now"},
    "templating": {"list": [
        {"name": "endpoint", "type": "query", "multi": True, "includeAll": True, "datasource": {"type": "prometheus"},
         "query": {"query": "label_values(llm_requests_total, endpoint)", "refId": "v"},
         "current": {"value": ["$__all"], "text": ["All"]}},
    ]},
    "panels": [
        item(1, "Requests of $endpoint", 0, 0, **ACROSS),
        item(2, "All together", 0, 4),
        row(8, "About $endpoint", 8, repeat="endpoint", collapsed=False, panels=[]),
        item(3, "Thrice $endpoint", 0, 9),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def console(stack: ConsoleStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A console of that dashboard, once every endpoint was asked: some time ago, as a page asks for a moment ago."""
    poll_until(lambda: len(_requests(stack, time.time() - 10)) == 3, timeout_s=60.0)
    with stack.console_of(BOARD, tmp_path_factory.mktemp("repeats")) as running:
        yield running


@pytest.fixture
def opened(browser: Browser, console: ConsoleProcess) -> Iterator[Window]:
    with window(browser, console.url) as made:
        yield made
        assert made.complaints == []


def _requests(stack: ConsoleStack, at: float | None = None) -> dict[str, float]:
    found = stack.live.stores.metrics.instant('sum by (endpoint) (llm_requests_total{service="demo-app"})', at)
    return {one.labels["endpoint"]: one.value for one in found}


@pytest.mark.timeout(300)
def test_a_panel_per_endpoint_with_the_servers_value(opened: Window, stack: ConsoleStack) -> None:
    page = opened.open("/d/repeated?refresh=")
    wait_for_dashboard(page)
    panels = page.locator("section.panel[data-panel='1']")
    expect(panels).to_have_count(3)
    said = _requests(stack, float(panels.first.get_attribute("data-end") or 0))
    for endpoint, value in said.items():
        for title, times in ((f"Requests of {endpoint}", 1), (f"Thrice {endpoint}", 3)):
            shown_value = page.locator(f"section[aria-label='{title}'] [data-value]")
            expect(shown_value).to_have_count(1)
            assert float(shown_value.get_attribute("data-value") or "nan") == value * times
        expect(page.locator(".row-title", has_text=f"About {endpoint}")).to_have_count(1)
    together = page.locator("section[aria-label='All together'] [data-value]").all()
    assert sorted(float(one.get_attribute("data-value") or 0) for one in together) == sorted(
        value * 2 for value in said.values()
    )
    boxes = [box for one in page.locator("section.panel").all() if (box := one.bounding_box())]
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            assert not _overlap(one, other)


def _overlap(one: Any, other: Any) -> bool:
    beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    return not (beside or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"])


@pytest.mark.timeout(300)
def test_another_choice_makes_other_panels(opened: Window) -> None:
    page = opened.open("/d/repeated?refresh=&var-endpoint=/api/support/answer&var-endpoint=/api/support/stream")
    wait_for_dashboard(page)
    panels = page.locator("section.panel[data-panel='1']")
    expect(panels).to_have_count(2)
    page.get_by_role("button", name="endpoint").click()
    page.get_by_role("checkbox", name="/api/support/stream").click()
    page.keyboard.press("Escape")
    expect(panels).to_have_count(1)
    expect(page.locator("section[aria-label='Requests of /api/support/answer']")).to_have_attribute(
        "data-state", "data"
    )


@pytest.mark.timeout(300)
def test_one_of_them_alone(opened: Window) -> None:
    page = opened.open("/d/repeated?refresh=&viewPanel=panel-1-clone-1")
    panels = wait_for_dashboard(page)
    expect(panels).to_have_count(1)
    expect(panels.first).to_have_attribute("data-state", "data")
    alone = panels.first.get_attribute("aria-label") or ""
    page.locator(".board-back").click()
    second = page.locator("section.panel[data-panel='1']").nth(1)
    expect(second).to_have_attribute("aria-label", alone)
