"""Draws a runbook, with queries that can be run on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from nicegui import ui

from alert_sink.runbooks import Html, Runbook, RunbookLibrary
from console.query.page import QueryBlock
from console.services import services
from console.times import TimeSpan


@cache
def runbook_library() -> RunbookLibrary:
    return RunbookLibrary(services().settings.runbooks)


def draw_runbook(
    runbook: Runbook, span: Callable[[], TimeSpan], labels: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Draw everything except the title. Queries run over `span` and use these labels of an alert."""
    with ui.element("div").classes("prose"):
        for part in runbook.parts:
            if isinstance(part, Html):
                ui.html(part.html, sanitize=False)  # the renderer escapes HTML that a runbook contains
            else:
                QueryBlock(part.language, part.about(labels).text, span)
