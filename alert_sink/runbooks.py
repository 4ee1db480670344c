"""Renders runbooks: Markdown without any HTML of its own, and a link under each query that runs it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from alert_sink.links import Links
from alert_sink.shown_queries import NotShown, log_filter, trace_filter

INTRODUCTION = "README"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,99}")


def markdown() -> MarkdownIt:
    """Reads runbooks: no HTML of their own, headings that can be linked to, links to other runbooks, wide tables."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.core.ruler.push("heading_ids", _heading_ids)
    reader.core.ruler.push("runbook_links", _runbook_links)
    reader.add_render_rule("table_open", lambda *_: '<div class="wide"><table>\n')
    reader.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return reader


class RunbookFiles:
    """The files `<Alert>.md` of a folder, and its README.md. They are read anew each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Alerts that have a runbook, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.md") if path.stem != INTRODUCTION)

    def text(self, name: str) -> str | None:
        """The runbook of alert `name`, or the introduction; None if there is none."""
        if not _NAME.fullmatch(name):
            return None
        try:
            return (self._folder / f"{name}.md").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None


class Runbooks:
    """Runbooks as the sink shows them: a link below each query that runs it."""

    def __init__(self, folder: Path, links: Links, *, grafana: bool) -> None:
        self._files = RunbookFiles(folder)
        self._links = links
        self._grafana = grafana
        self._markdown = markdown()
        self._markdown.add_render_rule("fence", lambda _, *token: self._fence(*token))

    def names(self) -> list[str]:
        """Alerts that have a runbook, sorted."""
        return self._files.names()

    def html(self, name: str) -> Markup | None:
        """The runbook of alert `name`, or the introduction; None if there is none."""
        text = self._files.text(name)
        return None if text is None else Markup(self._markdown.render(text))  # noqa: S704 - it has no HTML but ours

    def _fence(self, tokens: Sequence[Token], index: int, options: object, environment: object) -> str:
        language, text = tokens[index].info.strip(), tokens[index].content.strip()
        try:
            text, link, where = self._query(language, text)
        except NotShown:
            link = where = ""
        shown = f'<pre class="{escape(language)}"><code>{escape(text)}</code></pre>'
        return f'{shown}<p class="run"><a href="{escape(link)}">{where}</a></p>\n' if link else f"{shown}\n"

    def _query(self, language: str, text: str) -> tuple[str, str, str]:
        """The query for the stores that run, a link to its answer, and what the link says."""
        if language == "promql":
            return text, self._links.query(text), "Ask Prometheus"
        if language == "logsql":
            lines = log_filter(text)
            return lines.logql() if self._grafana else text, self._links.logs(lines), "Show log lines"
        if language == "traceql":
            return text, self._links.traces(trace_filter(text)), "Search traces"
        return text, "", ""


def slug(text: str) -> str:
    """What GitHub calls a heading in a link."""
    return re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")


def _heading_ids(state: Any) -> None:
    for token, inside in zip(state.tokens, state.tokens[1:], strict=False):
        if token.type == "heading_open":
            token.attrSet("id", slug(inside.content))


def _runbook_links(state: Any) -> None:
    """On GitHub a runbook is `Name.md`, here it is `/runbooks/Name`."""
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", re.sub(r"^(\w+)\.md(#|$)", r"/runbooks/\1\2", str(child.attrGet("href"))))
