"""Facets: the most frequent values of fields, with counts. A click on a value filters by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from nicegui import ui

from console.logs.search import SEVERITY, LogSearch

SERVICE: Final = "service.name"
FIELDS: Final = (
    SEVERITY, "event", "status", "error_type", SERVICE, "endpoint", "model", "tenant_id", "prompt_version",
    "finish_reason", "cache_hit", "fallback_from", "cost_source",
)  # fmt: skip
TITLES: Final = {SEVERITY: "severity", SERVICE: "service"}
VALUES_SHOWN: Final = 8

OnToggle = Callable[[str, str], Awaitable[None]]


class Facets(ui.element, component="facets.js"):
    """One group of buttons per field. `on_toggle` is awaited with field and value."""

    def __init__(self, on_toggle: OnToggle) -> None:
        super().__init__()
        self.props["groups"] = []
        self.on("toggle", lambda event: on_toggle(*map(str, event.args)))

    def show(self, values_by_field: Mapping[str, Mapping[str, int] | Exception], search: LogSearch) -> None:
        self.props["groups"] = [
            group
            for name, values in values_by_field.items()
            if (group := _group(name, values, selected_value(search, name)))
        ]
        self.update()


def selected_value(search: LogSearch, name: str) -> str | None:
    """The value that the search filters this field by; None: no filter."""
    if name == SERVICE:
        return search.service or None
    return search.fields.get(name)


def without(search: LogSearch, name: str) -> LogSearch:
    """The search for a facet's own counts: without its own filter, so that its other values are counted too."""
    return replace(search, service="") if name == SERVICE else search.without(name)


def toggled(search: LogSearch, name: str, value: str) -> LogSearch:
    """Filter by this value, or remove the filter if it is set to this value."""
    if selected_value(search, name) == value:
        return without(search, name)
    return replace(search, service=value) if name == SERVICE else search.with_field(name, value)


def _group(name: str, values: Mapping[str, int] | Exception, selected: str | None) -> dict[str, object] | None:
    if isinstance(values, Exception):
        return {"name": name, "title": TITLES.get(name, name), "values": [], "most": 0, "error": "Query failed"}
    shown: Sequence[tuple[str, int]] = list(values.items())
    if selected is not None and selected not in values:
        shown = [(selected, 0), *shown]
    if not shown:
        return None
    return {
        "name": name,
        "title": TITLES.get(name, name),
        "values": [[value, count, value == selected] for value, count in shown],
        "most": max(count for _, count in shown),
        "error": "",
    }
