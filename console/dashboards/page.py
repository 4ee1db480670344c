"""A dashboard's page. All queries run at once, and each panel is shown as soon as its own results are there."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from nicegui import background_tasks, ui
from starlette.requests import Request

from console.address import Address
from console.dashboards import variables
from console.dashboards.annotations import Annotation, annotations_of, query_of
from console.dashboards.links import dashboard_links
from console.dashboards.model import Dashboard, DashboardLibrary, Json, Panel, Row
from console.dashboards.panel_data import panel_data
from console.dashboards.panel_queries import PanelQueries, QueryContext, panel_queries
from console.dashboards.panel_view import PanelView
from console.dashboards.panels.time_series import scripts
from console.dashboards.queries import Query, QueryRunner
from console.dashboards.toolbar import VariableControl, annotation_toggles
from console.dashboards.variables import Variable, interpolate_text
from console.services import services
from console.shell import heading, page_frame, style_sheet
from console.states import reason
from console.timebar import QUICK, REFRESH, TimeBar, button
from console.times import TimeRange, TimeSpan
from stores import StoreError

_log = logging.getLogger(__name__)

_DEFAULT_PX: Final = 1440


def register() -> None:
    library = DashboardLibrary(services().settings.dashboards)
    runner = QueryRunner(services(), services().settings.scrape_interval_s)

    @ui.page("/dashboards")
    def list_page() -> None:
        with page_frame("Dashboards", active="dashboards"):
            _dashboard_list(library.all())

    @ui.page("/d/{uid}/{name}")  # the form of Grafana's own links
    @ui.page("/d/{uid}")
    async def dashboard_page(request: Request, uid: str) -> None:
        dashboards = library.all()
        dashboard = next((one for one in dashboards if one.uid == uid), None)
        if dashboard:
            DashboardPage(dashboard, dashboards, request, runner)
            return
        ui.context.client.status_code = 404
        with page_frame("Dashboard not found", active="dashboards"):
            ui.label(f"There is no dashboard with the uid “{uid}”.").classes("muted")
            _dashboard_list(dashboards)


class DashboardPage:
    def __init__(
        self, dashboard: Dashboard, library: Sequence[Dashboard], request: Request, runner: QueryRunner
    ) -> None:
        self._dashboard = dashboard
        self._library = library
        self._runner = runner
        self._address = Address.of(request)
        self._px = int(width) if (width := request.cookies.get("console_width", "")).isdecimal() else _DEFAULT_PX
        self._variables = variables.variables_of(dashboard, self._address)
        self._views: list[PanelView] = []
        self._row_titles: list[tuple[Row, ui.label]] = []
        self._annotations: list[Annotation] = []
        self._hidden_annotations: set[str] = set()
        self._loads = 0  # a load that is not the newest shows nothing any more
        self._build()
        background_tasks.create(self.load(), name=f"dashboard {dashboard.uid}")

    # --- Building -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        dashboard = self._dashboard
        for script in scripts():
            ui.add_head_html(f'<link rel="modulepreload" href="{script}">')
        style_sheet("dashboards.css")
        with page_frame(dashboard.title, active="dashboards") as head:
            picker = dashboard.json.get("timepicker") or {}
            default = dashboard.json.get("time") or {}
            with head:
                self._times = TimeBar(
                    self._address,
                    self.load,
                    default=TimeRange(str(default.get("from", "now-6h")), str(default.get("to", "now"))),
                    default_refresh=str(dashboard.json.get("refresh") or ""),
                    quick=picker.get("time_options") or QUICK,
                    intervals=picker.get("refresh_intervals") or REFRESH,
                )
            with ui.element("div").classes("board-head"):
                ui.label(dashboard.summary).classes("muted board-about")
                self._toolbar()
            self._root = ui.element("div").classes("dashboard").props('data-state="loading"')
            self._root.props["data-uid"] = dashboard.uid
            with self._root:
                key = _view_panel(self._address)
                panel = next((panel for panel in dashboard.panels if panel.key == key), None)
                if panel:
                    self._single_panel(panel)
                else:
                    for row in dashboard.rows:
                        self._row(row)

    def _toolbar(self) -> None:
        with ui.element("div").classes("toolbar").props('role="group" aria-label="Variables and links"'):
            self._controls = {
                one.name: VariableControl(one, self._on_select) for one in self._variables if not one.is_constant
            }
            if self._dashboard.annotations:
                annotation_toggles(self._dashboard.annotations, self._hide_annotations)
            for link in self._dashboard.json.get("links") or ():
                if link.get("type") == "link":
                    self._page_link(link)
                else:
                    self._dashboards_link(link)

    def _page_link(self, json: Json) -> None:
        for link in dashboard_links([json], self._context(), services().settings.runbooks):
            ui.link(link.title, link.url, new_tab=not link.url.startswith("/")).classes("btn flat")

    def _dashboards_link(self, link: Json) -> None:
        tags = set(link.get("tags") or ())
        others = [one for one in self._library if tags <= set(one.tags) and one.uid != self._dashboard.uid]
        if not others:
            return
        with button(str(link.get("title") or "Dashboards"), "") as opener:
            opener.classes("flat").props('aria-haspopup="true"')
            ui.icon("expand_more").props('aria-hidden="true"')
            menu = ui.menu()
        opener.on("click", lambda: self._fill_dashboards_menu(menu, others, link))

    def _fill_dashboards_menu(self, menu: ui.menu, others: Sequence[Dashboard], link: Json) -> None:
        """Filled when it is opened: its links carry the current time range and variables."""
        parameters: dict[str, str | Sequence[str]] = {}
        if link.get("keepTime"):
            parameters |= self._times.range.parameters()
        if link.get("includeVars"):
            parameters |= variables.url_parameters(self._variables)
        menu.clear()
        with menu, ui.element("nav").classes("menu-list"):
            for one in others:
                ui.link(one.title, str(Address(f"/d/{one.uid}").with_parameters(parameters))).classes("btn")

    def _row(self, row: Row) -> None:
        with ui.element("section").classes("board-row"):
            if row.title:
                with ui.element("h2").classes("row-title"):
                    opener = button("", "").classes("row-button").props('aria-expanded="true"')
                    with opener:
                        ui.icon("expand_more").props('aria-hidden="true"')
                        self._row_titles.append((row, ui.label(interpolate_text(row.title, self._variables))))
            grid = ui.element("div").classes("board-grid")
            top = min((panel.y for panel in row.panels), default=0)
            with grid:
                self._views += [self._view(panel, top) for panel in row.panels]
            if row.title:
                opener.on("click", partial(_toggle_row, opener, grid))

    def _view(self, panel: Panel, top: int, *, alone: bool = False) -> PanelView:
        title = interpolate_text(panel.title, self._variables)
        return PanelView(panel, self._on_zoom, top, title, alone=alone)

    def _single_panel(self, panel: Panel) -> None:
        back = str(self._address.with_parameters({"viewPanel": None}))
        ui.link(f"← {self._dashboard.title}", back).classes("btn board-back")
        self._views = [self._view(panel, panel.y, alone=True)]

    # --- Events -------------------------------------------------------------------------------------------

    async def _on_select(self, changed: Variable) -> None:
        self._variables = [changed if one.name == changed.name else one for one in self._variables]
        self._controls[changed.name].update(changed)
        self._times.go(self._times.address.with_parameters(variables.url_parameters(self._variables)))
        for view in self._views:
            view.show_busy()
        await self.load()

    async def _on_zoom(self, start: float, end: float) -> None:
        await self._times.show(TimeRange.between(start, end))

    def _hide_annotations(self, hidden: set[str]) -> None:
        self._hidden_annotations = set(hidden)
        for view in self._views:
            if view.panel.type == "timeseries":
                view.show_annotations(self._visible_annotations())

    def _visible_annotations(self) -> list[Annotation]:
        return [one for one in self._annotations if one.source not in self._hidden_annotations]

    # --- Loading ------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Run all queries concurrently and show the results, unless a newer load has begun."""
        self._loads += 1
        load = self._loads
        context = self._context()
        annotations_loaded = asyncio.create_task(self._load_annotations(context))
        options_loaded = asyncio.create_task(self._load_options(context, load))
        for row, label in self._row_titles:
            label.set_text(interpolate_text(row.title, self._variables))
        queries = [(view, panel_queries(view.panel, context, full_width=view.is_alone)) for view in self._views]
        await asyncio.gather(*(self._load_panel(view, one, context, annotations_loaded, load) for view, one in queries))
        await options_loaded
        if load == self._loads:
            self._root.props.update({"data-state": "shown", "data-loads": str(load)})
            self._root.update()

    def _context(self) -> QueryContext:
        log_store = services().stores.logs.server
        scrape_s = services().settings.scrape_interval_s
        # Rounded, so that pages that load at nearly the same time run equal queries.
        rounding_s = max(1.0, scrape_s / 3)
        now = math.floor(time.time() / rounding_s) * rounding_s
        return QueryContext(self._times.range, now, tuple(self._variables), scrape_s, log_store, self._px)

    async def _load_panel(
        self,
        view: PanelView,
        queries: PanelQueries,
        context: QueryContext,
        annotations_loaded: asyncio.Task[None],
        load: int,
    ) -> None:
        results = await self._run(queries.queries)
        if view.panel.type == "timeseries":
            await annotations_loaded
        if load != self._loads:
            return
        try:
            view.show(panel_data(queries, context, results), self._visible_annotations())
        except Exception as error:  # the other panels are shown nevertheless
            _log.exception("panel %s of %s", view.panel.id, self._dashboard.uid)
            view.show_error(error)

    async def _run(self, queries: Sequence[Query]) -> dict[Query, Any]:
        """The result of each query; an exception for a query that failed."""
        running = (self._runner.run(query) for query in queries)
        return dict(zip(queries, await asyncio.gather(*running, return_exceptions=True), strict=True))

    async def _load_annotations(self, context: QueryContext) -> None:
        """An annotation whose query fails is left out: the panels are more important."""
        queries = [(one, query_of(one, context)) for one in self._dashboard.annotations]
        results = await self._run([query for _, query in queries if query])
        self._annotations = [
            annotation
            for one, query in queries
            if query and not isinstance(results[query], BaseException)
            for annotation in annotations_of(one, query, results[query])
        ]

    async def _load_options(self, context: QueryContext, load: int) -> None:
        """A variable's query runs after those of the variables it refers to; independent queries run at once."""
        span = context.range.absolute(context.now)
        known: list[Variable] = []
        waiting = list(self._variables)
        while waiting:
            names = {one.name for one in waiting}
            ready = [one for one in waiting if not _refers_to(one, names - {one.name})] or waiting[:1]
            running = [self._with_options(one, span, known) for one in ready]
            for one, result in zip(ready, await asyncio.gather(*running, return_exceptions=True), strict=True):
                loaded = result if isinstance(result, Variable) else one
                problem = reason(result) if isinstance(result, StoreError | ValueError) else ""
                known.append(loaded)
                if one.name in self._controls and load == self._loads:
                    self._controls[one.name].update(loaded, problem)
            waiting = [one for one in waiting if one not in ready]
        if load == self._loads:
            by_name = {one.name: one for one in known}
            self._variables = [by_name[one.name] for one in self._variables]

    async def _with_options(self, variable: Variable, span: TimeSpan, others: Sequence[Variable]) -> Variable:
        query = variables.options_query(variable, span, others)
        return variables.with_options(variable, await self._runner.run(query)) if query else variable


def _toggle_row(opener: ui.element, grid: ui.element) -> None:
    expanded = not grid.visible
    grid.set_visibility(expanded)
    opener.props["aria-expanded"] = str(expanded).lower()
    opener.update()


def _refers_to(variable: Variable, names: set[str]) -> bool:
    return any(f"${name}" in variable.query or f"${{{name}" in variable.query for name in names)


def _view_panel(address: Address) -> str:
    """The panel that has the page for itself: `viewPanel=panel-4`, in older links `viewPanel=4`."""
    value = address.value("viewPanel")
    return f"panel-{value}" if value.isdecimal() else value


def _dashboard_list(library: Sequence[Dashboard]) -> None:
    style_sheet("dashboards.css")
    with ui.element("div").classes("board-list"):
        for dashboard in library:
            with ui.link(target=f"/d/{dashboard.uid}").classes("card board-card"):
                heading(dashboard.title, 2)
                ui.label(dashboard.summary).classes("muted")
                titles = [row.title for row in dashboard.rows if row.title]
                ui.label(" · ".join(titles)).classes("board-rows")
