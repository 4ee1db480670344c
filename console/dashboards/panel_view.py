"""One panel on the page: its frame, its menus, and its data or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nicegui import ui

from alert_sink.console_pages import trace_page
from console import states
from console.dashboards.annotations import Annotation
from console.dashboards.field_config import field_config
from console.dashboards.links import dashboard_links
from console.dashboards.model import Panel
from console.dashboards.panel_data import PanelData
from console.dashboards.panel_queries import PanelQueries
from console.dashboards.panels import PANEL_PLUGINS
from console.dashboards.panels.plugin import OnZoom, PanelPlugin
from console.dashboards.variables import interpolate_text
from console.services import services
from console.times import TimeSpan, format_datetime, promql_duration
from console.units import formatted
from stores import StoreError

_WITH_NO_VALUE: Final = ("stat", "bargauge")  # panel types that show the field config's `noValue`
_TRACES_LISTED: Final = 10


class PanelChrome(ui.element, component="panel_chrome.js"):
    """A panel's frame, title and menus. `state` is loading, data, empty, failed or unknown."""

    def __init__(self, title: str, *, described: bool, view_key: str) -> None:
        """`view_key` is the value of `viewPanel` for this panel; empty where the page shows this panel alone."""
        super().__init__()
        self._props.update({"title": title, "described": described, "viewKey": view_key, "state": "loading"})

    def show_busy(self) -> None:
        self._props["busy"] = True
        self.update()

    def show(
        self,
        state: str,
        *,
        title: str,
        time: str,
        message: str = "",
        hint: str = "",
        warnings: Sequence[str] = (),
        **data: str,
    ) -> None:
        """Show another state. `data` become `data-…` attributes that say which times were queried."""
        self._props.update(
            state=state, title=title, busy=False, time=time, message=message, hint=hint, warnings=list(warnings)
        )
        self._props.update({f"data-{name}": value for name, value in data.items()})
        self.update()


class PanelView:
    """A panel in its place on the page. Its size does not depend on its data."""

    def __init__(self, panel: Panel, on_zoom: OnZoom, top: int, title: str, *, alone: bool) -> None:
        """`title` has its variables filled in. `top` is the grid's first line."""
        self.panel = panel
        self.is_alone = alone
        self._on_zoom = on_zoom
        self._title = title
        self._plugin: PanelPlugin | None = None
        self._data: PanelData | None = None
        self._menu: ui.menu | None = None
        self._chrome = PanelChrome(title, described=bool(panel.description), view_key="" if alone else panel.key)
        self._chrome.props.update({"data-panel": str(panel.id), "data-type": panel.type})
        if alone:
            self._chrome.classes("panel-full")
        else:
            self._chrome.style(
                f"grid-column: {panel.x + 1} / span {panel.width};"
                f"grid-row: {panel.y - top + 1} / span {panel.height}; --rows: {panel.height}"
            )
        self._chrome.on("description", lambda: self._open(self._description))
        self._chrome.on("more", lambda: self._open(self._links_and_queries))

    def show_busy(self) -> None:
        self._chrome.show_busy()

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        self._data = data
        self._title = interpolate_text(self.panel.title, data.context.variables)
        plugin = PANEL_PLUGINS.get(self.panel.type)
        state, message, hint, warnings = "data", "", "", []
        if plugin is None:
            state = "unknown"
            message = f"The console does not draw panels of type {self.panel.type}. Open this dashboard in Grafana."
        elif data.is_empty and data.problems:
            problem = data.problems[0]
            state, message = "failed", states.reason(problem)
            hint = problem.next_step if isinstance(problem, StoreError) else ""
        elif data.is_empty and not self._has_no_value_text():
            state, message = "empty", data.empty_reason
        else:
            self._fill(plugin, data, annotations)
            warnings = [states.reason(problem) for problem in data.problems]
        self._chrome.show(
            state,
            title=self._title,
            time=data.queries.time_override,
            message=message,
            hint=hint,
            warnings=warnings,
            **_queried_times(data.queries),
        )

    def show_error(self, error: Exception) -> None:
        message = f"The console cannot show this panel: {states.reason(error)}"
        self._chrome.show("unknown", title=self._title, time="", message=message)

    def show_annotations(self, annotations: Sequence[Annotation]) -> None:
        if self._data and self._plugin:
            self.show(self._data, annotations)

    def _fill(
        self, plugin: Callable[[OnZoom], PanelPlugin], data: PanelData, annotations: Sequence[Annotation]
    ) -> None:
        with self._chrome:
            self._plugin = self._plugin or plugin(self._on_zoom)
            self._plugin.show(data, annotations)

    def _has_no_value_text(self) -> bool:
        return self.panel.type in _WITH_NO_VALUE and bool(field_config(self.panel).no_value)

    # --- Menus --------------------------------------------------------------------------------------------

    def _open(self, fill: Callable[[], None]) -> None:
        """Open a menu. It is built each time it is opened."""
        if self._menu is None:
            with self._chrome.add_slot("menu"):
                self._menu = ui.menu().props('no-parent-event anchor="top right" self="top right" max-height=70vh')
        self._menu.clear()
        with self._menu, ui.element("div").classes("panel-menu"):
            fill()
        self._menu.open()

    def _description(self) -> None:
        ui.label(self.panel.description).classes("panel-description")
        self._links()

    def _links_and_queries(self) -> None:
        self._links()
        if self._data is None:
            return
        self._traces_of_exemplars(self._data)
        for one in self._data.queries.targets:
            if one.query:
                with ui.element("div").classes("panel-query"):
                    ui.label(f"Query {one.target.ref_id}").classes("muted")
                    ui.label(one.query.text).classes("mono")
        span, step = self._data.queries.intervals.span, self._data.queries.intervals.step
        times = f"{format_datetime(span.start)} to {format_datetime(span.end)} UTC"
        ui.label(f"{times}, step {promql_duration(step)}").classes("muted panel-query")

    def _links(self) -> None:
        if self._data is None:
            return
        with ui.element("nav").classes("menu-list").props('aria-label="Links"'):
            for link in dashboard_links(self.panel.links, self._data.context, services().settings.runbooks):
                ui.link(link.title, link.url, new_tab=link.new_tab).classes("btn")

    def _traces_of_exemplars(self, data: PanelData) -> None:
        newest = sorted(data.exemplars, key=lambda one: -one.time)[:_TRACES_LISTED]
        if not newest:
            return
        unit = field_config(self.panel).unit
        ui.label("Traces of the newest exemplars").classes("muted panel-query")
        with ui.element("nav").classes("menu-list").props('aria-label="Traces"'):
            for one in newest:
                text = f"{format_datetime(one.time)} · {formatted(one.value, unit)}"
                ui.link(text, trace_page(one.trace_id)).classes("btn mono")


def _queried_times(queries: PanelQueries) -> dict[str, str]:
    """The queried times, for tests. For series these are the times of the first and the last point."""
    ranges = [one.query for one in queries.targets if one.query and one.query.kind == "range"]
    span = TimeSpan(ranges[0].start, ranges[0].end) if ranges else queries.intervals.span
    return {"start": f"{span.start}", "end": f"{span.end}", "step": f"{queries.intervals.step:g}"}
