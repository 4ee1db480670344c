"""Renders runbooks, for the sink's pages and the console's: text as HTML, and between it the queries to run.

Markdown-it makes the HTML. HTML that a runbook itself contains is shown as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

INTRODUCTION: Final = "README"
LANGUAGES: Final = ("promql", "logsql", "traceql")  # of queries that can be run
EXAMPLES: Final = {"service": "demo-app", "model": "gpt-4o"}  # values that runbooks write in their queries, by label
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,99}")


@dataclass(frozen=True)
class Html:
    html: str


@dataclass(frozen=True)
class Query:
    """A query of a runbook. Each page shows queries in its own way."""

    language: str
    text: str

    def about(self, labels: Mapping[str, str]) -> Query:
        """The same query with the labels of an alert in place of the runbook's example values."""
        text = self.text
        for label, example in EXAMPLES.items():
            if labels.get(label):
                escaped = json.dumps(labels[label], ensure_ascii=False)[1:-1]  # all three languages quote alike
                pieces = re.split(rf"(?<![\w-]){re.escape(example)}(?![\w-])", text)
                text = escaped.join(pieces)
        return replace(self, text=text)


@dataclass(frozen=True)
class Runbook:
    name: str
    title: str
    lead: str  # its first paragraph, as plain text
    sections: tuple[tuple[str, str], ...]  # anchor and heading
    parts: tuple[Html | Query, ...]  # all but the title, in order


class RunbookLibrary:
    """The runbooks of a folder: `<Alert>.md` and the introduction, README.md. Files are read anew each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
        for rule in (_heading_ids, _links):
            self._markdown.core.ruler.push(rule.__name__, rule)
        self._markdown.add_render_rule("table_open", lambda *_: '<div class="wide"><table>\n')
        self._markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")

    def names(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob("*.md") if path.stem != INTRODUCTION)

    def runbook(self, name: str) -> Runbook | None:
        if not _NAME.fullmatch(name):
            return None
        try:
            text = (self._folder / f"{name}.md").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return self._rendered(name, self._markdown.parse(text))

    def all(self) -> list[Runbook]:
        found = (self.runbook(name) for name in self.names())
        return [runbook for runbook in found if runbook is not None]

    def introduction(self) -> Runbook | None:
        return self.runbook(INTRODUCTION)

    def _rendered(self, name: str, tokens: Sequence[Token]) -> Runbook:
        title = name
        if len(tokens) > 2 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
            title, tokens = _plain_text(tokens[1]), tokens[3:]
        sections = tuple(
            (slug(inline.content), _plain_text(inline))
            for token, inline in pairwise(tokens)
            if token.type == "heading_open" and token.tag == "h2"
        )
        paragraphs = (_plain_text(inline) for token, inline in pairwise(tokens) if token.type == "paragraph_open")
        return Runbook(name, title, next(paragraphs, ""), sections, tuple(self._parts(tokens)))

    def _parts(self, tokens: Sequence[Token]) -> Iterator[Html | Query]:
        start = 0
        for index, token in enumerate(tokens):
            language = token.info.strip()
            if token.type == "fence" and token.level == 0 and language in LANGUAGES:
                yield from self._html(tokens[start:index])
                yield Query(language, token.content.strip())
                start = index + 1
        yield from self._html(tokens[start:])

    def _html(self, tokens: Sequence[Token]) -> Iterator[Html]:
        if tokens:
            yield Html(str(self._markdown.renderer.render(tokens, self._markdown.options, {})))


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _plain_text(inline: Token) -> str:
    return "".join(
        child.content or " " for child in inline.children or () if child.type in ("text", "code_inline", "softbreak")
    )


def _heading_ids(state: Any) -> None:
    for token, inline in pairwise(state.tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(inline.content))


def _links(state: Any) -> None:
    """`Name.md` of GitHub is `/runbooks/Name` here. Other servers open in a new tab, and get no referrer."""
    for token in state.tokens:
        for link in token.children or ():
            if link.type != "link_open":
                continue
            address = str(link.attrGet("href"))
            link.attrSet("href", re.sub(r"^(\w+)\.md(#|$)", r"/runbooks/\1\2", address))
            if "://" in address:
                link.attrSet("target", "_blank")
                link.attrSet("rel", "noopener noreferrer")
