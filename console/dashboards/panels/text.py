"""Text that the dashboard carries, as Markdown without any HTML of its own."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt
from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context
from console.dashboards.variables import written_plain

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


class Text:
    """A text; variables in it are escaped like the text itself."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._place = ui.element("div").classes("text-panel")

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        content = str(self._context.panel.options.get("content") or "")
        self._place.clear()
        with self._place:
            ui.html(rendered(written_plain(content, answer.shown.variables)), sanitize=True)


def rendered(text: str) -> str:
    """HTML of Markdown; tags in the text are shown as they are written."""
    return str(_MARKDOWN.render(text))
