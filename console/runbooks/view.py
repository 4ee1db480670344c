"""A runbook on a page, its queries ready to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from nicegui import ui

from alert_sink.runbooks import Html, Runbook, RunbookLibrary
from console.query.block import QueryBlock
from console.services import services
from console.times import Span


@cache
def shelf() -> RunbookLibrary:
    """The runbooks of this console."""
    return RunbookLibrary(services().settings.runbooks)


def show(runbook: Runbook, span: Callable[[], Span], labels: Mapping[str, str] = MappingProxyType({})) -> None:
    """All of it but its title; queries run over `span`, and are about the alert with these labels."""
    with ui.element("div").classes("prose"):
        for part in runbook.parts:
            if isinstance(part, Html):
                # Our own files, rendered without any HTML of theirs.
                ui.html(part.html, sanitize=False)
            else:
                QueryBlock(part.language, part.about(labels).text, span)
