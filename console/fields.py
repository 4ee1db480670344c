"""Native inputs with a label. A refresh of the page does not overwrite a text that is being typed.

`on_change` gets the new value when a person leaves the input or presses Enter.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from console.timebar import button

OnChange = Callable[[Any], Awaitable[None] | None]


class _Field(ui.element, component="field.js"):
    def __init__(self, kind: str, label: str, value: str | bool, on_change: OnChange, options: Sequence[Any]) -> None:
        super().__init__()
        self.props.update({"kind": kind, "label": label, "value": value, "options": list(options)})

        def handle(event: GenericEventArguments) -> Awaitable[None] | None:
            self.props["value"] = event.args
            return on_change(event.args)

        self.on("change", handle)

    def show(self, value: str | bool) -> None:
        self.props["value"] = value
        self.update()
        self.run_method("show", value)


class TextField(_Field):
    """A line of text with suggestions. `kind` is the type of the HTML input: text, search, number."""

    def __init__(
        self, label: str, value: str, on_change: OnChange, *, kind: str = "text", hint: str = "", width: str = ""
    ) -> None:
        super().__init__(kind, label, value, on_change, ())
        self.props["hint"] = hint
        if width:
            self.style(f"width: {width}")

    def suggest(self, values: Sequence[str]) -> None:
        self.props["options"] = list(values)
        self.update()


class ChoiceField(_Field):
    """A select. `options` has the shown text by value."""

    def __init__(self, label: str, value: str, on_change: OnChange, options: Mapping[str, str]) -> None:
        super().__init__("choice", label, value, on_change, [list(pair) for pair in options.items()])

    def offer(self, options: Mapping[str, str]) -> None:
        self.props["options"] = [list(pair) for pair in options.items()]
        self.update()


class CheckField(_Field):
    def __init__(self, label: str, value: bool, on_change: OnChange) -> None:
        super().__init__("check", label, value, on_change, ())


def filter_chip(text: str, hint: str, on_remove: Callable[[], object]) -> None:
    with button(text, hint, on_remove).classes("filter-chip"):
        ui.icon("close").props('aria-hidden="true"')
