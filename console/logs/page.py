"""The logs: a filter, how many lines over time, facets, and the lines themselves, as they arrive if wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from nicegui import ui

from console.address import Address
from console.fields import ChoiceField, TextField, filter_chip
from console.logs import facets
from console.logs.buckets import Bars, step_for
from console.logs.facets import Facets
from console.logs.lines import LogLines
from console.logs.question import BY, LogQuestion
from console.services import services
from console.states import failed, loading, no_data
from console.timebar import TimeBar, button
from console.times import Span, TimeRange
from stores import StoreError, Tail
from stores.logs import MOST_LINES

T = TypeVar("T")

FIRST_LINES: Final = 200
LIVE_LINES: Final = 500  # kept on the page
LOOK_EVERY_S: Final = 1.0
COUNT_EVERY_S: Final = 10.0  # histogram and facets while live
LATE_S: Final = 5.0  # a line may be found so long after its time


class LogsPage:
    """One person's view of the logs."""

    def __init__(self, address: Address, head: ui.element) -> None:
        self._question = LogQuestion.read(dict(address.parameters))
        self._limit = FIRST_LINES
        self._asked = 0  # counts questions, so that a late answer to an older one is not shown
        self._tail: Tail | None = None
        with head:
            self._live = button("Live", "Show lines as they arrive", self._toggle_live).classes("live")
            self._times = TimeBar(address, self.ask)
        self._build()
        self._looking = ui.timer(LOOK_EVERY_S, self._look, active=False, immediate=False)
        self._counting = ui.timer(COUNT_EVERY_S, self._count, active=False, immediate=False)
        ui.timer(0, self._begin, once=True)

    def _build(self) -> None:
        with ui.element("div").classes("filters").props('role="search" aria-label="Filter log lines"'):
            self._text = TextField(
                "Text in the message", self._question.text, lambda text: self._change(text=text), kind="search"
            )
            self._service = TextField("Service", self._question.service, lambda name: self._change(service=name))
            self._trace = TextField(
                "Trace id", self._question.trace_id, lambda trace_id: self._change(trace_id=trace_id), width="310px"
            )
            self._field = TextField("Field = value", "", self._add_field, hint="user_id = …")
            ChoiceField("Colours by", self._question.by, lambda by: self._change(by=by), BY)
            self._chips = ui.element("div").classes("filter-chips")
        with ui.element("div").classes("logs-grid"):
            self._facets = Facets(self._toggle)
            with ui.element("div").classes("logs-main") as self._main:
                with ui.element("section").classes("card").props('aria-label="Lines over time"'):
                    self._bars = Bars(self._zoom)
                    self._bars_state = ui.element("div")
                with ui.element("section").classes("card").props('aria-label="Log lines"'):
                    self._about = ui.label("").classes("muted number").props('role="status"')
                    self._state = ui.element("div")
                    self._lines = LogLines(chosen=self._only)
                    self._more = button("Show more", "Older lines", self._show_more)
                    self._more.visible = False
        with self._state:
            loading("Asking the log store…")
        self._show_chips()

    async def _begin(self) -> None:
        await self.ask()
        if self._question.live:
            self._set_live(True)

    # --- Asking -------------------------------------------------------------------------------------

    async def ask(self) -> None:
        """Ask everything the page shows."""
        self._asked += 1
        span = self._times.range.absolute()
        await asyncio.gather(self._ask_lines(self._asked, span), self._ask_counts(self._asked, span))

    async def _ask_lines(self, asked: int, span: Span) -> None:
        question, limit = self._question, self._limit
        try:
            lines = await services().ask(services().stores.logs.query, question.filter(span.start, span.end), limit)
        except (StoreError, ValueError) as error:
            if asked == self._asked:
                self._show_failure(error)
            return
        if asked != self._asked:
            return
        self._state.clear()
        self._lines.show(lines)
        self._lines.visible = True
        self._more.visible = len(lines) == limit < MOST_LINES
        count = f"{len(lines):,} line{'s' if len(lines) > 1 else ''}" if lines else ""
        self._about.set_text(f"The newest {count}" if len(lines) == limit else count)
        if not lines:
            with self._state:
                no_data("no line fits the filter in this range")

    def _show_failure(self, error: Exception) -> None:
        self._state.clear()
        self._lines.visible = self._more.visible = False
        self._about.set_text("")
        with self._state:
            failed(error)

    async def _count(self) -> None:
        await self._ask_counts(self._asked, self._times.range.absolute())

    async def _ask_counts(self, asked: int, span: Span) -> None:
        """Histogram and facets, all at the same time."""
        question, logs = self._question, services().stores.logs
        which = question.filter(span.start, span.end)

        def values_of(name: str) -> Awaitable[dict[str, int]]:
            others = facets.without(question, name).filter(span.start, span.end)
            return services().ask(logs.field_values, name, others, facets.VALUES_SHOWN)

        counts, values = await asyncio.gather(
            _answer(services().ask(logs.histogram, which, step_for(span.length), question.by)),
            asyncio.gather(*(_answer(values_of(name)) for name in facets.FIELDS)),
        )
        if asked != self._asked:
            return
        self._bars_state.clear()
        self._bars.visible = not isinstance(counts, Exception)
        if isinstance(counts, Exception):
            with self._bars_state:
                failed(counts)
        else:
            self._bars.show(counts)
        found = dict(zip(facets.FIELDS, values, strict=True))
        self._facets.show(found, question)
        if not isinstance(known := found[facets.SERVICE], Exception):
            self._service.suggest(list(known))

    # --- Changing what is asked ---------------------------------------------------------------------

    async def _change(self, **changed: str) -> None:
        await self._show(replace(self._question, **changed))  # type: ignore[arg-type]

    async def _add_field(self, text: str) -> None:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name:
            return
        if not equals:
            self._show_failure(ValueError(f"a field needs a value: write {name} = …; {name} = finds lines without it"))
            return
        self._field.show("")
        await self._only(name, value)

    async def _toggle(self, name: str, value: str) -> None:
        await self._show(facets.toggled(self._question, name, value))

    async def _only(self, name: str, value: str) -> None:
        if name == "trace_id":
            await self._show(replace(self._question, trace_id=value))
        elif name == "service":
            await self._show(replace(self._question, service=value))
        else:
            await self._show(self._question.with_field(name, value))

    async def _show(self, question: LogQuestion) -> None:
        self._question = question
        self._limit = FIRST_LINES
        self._times.go_asking(question.parameters())
        self._text.show(question.text)
        self._service.show(question.service)
        self._trace.show(question.trace_id)
        self._show_chips()
        was_live = self._tail is not None
        self._tail = None
        self._main.props('aria-busy="true"')
        try:
            await self.ask()
        finally:
            self._main.props('aria-busy="false"')
        if was_live:
            self._set_live(True)

    def _show_chips(self) -> None:
        self._chips.clear()
        with self._chips:
            for name, value in self._question.fields.items():
                text = f"{name} = {value}" if value else f"without {name}"
                filter_chip(text, f"Take {name} out of the filter", partial(self._toggle, name, value))

    async def _zoom(self, start: float, end: float) -> None:
        await self._times.show(TimeRange.between(start, end))

    async def _show_more(self) -> None:
        self._limit = min(MOST_LINES, self._limit * 2)
        await self._ask_lines(self._asked, self._times.range.absolute())

    # --- Live ---------------------------------------------------------------------------------------

    async def _toggle_live(self) -> None:
        live = self._tail is None
        self._question = replace(self._question, live=live)
        self._times.go_asking(self._question.parameters())
        if live and not self._times.range.is_relative:
            await self._times.show(TimeRange("now-15m"))
        elif live:
            await self.ask()
        self._set_live(live)

    def _set_live(self, live: bool) -> None:
        """Lines from now on; those that are late are looked for, too, and those that are shown come once."""
        span = self._times.range.absolute()
        which = self._question.filter(span.start, span.end)
        start = span.end - LATE_S
        self._tail = Tail(services().stores.logs, which, LOOK_EVERY_S, LATE_S, start) if live else None
        self._looking.active = self._counting.active = live
        self._live.props["aria-pressed"] = str(live).lower()
        self._live.update()

    async def _look(self) -> None:
        tail = self._tail
        if tail is None:
            return
        try:
            lines = await services().ask(tail.look)
        except (StoreError, ValueError) as error:
            if tail is self._tail:
                self._show_failure(error)
            return
        if tail is not self._tail:
            return
        if not self._lines.visible:  # it answers again
            self._state.clear()
            self._lines.visible = True
        if lines:
            self._state.clear()
            self._lines.put_first(lines, LIVE_LINES)
            self._about.set_text("Newest lines first, as they arrive")


async def _answer(asked: Awaitable[T]) -> T | StoreError | ValueError:
    """The answer, or the error that is shown in its place."""
    try:
        return await asked
    except (StoreError, ValueError) as error:
        return error
