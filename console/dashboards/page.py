"""A dashboard on a page: asks everything at once, and shows each panel as soon as its own answers are there."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from nicegui import background_tasks, ui
from starlette.requests import Request

from console.address import Address
from console.dashboards import notes, variables
from console.dashboards.answer import put_together
from console.dashboards.controls import VariableControl, annotation_toggles
from console.dashboards.elements import scripts
from console.dashboards.links import links_of
from console.dashboards.model import Dashboard, Json, Panel, Row
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context
from console.dashboards.plan import Plan, Shown, plan
from console.dashboards.questions import Answers, Question
from console.dashboards.variables import Variable
from console.dashboards.view import PanelView
from console.services import services
from console.shell import heading, page_frame, static
from console.states import reason
from console.timebar import QUICK, REFRESH, TimeBar, button
from console.times import Span, TimeRange
from stores import StoreError

_log = logging.getLogger(__name__)

_DEFAULT_PX = 1440


class DashboardPage:
    """One page, of one person."""

    def __init__(self, board: Dashboard, others: Sequence[Dashboard], request: Request, answers: Answers) -> None:
        self._board = board
        self._others = others
        self._answers = answers
        self._address = Address.of(request)
        self._px = int(width) if (width := request.cookies.get("console_width", "")).isdecimal() else _DEFAULT_PX
        self._variables = variables.chosen(board, self._address)
        self._views: list[PanelView] = []
        self._titles: list[tuple[Row, ui.label]] = []
        self._only = _wanted(self._address)
        self._notes: list[Note] = []
        self._hidden: set[str] = set()
        self._turn = 0
        self._answered = 0.0  # when the last answer came, Unix s
        self._build()
        background_tasks.create(self.load(), name=f"dashboard {board.uid}")

    # --- Building -------------------------------------------------------------------------------------

    def _build(self) -> None:
        board = self._board
        for script in scripts():
            ui.add_head_html(f'<link rel="modulepreload" href="{script}">')
        ui.add_head_html(f'<link rel="stylesheet" href="{static("dashboards.css")}">')
        with page_frame(board.title, active="dashboards") as head:
            picker = board.json.get("timepicker") or {}
            default = board.json.get("time") or {}
            with head:
                self._times = TimeBar(
                    self._address,
                    self.load,
                    default=TimeRange(str(default.get("from", "now-6h")), str(default.get("to", "now"))),
                    default_refresh=str(board.json.get("refresh") or ""),
                    quick=picker.get("time_options") or QUICK,
                    intervals=picker.get("refresh_intervals") or REFRESH,
                )
            with ui.element("div").classes("board-head"):
                ui.label(board.about).classes("muted board-about")
                self._toolbar()
            self._root = ui.element("div").classes("dashboard").props('data-state="loading"')
            self._root.props["data-uid"] = board.uid
            with self._root:
                panel = next((panel for panel in board.panels if panel.key == self._only), None)
                if panel:
                    self._alone(panel)
                else:
                    for row in board.rows:
                        self._row(row)

    def _toolbar(self) -> None:
        with ui.element("div").classes("toolbar").props('role="group" aria-label="What is shown"'):
            self._controls = {one.name: VariableControl(one, self._choose) for one in self._variables if not one.hidden}
            if self._board.annotations:
                annotation_toggles(self._board.annotations, self._annotate)
            for link in self._board.json.get("links") or ():
                self._board_link(link)

    def _board_link(self, link: Json) -> None:
        if link.get("type") == "link":
            for one in links_of([link], self._shown(), services().settings.runbooks):
                ui.link(one.title, one.url, new_tab=not one.url.startswith("/")).classes("btn flat")
            return
        tags = set(link.get("tags") or ())
        boards = [one for one in self._others if tags <= set(one.tags) and one.uid != self._board.uid]
        if not boards:
            return
        with button(str(link.get("title") or "Dashboards"), "") as opener:
            opener.classes("flat").props('aria-haspopup="true"')
            ui.icon("expand_more").props('aria-hidden="true"')
            with ui.menu() as menu, ui.element("nav").classes("menu-list"):
                pass
        opener.on("click", lambda: self._list_boards(menu, boards, link))

    def _list_boards(self, menu: ui.menu, boards: Sequence[Dashboard], link: Json) -> None:
        """Made when it is opened: the links carry the range and the variables of then."""
        parameters: dict[str, str | Sequence[str]] = {}
        if link.get("keepTime"):
            parameters |= self._times.range.parameters()
        if link.get("includeVars"):
            parameters |= variables.parameters(self._variables)
        menu.clear()
        with menu, ui.element("nav").classes("menu-list"):
            for one in boards:
                ui.link(one.title, str(Address(f"/d/{one.uid}").with_parameters(parameters))).classes("btn")

    def _row(self, row: Row) -> None:
        with ui.element("section").classes("board-row"):
            if row.title:
                with ui.element("h2").classes("row-title"):
                    opener = button("", "").classes("row-button")
                    opener.props["aria-expanded"] = "true"
                    with opener:
                        ui.icon("expand_more").props('aria-hidden="true"')
                        self._titles.append((row, ui.label(self._written(row.title))))
            place = ui.element("div").classes("board-grid")
            top = min((panel.y for panel in row.panels), default=0)
            with place:
                self._views += [self._view(panel, top) for panel in row.panels]
            if row.title:
                opener.on("click", partial(self._fold, opener, place))

    def _view(self, panel: Panel, top: int, *, alone: bool = False) -> PanelView:
        title = self._written(panel.title)
        return PanelView(panel, Context(panel, self._zoom), top, "" if alone else panel.key, title)

    def _written(self, title: str) -> str:
        return variables.written_plain(title, self._variables)

    def _alone(self, panel: Panel) -> None:
        back = str(self._address.with_parameters({"viewPanel": None}))
        ui.link(f"← {self._board.title}", back).classes("btn board-back")
        self._views = [self._view(panel, panel.y, alone=True)]

    def _fold(self, opener: ui.element, place: ui.element) -> None:
        open_ = not place.visible
        place.set_visibility(open_)
        opener.props["aria-expanded"] = str(open_).lower()
        opener.update()

    # --- What a person changes ------------------------------------------------------------------------

    async def _choose(self, changed: Variable) -> None:
        self._variables = [changed if one.name == changed.name else one for one in self._variables]
        self._controls[changed.name].update(changed)
        self._times.go(self._times.address.with_parameters(variables.parameters(self._variables)))
        for view in self._views:
            view.busy()
        await self.load()

    async def _zoom(self, start: float, end: float) -> None:
        await self._times.show(TimeRange.between(start, end))

    async def _annotate(self, hidden: set[str]) -> None:
        self._hidden = set(hidden)
        for view in self._views:
            if view.panel.type == "timeseries":
                view.annotate(self._drawn_notes())

    def _drawn_notes(self) -> list[Note]:
        return [note for note in self._notes if note.source not in self._hidden]

    # --- Asking ---------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Ask everything once, concurrently; what a later load asked wins."""
        self._turn += 1
        turn = self._turn
        shown = self._shown()
        marks = asyncio.create_task(self._ask_notes(shown))
        choices = asyncio.create_task(self._ask_variables(shown, turn))
        for row, label in self._titles:
            label.set_text(self._written(row.title))
        plans = [(view, plan(view.panel, shown, full=view.is_alone)) for view in self._views]
        await asyncio.gather(*(self._ask_panel(view, one, shown, marks, turn) for view, one in plans))
        await choices
        if turn == self._turn:
            answered = str(round(self._answered * 1000))
            self._root.props.update({"data-state": "shown", "data-turn": str(turn), "data-answered": answered})
            self._root.update()

    def _shown(self) -> Shown:
        store = services().stores.logs.server
        scrape = services().settings.scrape_interval_s
        # Pages that ask within the same moment ask the same.
        moment = max(1.0, scrape / 3)
        now = math.floor(time.time() / moment) * moment
        return Shown(self._times.range, now, tuple(self._variables), scrape, store, self._px)

    async def _ask_panel(
        self, view: PanelView, asked: Plan, shown: Shown, marks: asyncio.Task[None], turn: int
    ) -> None:
        got = await self._got(asked.questions)
        if view.panel.type == "timeseries":
            await marks
        if turn != self._turn:
            return
        try:
            view.show(put_together(asked, shown, got), self._drawn_notes())
        except Exception as error:  # what one panel cannot show is no reason for the others not to be shown
            _log.exception("panel %s of %s", view.panel.id, self._board.uid)
            view.cannot(error)

    async def _got(self, questions: Sequence[Question]) -> dict[Question, Any]:
        """Answers by question; the exception where there is none."""
        asked = (self._answers.to(question) for question in questions)
        got = dict(zip(questions, await asyncio.gather(*asked, return_exceptions=True), strict=True))
        self._answered = time.time()
        return got

    async def _ask_notes(self, shown: Shown) -> None:
        """Annotations are beside the matter: without them the panels are shown all the same."""
        asked = [(one, notes.question(one, shown)) for one in self._board.annotations]
        got = await self._got([question for _, question in asked if question])
        self._notes = [
            note
            for one, question in asked
            if question and not isinstance(got[question], BaseException)
            for note in notes.notes_of(one, question, got[question])
        ]

    async def _ask_variables(self, shown: Shown, turn: int) -> None:
        """In their order, since one may be about another; those that are about the same ones at once."""
        span = shown.range.absolute(shown.now)
        known: list[Variable] = []
        waiting = list(self._variables)
        while waiting:
            names = {one.name for one in waiting}
            ready = [one for one in waiting if not _mentions(one, names - {one.name})] or waiting[:1]
            asked = [self._ask_variable(one, span, known) for one in ready]
            for one, found in zip(ready, await asyncio.gather(*asked, return_exceptions=True), strict=True):
                settled = found if isinstance(found, Variable) else one
                problem = reason(found) if isinstance(found, StoreError | ValueError) else ""
                known.append(settled)
                if one.name in self._controls and turn == self._turn:
                    self._controls[one.name].update(settled, problem)
            waiting = [one for one in waiting if one not in ready]
        if turn == self._turn:
            by_name = {one.name: one for one in known}
            self._variables = [by_name[one.name] for one in self._variables]

    async def _ask_variable(self, one: Variable, span: Span, others: Sequence[Variable]) -> Variable:
        question = variables.question(one, span, others)
        return variables.with_options(one, await self._answers.to(question)) if question else one


