"""A dashboard's toolbar: buttons that select the values of variables, and buttons that hide annotations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from nicegui import ui

from console.dashboards.field_config import css_color
from console.dashboards.model import AnnotationQuery
from console.dashboards.variables import ALL, ALL_TEXT, Variable
from console.timebar import button

OnSelect = Callable[[Variable], Awaitable[None]]
_SEARCH_FROM = 8  # options from which on the menu has a search field


class VariableControl:
    """A button with the selected values of a variable. Its menu selects other values."""

    def __init__(self, variable: Variable, on_select: OnSelect) -> None:
        self._variable = variable
        self._on_select = on_select
        self._checked: tuple[str, ...] = variable.selected
        self._problem = ""
        with button("", "") as self._opener:
            self._opener.props["aria-haspopup"] = "true"
            ui.label(variable.label).classes("muted")
            self._text = ui.label(variable.text).classes("variable-text")
            ui.icon("expand_more").props('aria-hidden="true"')
            self._menu = ui.menu().props("no-parent-event max-height=70vh").on("hide", self._on_close)
        self._opener.on("click", self._open)

    def update(self, variable: Variable, problem: str = "") -> None:
        """Show other options or values; `problem` says why the options are missing."""
        self._variable, self._problem = variable, problem
        self._text.set_text(variable.text)

    def _open(self) -> None:
        self._checked = self._variable.selected
        self._menu.clear()
        with self._menu, ui.element("div").classes("variable-menu"):
            if self._problem:
                ui.label(f"Query failed: {self._problem}").classes("bad")
            search = None
            if len(self._variable.options) >= _SEARCH_FROM:
                search = ui.input(placeholder="Search").props("dense outlined autofocus")
            self._list = ui.element("div").classes("variable-options").props('role="group"')
            self._list.props["aria-label"] = self._variable.label
            if search:
                search.on_value_change(lambda event: self._fill(str(event.value or "")))
        self._fill("")
        self._menu.open()

    def _fill(self, search: str) -> None:
        options = self._variable.options
        known = [*options, *(value for value in self._checked if value not in options)]
        found = [value for value in known if search.lower() in value.lower() and value != ALL]
        self._list.clear()
        self._options: dict[str, tuple[ui.element, ui.icon]] = {}
        with self._list:
            self._option(ALL, ALL_TEXT)
            for value in found:
                self._option(value, value)
            if not found:
                ui.label("No options found").classes("muted")
        self._update_checks()

    def _option(self, value: str, text: str) -> None:
        with button("", "", lambda: self._toggle(value)).classes("variable-option") as option:
            option.props["role"] = "checkbox"
            self._options[value] = (option, ui.icon("").props('aria-hidden="true"'))
            ui.label(text)

    def _update_checks(self) -> None:
        """In place, so that the keyboard focus stays where it is."""
        for value, (option, icon) in self._options.items():
            checked = value in self._checked
            option.props["aria-checked"] = str(checked).lower()
            option.update()
            icon.set_name("check_box" if checked else "check_box_outline_blank")

    def _toggle(self, value: str) -> None:
        if value == ALL:
            self._checked = (ALL,)
        else:
            others = tuple(one for one in self._checked if one not in (ALL, value))
            self._checked = others if value in self._checked else (*others, value)
            self._checked = self._checked or (ALL,)
        self._update_checks()

    async def _on_close(self) -> None:
        if self._checked != self._variable.selected:
            await self._on_select(replace(self._variable, selected=self._checked))


def annotation_toggles(annotations: Sequence[AnnotationQuery], on_change: Callable[[set[str]], None]) -> None:
    """One button per annotation query. `on_change` gets the names of the hidden annotations."""
    hidden: set[str] = set()

    def add(name: str, color: str) -> None:
        toggle = button("", "").classes("annotation-toggle").props('aria-pressed="true"')
        with toggle:
            ui.element("span").classes("swatch").style(f"background: {css_color(color)}").props('aria-hidden="true"')
            ui.label(name)

        def press() -> None:
            hidden.symmetric_difference_update({name})
            toggle.props["aria-pressed"] = str(name not in hidden).lower()
            toggle.update()
            on_change(hidden)

        toggle.on("click", press)

    for annotation in annotations:
        add(annotation.name, annotation.color)
