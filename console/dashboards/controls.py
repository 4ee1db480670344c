"""Choosing the values of a dashboard's variables, and which annotations are drawn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from nicegui import ui

from console.dashboards.fields import css_color
from console.dashboards.model import Annotations
from console.dashboards.variables import ALL, ALL_TEXT, Variable
from console.timebar import button

Chosen = Callable[[Variable], Awaitable[None]]
_FILTER_FROM = 8  # options, from which on they can be searched


class VariableControl:
    """A button that says what is chosen; its menu changes it."""

    def __init__(self, variable: Variable, chosen: Chosen) -> None:
        self._variable = variable
        self._chosen = chosen
        self._marked: tuple[str, ...] = variable.chosen
        self._problem = ""
        with button("", "") as self._opener:
            self._opener.props["aria-haspopup"] = "true"
            ui.label(variable.label).classes("muted")
            self._text = ui.label(variable.about).classes("variable-text")
            ui.icon("expand_more").props('aria-hidden="true"')
            self._menu = ui.menu().props("no-parent-event max-height=70vh").on("hide", self._closed)
        self._opener.on("click", self._open)

    def update(self, variable: Variable, problem: str = "") -> None:
        """What may be chosen has changed, or could not be had."""
        self._variable, self._problem = variable, problem
        self._text.set_text(variable.about)

    def _open(self) -> None:
        self._marked = self._variable.chosen
        self._menu.clear()
        with self._menu, ui.element("div").classes("variable-menu"):
            if self._problem:
                ui.label(f"Query failed: {self._problem}").classes("bad")
            search = None
            if len(self._variable.options) >= _FILTER_FROM:
                search = ui.input(placeholder="Search").props("dense outlined autofocus")
            self._list = ui.element("div").classes("variable-options").props('role="group"')
            self._list.props["aria-label"] = self._variable.label
            if search:
                search.on_value_change(lambda event: self._fill(str(event.value or "")))
        self._fill("")
        self._menu.open()

    def _fill(self, search: str) -> None:
        known = [*self._variable.options, *(one for one in self._marked if one not in self._variable.options)]
        found = [one for one in known if search.lower() in one.lower() and one != ALL]
        self._list.clear()
        self._options: dict[str, tuple[ui.element, ui.icon]] = {}
        with self._list:
            self._option(ALL, ALL_TEXT)
            for value in found:
                self._option(value, value)
            if not found:
                ui.label("Nothing to choose: no data in this range").classes("muted")
        self._mark()

    def _option(self, value: str, text: str) -> None:
        with button("", "", lambda: self._pick(value)).classes("variable-option") as option:
            option.props["role"] = "checkbox"
            self._options[value] = (option, ui.icon("").props('aria-hidden="true"'))
            ui.label(text)

    def _mark(self) -> None:
        """Say which are chosen, in place: the one that has the focus keeps it."""
        for value, (option, icon) in self._options.items():
            marked = value in self._marked
            option.props["aria-checked"] = str(marked).lower()
            option.update()
            icon.set_name("check_box" if marked else "check_box_outline_blank")

    def _pick(self, value: str) -> None:
        if value == ALL:
            self._marked = (ALL,)
        else:
            others = tuple(one for one in self._marked if one not in (ALL, value))
            self._marked = others if value in self._marked else (*others, value)
            self._marked = self._marked or (ALL,)
        self._mark()

    async def _closed(self) -> None:
        if self._marked != self._variable.chosen:
            await self._chosen(replace(self._variable, chosen=self._marked))


def annotation_toggles(every: Sequence[Annotations], changed: Callable[[set[str]], Awaitable[None]]) -> None:
    """One button per annotation; `changed` is told which are hidden."""
    hidden: set[str] = set()

    def toggle(name: str, color: str) -> None:
        made = button("", "").classes("annotation-toggle").props('aria-pressed="true"')
        with made:
            ui.element("span").classes("swatch").style(f"background: {css_color(color)}").props('aria-hidden="true"')
            ui.label(name)

        async def press() -> None:
            hidden.symmetric_difference_update({name})
            made.props["aria-pressed"] = str(name not in hidden).lower()
            made.update()
            await changed(hidden)

        made.on("click", press)

    for one in every:
        toggle(one.name, one.color)
