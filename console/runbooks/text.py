"""A runbook in parts: text as HTML that markdown-it-py made (HTML of the file's own is text), and queries."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from alert_sink.runbooks import INTRODUCTION, RunbookFiles, markdown, slug

LANGUAGES = ("promql", "logsql", "traceql")  # of queries that run here
EXAMPLES = {"service": "demo-app", "model": "gpt-4o"}  # what runbooks write for those of the reader


@dataclass(frozen=True)
class Html:
    """Rendered text."""

    html: str


@dataclass(frozen=True)
class Query:
    """A query that runs in its place."""

    language: str
    text: str

    def about(self, labels: Mapping[str, str]) -> Query:
        """The same query about an alert with these labels, where the runbook has an example."""
        text = self.text
        for label, example in EXAMPLES.items():
            if labels.get(label):
                inside = json.dumps(labels[label], ensure_ascii=False)[1:-1]  # quoted alike in all three languages
                pieces = re.split(rf"(?<![\w-]){re.escape(example)}(?![\w-])", text)
                text = inside.join(pieces)
        return replace(self, text=text)


@dataclass(frozen=True)
class Runbook:
    """One runbook."""

    name: str
    title: str
    lead: str  # its first paragraph, as text
    sections: tuple[tuple[str, str], ...]  # anchor and heading
    parts: tuple[Html | Query, ...]  # without the title


class RunbookLibrary:
    """The runbooks of a folder."""

    def __init__(self, files: RunbookFiles) -> None:
        self._files = files
        self._markdown = markdown()
        self._markdown.core.ruler.push("links_outwards", _links_outwards)

    def names(self) -> list[str]:
        """Alerts that have a runbook, sorted."""
        return self._files.names()

    def runbook(self, name: str) -> Runbook | None:
        """The runbook of alert `name`, or the introduction; None if there is none."""
        text = self._files.text(name)
        return None if text is None else _runbook(name, self._markdown, text)

    def all(self) -> list[Runbook]:
        """Every alert's."""
        found = (self.runbook(name) for name in self.names())
        return [one for one in found if one is not None]

    def introduction(self) -> Runbook | None:
        """The steps that every runbook refers to."""
        return self.runbook(INTRODUCTION)


def _runbook(name: str, reader: MarkdownIt, text: str) -> Runbook:
    tokens = reader.parse(text)
    title = name
    if len(tokens) > 2 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        title, tokens = _plain(tokens[1]), tokens[3:]
    headings = [(token, inside) for token, inside in pairwise(tokens) if token.type == "heading_open"]
    sections = tuple((slug(inside.content), _plain(inside)) for token, inside in headings if token.tag == "h2")
    lead = next((_plain(inside) for token, inside in pairwise(tokens) if token.type == "paragraph_open"), "")
    return Runbook(name, title, lead, sections, tuple(_parts(reader, tokens)))


def _parts(reader: MarkdownIt, tokens: Sequence[Token]) -> list[Html | Query]:
    parts: list[Html | Query] = []
    start = 0
    for index, token in enumerate(tokens):
        language = token.info.strip()
        if token.type == "fence" and token.level == 0 and language in LANGUAGES:
            parts += [_html(reader, tokens[start:index]), Query(language, token.content.strip())]
            start = index + 1
    return [*(part for part in parts if part != Html("")), *_rest(reader, tokens[start:])]


def _rest(reader: MarkdownIt, tokens: Sequence[Token]) -> list[Html | Query]:
    return [_html(reader, tokens)] if tokens else []


def _html(reader: MarkdownIt, tokens: Sequence[Token]) -> Html:
    return Html(str(reader.renderer.render(tokens, reader.options, {})))


def _plain(inline: Token) -> str:
    return "".join(child.content if child.content else " " for child in inline.children or () if _is_text(child))


def _is_text(token: Token) -> bool:
    return token.type in ("text", "code_inline", "softbreak")


def _links_outwards(state: object) -> None:
    """What leads to another server opens beside this page, and learns nothing of it."""
    for token in state.tokens:  # type: ignore[attr-defined]
        for child in token.children or ():
            if child.type == "link_open" and "://" in str(child.attrGet("href")):
                child.attrSet("target", "_blank")
                child.attrSet("rel", "noopener noreferrer")
