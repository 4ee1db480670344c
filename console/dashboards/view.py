"""One panel on the page: its frame, its state, and its body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nicegui import ui

from alert_sink.console_pages import trace_page
from console import states
from console.dashboards.answer import Answer
from console.dashboards.elements import Frame
from console.dashboards.fields import defaults
from console.dashboards.links import links_of
from console.dashboards.model import Panel
from console.dashboards.notes import Note
from console.dashboards.panels import BODIES
from console.dashboards.panels.body import Body, Context
from console.dashboards.plan import Plan
from console.dashboards.variables import written_plain
from console.services import services
from console.times import Span, clock, length
from console.units import formatted
from stores import StoreError

_WITH_NO_VALUE: Final = ("stat", "bargauge")  # types that can say in a word that there is none
_TRACES_LISTED: Final = 10


class PanelView:
    """A panel in its place on the page. Its size never depends on what it shows."""

    def __init__(self, panel: Panel, context: Context, top: int, alone: str, title: str) -> None:
        """`title` has its variables filled in. `alone` is what `viewPanel` is called in the address that shows this
        panel only; empty where it does."""
        self.panel = panel
        self.is_alone = not alone
        self._context = context
        self._title = title
        self._body: Body | None = None
        self._answer: Answer | None = None
        self._menu: ui.menu | None = None
        self._frame = Frame(title, described=bool(panel.description), alone=alone)
        self._frame.props.update({"data-panel": str(panel.id), "data-type": panel.type})
        if self.is_alone:
            self._frame.classes("panel-full")
        else:
            self._frame.style(
                f"grid-column: {panel.x + 1} / span {panel.width};"
                f"grid-row: {panel.y - top + 1} / span {panel.height}; --rows: {panel.height}"
            )
        self._frame.on("describe", lambda: self._open(self._describe))
        self._frame.on("more", lambda: self._open(self._more))

    def busy(self) -> None:
        """Other data is on its way; what is there stays until it comes."""
        self._frame.busy()

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """Show an answer, or why there is none."""
        self._answer = answer
        self._title = written_plain(self.panel.title, answer.shown.variables)
        make = BODIES.get(self.panel.type)
        state, message, hint, warnings = "data", "", "", []
        if make is None:
            state = "unknown"
            message = f"The console does not draw panels of type “{self.panel.type}”. Open this dashboard in Grafana."
        elif answer.empty and answer.problems:
            problem = answer.problems[0]
            state, message = "failed", states.reason(problem)
            hint = problem.next_step if isinstance(problem, StoreError) else ""
        elif answer.empty and not self._has_word_for_nothing():
            state, message = "empty", answer.why_empty
        else:
            self._fill(make, answer, notes)
            warnings = [states.reason(problem) for problem in answer.problems]
        self._frame.show(
            state,
            title=self._title,
            time=answer.plan.about_time,
            message=message,
            hint=hint,
            warnings=warnings,
            **_times(answer.plan),
        )

    def cannot(self, error: Exception) -> None:
        """The answer cannot be shown."""
        message = f"The console cannot show this answer: {states.reason(error)}"
        self._frame.show("unknown", title=self._title, time="", message=message)

    def annotate(self, notes: Sequence[Note]) -> None:
        """Show the same answer with other annotations."""
        if self._answer and self._body:
            self.show(self._answer, notes)

    def _fill(self, make: Callable[[Context], Body], answer: Answer, notes: Sequence[Note]) -> None:
        with self._frame:
            self._body = self._body or make(self._context)
            self._body.show(answer, notes)

    def _has_word_for_nothing(self) -> bool:
        return self.panel.type in _WITH_NO_VALUE and bool(defaults(self.panel).no_value)

    # --- On demand ------------------------------------------------------------------------------------

    def _open(self, fill: Callable[[], None]) -> None:
        """A menu that is made when it is opened."""
        if self._menu is None:
            with self._frame.add_slot("menu"):
                self._menu = ui.menu().props('no-parent-event anchor="top right" self="top right" max-height=70vh')
        self._menu.clear()
        with self._menu, ui.element("div").classes("panel-menu"):
            fill()
        self._menu.open()

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
                ui.link(text, trace_page(one.trace_id)).classes("btn mono")


def _times(plan: Plan) -> dict[str, str]:
    """What was asked for, to be read from the page: of series the times of their first and last points."""
    ranges = [asked.question for asked in plan.asked if asked.question and asked.question.kind == "range"]
    span = Span(ranges[0].start, ranges[0].end) if ranges else plan.intervals.span
    return {"start": f"{span.start}", "end": f"{span.end}", "step": f"{plan.intervals.step:g}"}


def _about_times(plan: Plan) -> str:
    span = plan.intervals.span
    return f"{clock(span.start)} to {clock(span.end)} UTC, a point every {length(plan.intervals.step)}"
