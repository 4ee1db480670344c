"""`/runbooks`: the list of runbooks, and `/runbooks/<alert>`: one runbook with queries that run on the page."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui
from starlette.requests import Request

from alert_sink.runbooks import EXAMPLES, INTRODUCTION, Runbook
from console import states
from console.address import Address
from console.alerts.active_alerts import active_alerts, in_state
from console.runbooks.view import draw_runbook, runbook_library
from console.services import services
from console.shell import heading, page_frame, style_sheet
from console.timebar import TimeBar
from console.times import TimeRange
from stores import StoreError
from stores.metric_results import Rule


def register() -> None:
    style_sheet("runbooks.css", shared=True)

    @ui.page("/runbooks")
    async def overview() -> None:
        with page_frame("Runbooks", active="runbooks") as head:
            body = ui.element("div")
            with head:
                search = ui.element("input").classes("input").props('type="search" placeholder="Search runbooks"')
                search.props["aria-label"] = "Search runbooks"
            rules = await _load_rules()
            with body:
                _draw_list(runbook_library().all(), rules)
                introduction = runbook_library().introduction()
                if introduction:
                    with ui.element("section").classes("card"):
                        heading("Steps of every investigation", 2)
                        with ui.element("ol").classes("steps"):
                            for anchor, title in introduction.sections:
                                if title[:1].isdigit():
                                    with ui.element("li"):
                                        ui.link(title.split(". ", 1)[-1], f"/runbooks/{INTRODUCTION}#{anchor}")
            search.on("input", js_handler=_FILTER)

    @ui.page("/runbooks/{name}")
    async def one(request: Request, name: str) -> None:
        address, runbook = Address.of(request), runbook_library().runbook(name)
        with page_frame(runbook.title if runbook else "Runbook not found", active="runbooks") as head:
            if runbook is None:
                ui.context.client.status_code = 404
                states.no_data(f"there is no runbook {name}")
                ui.link("All runbooks", "/runbooks")
                return
            with ui.element("div").classes("beside"):
                with ui.element("nav").classes("jump").props('aria-label="Sections"'):
                    for anchor, title in runbook.sections:
                        ui.link(title, f"#{anchor}")
                    if name != INTRODUCTION:
                        ui.link("Alerts with this name", f"/alerts?alert={name}").classes("apart")
                    ui.link("All runbooks", "/runbooks")
                body = ui.element("div").classes("prose-width")
            with head:
                times = TimeBar(address, _do_nothing, default=TimeRange("now-1h"))
            with body:
                draw_runbook(runbook, lambda: times.range.absolute(), {name: address.value(name) for name in EXAMPLES})
            ui.run_javascript(_SCROLL_TO_ANCHOR)


async def _do_nothing() -> None:
    """A new time range runs no query: a person runs each query with its button."""


async def _load_rules() -> Sequence[Rule]:
    """Prometheus' alerting rules; empty if Prometheus does not answer."""
    try:
        return [rule for rule in await services().ask(services().stores.metrics.rules) if rule.kind == "alerting"]
    except StoreError:
        return []


def _draw_list(runbooks: Sequence[Runbook], rules: Sequence[Rule]) -> None:
    """Runbooks grouped by the rule groups of their alerts."""
    firing = {alert.name for alert in in_state(active_alerts(rules, [], []), "firing")}
    group_of = {rule.name: rule.group for rule in rules}
    groups: dict[str, list[Runbook]] = {group: [] for group in dict.fromkeys(group_of.values())}
    for one in runbooks:
        groups.setdefault(group_of.get(one.name, ""), []).append(one)
    with ui.element("div").classes("runbook-groups"):
        for name, chosen in groups.items():
            if chosen:
                _draw_group(_title(name) if name else "Others" if rules else "All", chosen, firing)


def _title(group: str) -> str:
    """`llm-requests` becomes `Requests`."""
    words = group.removeprefix("llm-").replace("-", " ")
    return words.upper() if len(words) <= 3 else words.capitalize()


def _draw_group(title: str, runbooks: Sequence[Runbook], firing: set[str]) -> None:
    with ui.element("section").classes("card runbook-group"):
        heading(title, 2)
        for one in runbooks:
            with ui.link(target=f"/runbooks/{one.name}").classes("runbook-entry"):
                with ui.element("div").classes("runbook-name"):
                    ui.label(one.name)
                    if one.name in firing:
                        ui.label("firing").classes("chip bad")
                ui.label(one.lead).classes("muted")


_FILTER = """(event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const entry of document.querySelectorAll(".runbook-entry"))
    entry.hidden = !entry.textContent.toLowerCase().includes(wanted);
  for (const group of document.querySelectorAll(".runbook-group"))
    group.hidden = !group.querySelector(".runbook-entry:not([hidden])");
}"""
_SCROLL_TO_ANCHOR = """
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) target.scrollIntoView();
"""
