"""`/logs`: filter, histogram over time, field values with counts, and log lines, live if wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from nicegui import ui
from starlette.requests import Request

from console.address import Address
from console.fields import ChoiceField, TextField, filter_chip
from console.logs import facets
from console.logs.facets import Facets
from console.logs.histogram import LogHistogram, step_for
from console.logs.lines import LogLines
from console.logs.search import COLOR_FIELDS, LogSearch
from console.services import services
from console.shell import page_frame, style_sheet
from console.states import ResultArea, failed
from console.timebar import TimeBar, button
from console.times import TimeRange, TimeSpan
from stores import StoreError, Tail
from stores.logs import MOST_LINES

T = TypeVar("T")

FIRST_LINES: Final = 200  # loaded at first; "Show more" doubles it
LIVE_LINES: Final = 500  # kept on the page while live
TAIL_EVERY_S: Final = 1.0
COUNT_EVERY_S: Final = 10.0  # histogram and facets, while live
LATE_S: Final = 5.0  # the store may return a line this long after the line's own time


def register() -> None:
    @ui.page("/logs")
    def logs(request: Request) -> None:
        style_sheet("records.css")
        with page_frame("Logs", active="logs") as head:
            LogsPage(Address.of(request), head)


class LogsPage:
    def __init__(self, address: Address, head: ui.element) -> None:
        self._search = LogSearch.read(dict(address.parameters))
        self._limit = FIRST_LINES
        self._tail: Tail | None = None
        with head:
            self._live = button("Live", "Show new lines as they arrive", self._toggle_live).classes("live")
            self._times = TimeBar(address, self.load)
        self._build()
        self._tail_timer = ui.timer(TAIL_EVERY_S, self._load_tail, active=False, immediate=False)
        self._count_timer = ui.timer(COUNT_EVERY_S, self._reload_counts, active=False, immediate=False)
        ui.timer(0, self._begin, once=True)

    def _build(self) -> None:
        search = self._search
        with ui.element("div").classes("filters").props('role="search" aria-label="Filter log lines"'):
            self._text = TextField("Search", search.text, lambda text: self._change(text=text), kind="search")
            self._service = TextField("Service", search.service, lambda name: self._change(service=name))
            self._trace = TextField(
                "Trace ID", search.trace_id, lambda trace_id: self._change(trace_id=trace_id), width="310px"
            )
            self._field = TextField("Field = value", "", self._add_field, hint="user_id = …")
            ChoiceField("Colour by", search.color_by, lambda name: self._change(color_by=name), COLOR_FIELDS)
            self._chips = ui.element("div").classes("filter-chips")
        with ui.element("div").classes("logs-grid"):
            self._facets = Facets(self._toggle)
            with ui.element("div").classes("logs-main") as self._main:
                with ui.element("section").classes("card").props('aria-label="Lines over time"'):
                    self._histogram = LogHistogram(self._zoom)
                    self._histogram_error = ui.element("div")
                with ui.element("section").classes("card").props('aria-label="Log lines"'):
                    self._note = ui.label("").classes("muted number").props('role="status"')
                    self._results = ResultArea("Searching logs…")
                    self._lines = LogLines(on_filter=self._filter_by)
                    self._more = button("Show more", "Show older lines", self._show_more)
                    self._more.visible = False
                    self._results.contain(self._lines)
        self._show_chips()

    async def _begin(self) -> None:
        await self.load()
        if self._search.live:
            self._set_live(True)

    # --- Queries ------------------------------------------------------------------------------------

    async def load(self) -> None:
        number = self._results.begin_query()
        span = self._times.range.absolute()
        await asyncio.gather(self._load_lines(number, span), self._load_counts(number, span))

    async def _load_lines(self, number: int, span: TimeSpan) -> None:
        search, limit = self._search, self._limit
        try:
            lines = await services().ask(services().stores.logs.query, search.filter(span.start, span.end), limit)
        except (StoreError, ValueError) as error:
            if self._results.is_newest(number):
                self._show_error(error)
            return
        if not self._results.is_newest(number):
            return
        self._lines.show(lines)
        count = f"{len(lines):,} line{'s' if len(lines) > 1 else ''}" if lines else ""
        self._note.set_text(f"The newest {count}" if len(lines) == limit else count)
        self._more.visible = len(lines) == limit < MOST_LINES
        if lines:
            self._results.show_results()
        else:
            self._results.show_no_data("no log lines match the filter in this time range")

    def _show_error(self, error: Exception) -> None:
        self._note.set_text("")
        self._more.visible = False
        self._results.show_error(error)

    async def _reload_counts(self) -> None:
        await self._load_counts(self._results.query_number, self._times.range.absolute())

    async def _load_counts(self, number: int, span: TimeSpan) -> None:
        search, logs = self._search, services().stores.logs
        log_filter = search.filter(span.start, span.end)

        def values_of(name: str) -> Awaitable[dict[str, int]]:
            others = facets.without(search, name).filter(span.start, span.end)
            return services().ask(logs.field_values, name, others, facets.VALUES_SHOWN)

        counts, values = await asyncio.gather(
            _result_or_error(services().ask(logs.histogram, log_filter, step_for(span.length), search.color_by)),
            asyncio.gather(*(_result_or_error(values_of(name)) for name in facets.FIELDS)),
        )
        if not self._results.is_newest(number):
            return
        self._histogram_error.clear()
        self._histogram.visible = not isinstance(counts, Exception)
        if isinstance(counts, Exception):
            with self._histogram_error:
                failed(counts)
        else:
            self._histogram.show(counts)
        values_by_field = dict(zip(facets.FIELDS, values, strict=True))
        self._facets.show(values_by_field, search)
        if not isinstance(known := values_by_field[facets.SERVICE], Exception):
            self._service.suggest(list(known))

    # --- Changes of the search ----------------------------------------------------------------------

    async def _change(self, **changed: str) -> None:
        await self._run(replace(self._search, **changed))  # type: ignore[arg-type]

    async def _add_field(self, text: str) -> None:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name:
            return
        if not equals:
            self._show_error(ValueError(f"enter a value: {name} = …, or {name} = to find lines without this field"))
            return
        self._field.show("")
        await self._filter_by(name, value)

    async def _toggle(self, name: str, value: str) -> None:
        await self._run(facets.toggled(self._search, name, value))

    async def _filter_by(self, name: str, value: str) -> None:
        if name == "trace_id":
            await self._run(replace(self._search, trace_id=value))
        elif name == "service":
            await self._run(replace(self._search, service=value))
        else:
            await self._run(self._search.with_field(name, value))

    async def _run(self, search: LogSearch) -> None:
        self._search = search
        self._limit = FIRST_LINES
        self._times.set_parameters(search.parameters())
        self._text.show(search.text)
        self._service.show(search.service)
        self._trace.show(search.trace_id)
        self._show_chips()
        was_live = self._tail is not None
        self._tail = None
        self._main.props('aria-busy="true"')
        try:
            await self.load()
        finally:
            self._main.props('aria-busy="false"')
        if was_live:
            self._set_live(True)

    def _show_chips(self) -> None:
        self._chips.clear()
        with self._chips:
            for name, value in self._search.fields.items():
                text = f"{name} = {value}" if value else f"without {name}"
                filter_chip(text, f"Remove the filter on {name}", partial(self._toggle, name, value))

    async def _zoom(self, start: float, end: float) -> None:
        await self._times.show(TimeRange.between(start, end))

    async def _show_more(self) -> None:
        self._limit = min(MOST_LINES, self._limit * 2)
        await self._load_lines(self._results.query_number, self._times.range.absolute())

    # --- Live tail ----------------------------------------------------------------------------------

    async def _toggle_live(self) -> None:
        live = self._tail is None
        self._search = replace(self._search, live=live)
        self._times.set_parameters(self._search.parameters())
        if live and not self._times.range.is_relative:
            await self._times.show(TimeRange("now-15m"))
        elif live:
            await self.load()
        self._set_live(live)

    def _set_live(self, live: bool) -> None:
        """The tail begins LATE_S in the past, to find late lines too; lines that are already shown are not repeated."""
        span = self._times.range.absolute()
        log_filter = self._search.filter(span.start, span.end)
        start = span.end - LATE_S
        self._tail = Tail(services().stores.logs, log_filter, TAIL_EVERY_S, LATE_S, start) if live else None
        self._tail_timer.active = self._count_timer.active = live
        self._live.props["aria-pressed"] = str(live).lower()
        self._live.update()

    async def _load_tail(self) -> None:
        tail = self._tail
        if tail is None:
            return
        try:
            lines = await services().ask(tail.poll)
        except (StoreError, ValueError) as error:
            if tail is self._tail:
                self._show_error(error)
            return
        if tail is not self._tail:
            return
        if lines or self._results.has_failed:  # after an error, the store answers again
            self._results.show_results()
        if lines:
            self._lines.prepend(lines, LIVE_LINES)
            self._note.set_text("Live, newest lines first")


async def _result_or_error(query: Awaitable[T]) -> T | StoreError | ValueError:
    try:
        return await query
    except (StoreError, ValueError) as error:
        return error
