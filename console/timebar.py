"""Time picker and refresh picker of a page. Their state is in the page's address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from console.address import Address
from console.times import InvalidTime, TimeRange, format_datetime, parse_duration, parse_time

QUICK: Final = ("5m", "15m", "1h", "6h", "12h", "24h", "2d", "7d", "30d")
DAYS: Final = (("now/d", "now"), ("now-1d/d", "now-1d/d"))
REFRESH: Final = ("5s", "10s", "30s", "1m", "5m", "15m")
MIN_REFRESH_S: Final = 1.0

Changed = Callable[[], Awaitable[None]]


class TimeBar:
    """The time range and the refresh interval of a page.

    Create it inside a page. `changed` is awaited on another time range and on every refresh; the address is already
    updated then. Read `range` for each query. Other parts of the page change `address` with `go`.
    """

    def __init__(
        self,
        address: Address,
        changed: Changed,
        *,
        default: TimeRange | None = None,
        default_refresh: str = "",
        quick: Sequence[str] = QUICK,
        intervals: Sequence[str] = REFRESH,
    ) -> None:
        self.address = address
        self._changed = changed
        self._hidden = False
        query = dict(address.parameters)
        self.range, problem = default or TimeRange("now-1h"), ""
        try:
            self.range = TimeRange.of(query, self.range)
        except InvalidTime as error:
            problem = f"{error} Showing {self.range.text}."
        self.refresh = query.get("refresh", default_refresh)
        self._client = ui.context.client
        self._repeating: asyncio.Task[None] | None = None
        self._client.on_delete(self._stop)
        ui.on("seen", self._on_visibility)
        self._build(quick, intervals)
        self._show_problem(problem)
        self._schedule()

    async def show(self, chosen: TimeRange) -> None:
        self.range = chosen
        self._show_problem("")
        self._label.set_text(chosen.text)
        self._opener.props["aria-label"] = _label(chosen)
        self._fill()
        self.go(self.address.with_parameters(chosen.parameters()))
        await self.reload()

    def go(self, address: Address) -> None:
        self.address = address
        address.push()

    def set_parameters(self, parameters: Mapping[str, str]) -> None:
        """Put the page's own parameters in the address bar; time range and refresh interval stay."""
        kept = {name: value for name in ("from", "to", "refresh") if (value := self.address.value(name))}
        self.go(Address(self.address.path, tuple({**kept, **parameters}.items())))

    async def reload(self) -> None:
        self._refresh_button.props('aria-busy="true"')
        try:
            await self._changed()
        finally:
            self._refresh_button.props('aria-busy="false"')

    def _build(self, quick: Sequence[str], intervals: Sequence[str]) -> None:
        with ui.element("div").classes("toolbar").props('role="group" aria-label="Time range"'):
            self._problem = ui.label("").classes("bad").props('role="alert"')
            with ui.element("div").classes("group"):
                _icon("chevron_left", "Move time range backward", lambda: self.show(self.range.moved(-0.5)))
                with button("", "Time range") as self._opener:
                    self._opener.props["aria-label"] = _label(self.range)
                    ui.icon("schedule").props('aria-hidden="true"')
                    self._label = ui.label(self.range.text)
                    with ui.menu() as self._menu:
                        self._choices(quick)
                _icon("chevron_right", "Move time range forward", lambda: self.show(self.range.moved(0.5)))
                _icon("zoom_out", "Zoom out time range", lambda: self.show(self.range.zoomed_out())).classes(
                    "hide-narrow"
                )
            with ui.element("div").classes("group"):
                self._refresh_button = _icon("refresh", "Refresh", self.reload)
                known = [*intervals] if self.refresh in ("", *intervals) else [*intervals, self.refresh]
                chooser = ui.element("select").classes("input").props('aria-label="Auto refresh interval"')
                with chooser:
                    for value in ("", *known):
                        option = ui.element("option").props(f'value="{value}"')
                        if value == self.refresh:
                            option.props("selected")
                        option._text = value or "Off"
                chooser.on("change", lambda event: self._refresh_every(event.args), js_handler=_VALUE)

    def _show_problem(self, problem: str) -> None:
        self._problem.set_text(problem)
        self._problem.set_visibility(bool(problem))

    def _choices(self, quick: Sequence[str]) -> None:
        with ui.element("div").classes("time-menu"):
            with ui.element("div").classes("menu-list").props('role="menu"'):
                ranges = [TimeRange(f"now-{length}") for length in quick] + [TimeRange(*day) for day in DAYS]
                for one in ranges:
                    button(one.text, "", partial(self._choose, one)).props('role="menuitem"')
            with ui.element("div").classes("time-own"):
                self._since = ui.input("From (UTC)").props("dense outlined")
                self._until = ui.input("To (UTC)").props("dense outlined")
                self._range_problem = ui.label("").classes("bad").props('role="alert"')
                button("Apply time range", "", self._apply).classes("primary")
                ui.label("For example now-6h, now/d, 2026-11-24 14:00").classes("muted")
        self._fill()

    def _fill(self) -> None:
        """Fill the fields. Absolute times get a form that a person can edit."""
        for field, text in ((self._since, self.range.since), (self._until, self.range.until)):
            field.set_value(format_datetime(parse_time(text, 0.0)) if text.isdecimal() else text)

    async def _choose(self, chosen: TimeRange) -> None:
        self._menu.close()
        await self.show(chosen)

    async def _apply(self) -> None:
        chosen = TimeRange(str(self._since.value).strip(), str(self._until.value).strip())
        try:
            chosen.absolute()
        except InvalidTime as error:
            self._range_problem.set_text(str(error))
            return
        self._range_problem.set_text("")
        await self._choose(chosen)

    def _refresh_every(self, interval: str) -> None:
        self.refresh = interval
        self.go(self.address.with_parameters({"refresh": interval}))
        self._schedule()

    async def _on_visibility(self, event: GenericEventArguments) -> None:
        """A hidden tab does not refresh until a person sees it again."""
        self._hidden = not event.args
        was_repeating = self._repeating is not None
        self._schedule()
        if self._repeating and not was_repeating:
            await self.reload()

    def _schedule(self) -> None:
        every = 0.0
        with suppress(InvalidTime):
            every = parse_duration(self.refresh)
        self._stop()
        if every and not self._hidden:
            self._repeating = background_tasks.create(self._repeat(max(every, MIN_REFRESH_S)))

    def _stop(self) -> None:
        if self._repeating:
            self._repeating.cancel()
        self._repeating = None

    async def _repeat(self, every_s: float) -> None:
        """Not a ui.timer: that goes on sleeping after its page was closed, and keeps the page in memory."""
        while True:
            await asyncio.sleep(every_s)
            await asyncio.wait([background_tasks.create(self._reload_in_page())])  # is not cancelled with this task

    async def _reload_in_page(self) -> None:
        with self._client:
            await self.reload()


def _label(shown: TimeRange) -> str:
    return f"Time range: {shown.text}"


_VALUE: Final = "(event) => emit(event.target.value)"


def button(text: str, hint: str = "", act: Callable[[], object] | None = None) -> ui.element:
    """A plain button. `hint` is its tooltip, and the accessible name of a button without text."""
    made = ui.element("button").classes("btn").props('type="button"')
    if hint:
        made.props["title"] = hint
    if act:
        made.on("click", act)
    if text:
        with made:
            ui.label(text)
    elif hint:
        made.props["aria-label"] = hint
    return made


def _icon(name: str, hint: str, act: Callable[[], object]) -> ui.element:
    made = button("", hint, act).classes("icon")
    with made:
        ui.icon(name).props('aria-hidden="true"')
    return made