def _mentions(variable: Variable, names: set[str]) -> bool:
    return any(f"${name}" in variable.query or f"${{{name}" in variable.query for name in names)


def _wanted(address: Address) -> str:
    """The panel that has the page for itself: `viewPanel=panel-4`, in older links `viewPanel=4`."""
    said = address.value("viewPanel")
    return f"panel-{said}" if said.isdecimal() else said


def show(request: Request, uid: str, boards: Sequence[Dashboard], answers: Answers) -> None:
    """The dashboard with a uid, or what there is instead."""
    board = next((one for one in boards if one.uid == uid), None)
    if board:
        DashboardPage(board, boards, request, answers)
        return
    ui.context.client.status_code = 404
    with page_frame("No such dashboard", active="dashboards"):
        ui.label(f"There is no dashboard with the uid “{uid}”.").classes("muted")
        listing(boards)


def listing(boards: Sequence[Dashboard]) -> None:
    """A card for every dashboard."""
    ui.add_head_html(f'<link rel="stylesheet" href="{static("dashboards.css")}">')
    with ui.element("div").classes("board-list"):
        for board in boards:
            with ui.link(target=f"/d/{board.uid}").classes("card board-card"):
                heading(board.title, 2)
                ui.label(board.about).classes("muted")
                rows = [row.title for row in board.rows if row.title]
                ui.label(" · ".join(rows)).classes("board-rows")
