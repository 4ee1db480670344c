"""One panel on the page: its frame, its state, and its body."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Final

from nicegui import ui

from console import states
from console.dashboards.answer import Answer
from console.dashboards.fields import defaults
from console.dashboards.links import links_of
from console.dashboards.model import Panel
from console.dashboards.notes import Note
from console.dashboards.panels import BODIES
from console.dashboards.panels.body import Body, Context
from console.dashboards.plan import Plan
from console.services import services
from console.shell import heading
from console.timebar import button
from console.times import clock, length
from console.units import formatted

WITHOUT_QUERY: Final = ("text", "alertlist")  # types that show something without an answer
_WITH_NO_VALUE: Final = ("stat", "gauge")  # types that can say in a word that there is none
_TRACES_LISTED: Final = 10


class PanelView:
    """A panel in its place on the page. Its size never depends on what it shows."""

    def __init__(self, panel: Panel, context: Context, top: int, full_address: str, *, full: bool = False) -> None:
        self.panel = panel
        self._context = context
        self._full_address = full_address
        self._body: Body | None = None
        self._answer: Answer | None = None
        self.section = ui.element("section").classes("panel")
        self.section.props.update({"data-panel": str(panel.id), "data-type": panel.type, "aria-label": panel.title})
        if full:
            self.section.classes("panel-full")
        else:
            self.section.style(
                f"grid-column: {panel.x + 1} / span {panel.width};"
                f"grid-row: {panel.y - top + 1} / span {panel.height}; --rows: {panel.height}"
            )
        with self.section:
            self._header(full)
            self._warning = ui.element("div").classes("panel-warning")
            self._warning.set_visibility(False)
            self._place = ui.element("div").classes("panel-body")
        self._only(states.loading, "loading")

    def busy(self) -> None:
        """Other data is on its way; what is there stays until it comes."""
        if self.section.props.get("data-state") != "loading":
            self.section.props["aria-busy"] = "true"

    async def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """Show an answer, or why there is none."""
        self._answer = answer
        self.section.props.update(_times(answer.plan))
        self.section.props.pop("aria-busy", None)
        self._about_time.set_text(answer.plan.about_time)
        make = BODIES.get(self.panel.type)
        if make is None:
            text = f"The console does not know panels of the type “{self.panel.type}”."
            self._only(lambda: states.failed(text), "unknown")
        elif answer.problems and answer.empty:
            self._only(lambda: states.failed(answer.problems[0]), "failed")
        elif answer.empty and not self._needs_no_answer():
            self._only(lambda: states.no_data(answer.why_empty), "empty")
        else:
            await self._with_body(make, answer, notes)
        self._warn([states.reason(problem) for problem in answer.problems] if not answer.empty else [])

    async def annotate(self, notes: Sequence[Note]) -> None:
        """Show the same answer with other annotations."""
        if self._answer and self._body:
            await self.show(self._answer, notes)

    async def _with_body(self, make: Callable[[Context], Body], answer: Answer, notes: Sequence[Note]) -> None:
        if self._body is None:
            self._place.clear()
            with self._place:
                self._body = make(self._context)
        with self._place:
            shown = self._body.show(answer, notes)
            if inspect.isawaitable(shown):
                await shown
        self.section.props["data-state"] = "data"
        self.section.update()

    def _only(self, content: Callable[[], None], state: str) -> None:
        self._body = None
        self._place.clear()
        with self._place:
            content()
        self.section.props["data-state"] = state
        self.section.update()

    def _needs_no_answer(self) -> bool:
        has_word = self.panel.type in _WITH_NO_VALUE and bool(defaults(self.panel).no_value)
        return has_word or self.panel.type in WITHOUT_QUERY

    def _warn(self, problems: Sequence[str]) -> None:
        self._warning.clear()
        self._warning.set_visibility(bool(problems))
        with self._warning:
            for problem in problems:
                ui.label(f"Query failed: {problem}")

    # --- Header ---------------------------------------------------------------------------------------

    def _header(self, full: bool) -> None:
        with ui.element("header").classes("panel-head"):
            heading(self.panel.title, 3)
            self._about_time = ui.label("").classes("panel-time")
            ui.element("div").classes("grow")
            if self.panel.description:
                _on_demand("info_outline", f"What “{self.panel.title}” says", self._describe)
            if not full:
                view = ui.link(target=self._full_address).classes("btn icon flat panel-tool")
                view.props["aria-label"] = f"Show “{self.panel.title}” alone"
                view.props["title"] = "Show it alone"
                with view:
                    ui.icon("open_in_full").props('aria-hidden="true"')
            _on_demand("more_vert", f"More about “{self.panel.title}”", self._more)

    def _describe(self) -> None:
        ui.label(self.panel.description).classes("panel-description")
        self._links()

    def _more(self) -> None:
        self._links()
        if self._answer is None:
            return
        self._exemplars(self._answer)
        for asked in self._answer.plan.asked:
            if asked.question:
                with ui.element("div").classes("panel-query"):
                    ui.label(f"Query {asked.target.ref}").classes("muted")
                    ui.label(asked.question.text).classes("mono")
        ui.label(_about_times(self._answer.plan)).classes("muted panel-query")

    def _links(self) -> None:
        if self._answer is None:
            return
        with ui.element("nav").classes("menu-list").props('aria-label="Links"'):
            for link in links_of(self.panel.links, self._answer.shown, services().settings.runbooks):
                ui.link(link.title, link.url, new_tab=link.new_tab).classes("btn")

    def _exemplars(self, answer: Answer) -> None:
        newest = sorted(answer.exemplars, key=lambda one: -one.time)[:_TRACES_LISTED]
        if not newest:
            return
        unit = defaults(self.panel).unit
        ui.label("Traces behind the newest points").classes("muted panel-query")
        with ui.element("nav").classes("menu-list").props('aria-label="Traces"'):
            for one in newest:
                text = f"{clock(one.time)} · {formatted(one.value, unit)}"
                ui.link(text, f"/traces/{one.trace_id}").classes("btn mono")


def _on_demand(icon: str, hint: str, fill: Callable[[], None]) -> None:
    """A button with a menu that is made when it is opened."""
    opener = button("", hint).classes("icon flat panel-tool")
    opener.props["aria-haspopup"] = "true"
    menus: list[ui.menu] = []

    def open_() -> None:
        with opener:
            menu = menus[0] if menus else ui.menu().props("no-parent-event max-height=70vh")
        if not menus:
            menus.append(menu)
        menu.clear()
        with menu, ui.element("div").classes("panel-menu"):
            fill()
        menu.open()

    with opener:
        ui.icon(icon).props('aria-hidden="true"')
    opener.on("click", open_)


def _times(plan: Plan) -> dict[str, str]:
    """What was asked for, to be read from the page."""
    span = plan.intervals.span
    return {"data-start": f"{span.start}", "data-end": f"{span.end}", "data-step": f"{plan.intervals.step:g}"}


def _about_times(plan: Plan) -> str:
    span = plan.intervals.span
    return f"{clock(span.start)} to {clock(span.end)} UTC, a point every {length(plan.intervals.step)}"
