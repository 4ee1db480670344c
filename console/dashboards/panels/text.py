"""Text that the dashboard carries: Markdown without any HTML of its own, HTML as far as it is harmless, or as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape

from markdown_it import MarkdownIt
from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context
from console.dashboards.variables import Variable, written_plain

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_SCRIPT = re.compile(r"<(?=/?script)", re.IGNORECASE)  # NiceGUI takes no HTML with a script in it: it is shown


class Text:
    """A text; variables in it are text, whatever is around them."""

    def __init__(self, context: Context) -> None:
        self._options = context.panel.options
        self._place = ui.element("div").classes("text-panel")

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        content, variables = str(self._options.get("content") or ""), answer.shown.variables
        self._place.clear()
        with self._place:
            match self._options.get("mode"):
                case "html":  # the browser takes out what could run
                    text = written_plain(content, [_escaped(one) for one in variables])
                    ui.html(_SCRIPT.sub("&lt;", text), sanitize=True)
                case "code":
                    ui.label(written_plain(content, variables)).classes("text-code mono")
                case _:
                    ui.html(rendered(written_plain(content, variables)), sanitize=True)


def rendered(text: str) -> str:
    """HTML of Markdown; tags in the text are shown as they are written."""
    return str(_MARKDOWN.render(text))


def _escaped(variable: Variable) -> Variable:
    chosen, options = (tuple(map(escape, values)) for values in (variable.chosen, variable.options))
    return replace(variable, chosen=chosen, options=options)
