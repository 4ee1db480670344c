"""What values fields have in the lines that are asked for, and how often; a click keeps the lines of one value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from console.logs.question import SEVERITY, LogQuestion

SERVICE: Final = "service.name"
FIELDS: Final = (
    SEVERITY, "event", "status", "error_type", SERVICE, "endpoint", "model", "tenant_id", "prompt_version",
    "finish_reason", "cache_hit", "fallback_from", "cost_source",
)  # fmt: skip
TITLES: Final = {SEVERITY: "severity", SERVICE: "service"}
VALUES_SHOWN: Final = 8

Toggled = Callable[[str, str], Awaitable[None]]


class Facets(ui.element, component="facets.js"):
    """One group of buttons per field."""

    def __init__(self, toggled: Toggled) -> None:
        super().__init__()
        self.props["groups"] = []

        async def toggle(event: GenericEventArguments) -> None:
            name, value = map(str, event.args)
            await toggled(name, value)

        self.on("toggle", toggle)

    def show(self, found: Mapping[str, Mapping[str, int] | Exception], question: LogQuestion) -> None:
        """Values of each field with their counts, or why they cannot be had."""
        self.props["groups"] = [
            group for name, values in found.items() if (group := _group(name, values, chosen_of(question, name)))
        ]
        self.update()


def chosen_of(question: LogQuestion, name: str) -> str | None:
    """The value of a field that the question asks for; None: any."""
    if name == SERVICE:
        return question.service or None
    return question.fields.get(name)


def without(question: LogQuestion, name: str) -> LogQuestion:
    """The question for a facet's own counts: other values of the same field are counted as well."""
    return replace(question, service="") if name == SERVICE else question.without(name)


def toggled(question: LogQuestion, name: str, value: str) -> LogQuestion:
    """With that value, or without where it was chosen."""
    if chosen_of(question, name) == value:
        return without(question, name)
    return replace(question, service=value) if name == SERVICE else question.with_field(name, value)


def _group(name: str, values: Mapping[str, int] | Exception, chosen: str | None) -> dict[str, object] | None:
    if isinstance(values, Exception):
        return {"name": name, "title": TITLES.get(name, name), "values": [], "most": 0, "error": "Query failed"}
    shown: Sequence[tuple[str, int]] = list(values.items())
    if chosen is not None and chosen not in values:
        shown = [(chosen, 0), *shown]
    if not shown:
        return None
    return {
        "name": name,
        "title": TITLES.get(name, name),
        "values": [[value, count, value == chosen] for value, count in shown],
        "most": max(count for _, count in shown),
        "error": "",
    }
