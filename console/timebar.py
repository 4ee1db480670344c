"""Time range and refresh: the controls, and the state in a page's address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from console.address import Address
from console.times import BadTime, TimeRange, clock, moment, seconds

QUICK: Final = ("5m", "15m", "1h", "6h", "12h", "24h", "2d", "7d", "30d")
DAYS: Final = (("now/d", "now"), ("now-1d/d", "now-1d/d"))
REFRESH: Final = ("5s", "10s", "30s", "1m", "5m", "15m")
LEAST_REFRESH_S: Final = 1.0

Changed = Callable[[], Awaitable[None]]


class TimeBar:
    """Which range is shown, and how often it is asked again.

    Build it inside a page; `changed` is awaited when a person chooses another range, and on every refresh. The
    address follows by itself. Read `range` (and `address`, which other parts of the page may change) when asking.
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
        except BadTime as error:
            problem = f"{error} Shown instead: {self.range.about}."
        self.refresh = query.get("refresh", default_refresh)
        self._client = ui.context.client
        self._repeating: asyncio.Task[None] | None = None
        self._client.on_delete(self._stop)
        ui.on("seen", self._seen)
        self._build(quick, intervals)
        self._complain(problem)
        self._schedule()

    async def show(self, chosen: TimeRange) -> None:
        """Show another range."""
        self.range = chosen
        self._complain("")
        self._label.set_text(chosen.about)
        self._opener.props["aria-label"] = _spoken(chosen)
        self._fill()
        self.go(self.address.with_parameters(chosen.parameters()))
        await self.reload()

    def go(self, address: Address) -> None:
        """Show another state of the page in the address bar."""
        self.address = address
        address.push()

    def go_asking(self, parameters: Mapping[str, str]) -> None:
        """Show what the page asks now in the address bar, beside what this bar says."""
        kept = {name: value for name in ("from", "to", "refresh") if (value := self.address.value(name))}
        self.go(Address(self.address.path, tuple({**kept, **parameters}.items())))

    async def reload(self) -> None:
        """Ask again."""
        self._again.props('aria-busy="true"')
        try:
            await self._changed()
        finally:
            self._again.props('aria-busy="false"')

    def _build(self, quick: Sequence[str], intervals: Sequence[str]) -> None:
        with ui.element("div").classes("toolbar").props('role="group" aria-label="Time range"'):
            self._problem = ui.label("").classes("bad").props('role="alert"')
            with ui.element("div").classes("group"):
                _icon("chevron_left", "Earlier", lambda: self.show(self.range.moved(-0.5)))
                with button("", "Time range") as self._opener:
                    self._opener.props["aria-label"] = _spoken(self.range)
                    ui.icon("schedule").props('aria-hidden="true"')
                    self._label = ui.label(self.range.about)
                    with ui.menu() as self._menu:
                        self._choices(quick)
                _icon("chevron_right", "Later", lambda: self.show(self.range.moved(0.5)))
                _icon("zoom_out", "Zoom out", lambda: self.show(self.range.zoomed_out()), narrow=False)
            with ui.element("div").classes("group"):
                self._again = _icon("refresh", "Ask again", self.reload)
                known = [*intervals] if self.refresh in ("", *intervals) else [*intervals, self.refresh]
                chooser = ui.element("select").classes("input").props('aria-label="Refresh every"')
                with chooser:
                    for value in ("", *known):
                        option = ui.element("option").props(f'value="{value}"')
                        if value == self.refresh:
                            option.props("selected")
                        option._text = value or "Off"
                chooser.on("change", lambda event: self._refresh_every(event.args), js_handler=_VALUE)

    def _complain(self, problem: str) -> None:
        self._problem.set_text(problem)
        self._problem.set_visibility(bool(problem))

    def _choices(self, quick: Sequence[str]) -> None:
        with ui.element("div").classes("time-menu"):
            with ui.element("div").classes("menu-list").props('role="menu"'):
                ranges = [TimeRange(f"now-{length}") for length in quick] + [TimeRange(*day) for day in DAYS]
                for one in ranges:
                    button(one.about, "", partial(self._choose, one)).props('role="menuitem"')
            with ui.element("div").classes("time-own"):
                self._since = _text("From (UTC)")
                self._until = _text("To (UTC)")
                self._said = ui.label("").classes("bad").props('role="alert"')
                button("Apply", "", self._apply).classes("primary")
                ui.label("now-6h, now/d, 2026-11-24 14:00").classes("muted")
        self._fill()

    def _fill(self) -> None:
        """Absolute times as a clock says them, so that they can be changed."""
        for field, text in ((self._since, self.range.since), (self._until, self.range.until)):
            field.set_value(clock(moment(text, 0.0)) if text.isdecimal() else text)

    async def _choose(self, chosen: TimeRange) -> None:
        self._menu.close()
        await self.show(chosen)

    async def _apply(self) -> None:
        chosen = TimeRange(str(self._since.value).strip(), str(self._until.value).strip())
        try:
            chosen.absolute()
        except BadTime as error:
            self._said.set_text(str(error))
            return
        self._said.set_text("")
        await self._choose(chosen)

    def _refresh_every(self, interval: str) -> None:
        self.refresh = interval
        self.go(self.address.with_parameters({"refresh": interval}))
        self._schedule()

    async def _seen(self, event: GenericEventArguments) -> None:
        """Nobody looks at a hidden tab: it asks nothing until it is seen again."""
        self._hidden = not event.args
        was_repeating = self._repeating is not None
        self._schedule()
        if self._repeating and not was_repeating:
            await self.reload()

    def _schedule(self) -> None:
        try:
            every = seconds(self.refresh) if self.refresh else 0.0
        except BadTime:
            every = 0.0
        self._stop()
        if every and not self._hidden:
            self._repeating = background_tasks.create(self._repeat(max(every, LEAST_REFRESH_S)))

    def _stop(self) -> None:
        if self._repeating:
            self._repeating.cancel()
        self._repeating = None

    async def _repeat(self, every_s: float) -> None:
        """Not ui.timer: that sleeps on after its page was closed or another interval was chosen, and holds the page."""
        while True:
            await asyncio.sleep(every_s)
            await asyncio.wait([background_tasks.create(self._reload_there())])  # goes on where this is cancelled

    async def _reload_there(self) -> None:
        with self._client:
            await self.reload()


def _spoken(shown: TimeRange) -> str:
    return f"Time range: {shown.about}"


_VALUE: Final = "(event) => emit(event.target.value)"


def button(text: str, hint: str = "", act: Callable[[], object] | None = None) -> ui.element:
    """A plain button; `hint` is its tooltip and its name for those who cannot see it."""
    made = ui.element("button").classes("btn").props('type="button"')
    if hint:
        made.props["aria-label" if not text else "title"] = hint
        if not text:
            made.props["title"] = hint
    if act:
        made.on("click", act)
    if text:
        with made:
            ui.label(text)
    return made


def _icon(name: str, hint: str, act: Callable[[], object], *, narrow: bool = True) -> ui.element:
    made = button("", hint, act).classes("icon")
    if not narrow:
        made.classes("hide-narrow")
    with made:
        ui.icon(name).props('aria-hidden="true"')
    return made


def _text(label: str) -> ui.input:
    return ui.input(label).props("dense outlined")
