"""Native inputs with a label. `changed` is called with the new value once it is meant: on leaving, or on Enter."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from console.timebar import button

Changed = Callable[[Any], Awaitable[None] | None]


class _Field(ui.element, component="field.js"):
    def __init__(self, kind: str, label: str, value: str | bool, changed: Changed, options: Sequence[Any]) -> None:
        super().__init__()
        self.props.update({"kind": kind, "label": label, "value": value, "options": list(options)})

        async def tell(event: GenericEventArguments) -> None:
            self.props["value"] = event.args
            answer = changed(event.args)
            if inspect.isawaitable(answer):
                await answer

        self.on("change", tell)

    def show(self, value: str | bool) -> None:
        """Show another value."""
        self.props["value"] = value
        self.update()
        self.run_method("show", value)


class TextField(_Field):
    """A line of text, with suggestions. `kind` is a type of HTML's input: text, search, number."""

    def __init__(
        self, label: str, value: str, changed: Changed, *, kind: str = "text", hint: str = "", width: str = ""
    ) -> None:
        super().__init__(kind, label, value, changed, ())
        self.props["hint"] = hint
        if width:
            self.style(f"width: {width}")

    def suggest(self, values: Sequence[str]) -> None:
        """Offer these values; any other may be typed as well."""
        self.props["options"] = list(values)
        self.update()


class ChoiceField(_Field):
    """One of some values; `options` gives what is shown for each."""

    def __init__(self, label: str, value: str, changed: Changed, options: Mapping[str, str]) -> None:
        super().__init__("choice", label, value, changed, [list(pair) for pair in options.items()])

    def offer(self, options: Mapping[str, str]) -> None:
        """Offer these instead."""
        self.props["options"] = [list(pair) for pair in options.items()]
        self.update()


class CheckField(_Field):
    """Yes or no."""

    def __init__(self, label: str, value: bool, changed: Changed) -> None:
        super().__init__("check", label, value, changed, ())


def filter_chip(text: str, hint: str, drop: Callable[[], object]) -> None:
    """A condition that has no field of its own; a click takes it out of the filter."""
    with button(text, hint, drop).classes("filter-chip"):
        ui.icon("close").props('aria-hidden="true"')
