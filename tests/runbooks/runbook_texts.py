"""Reads runbooks for the tests: headings, and fenced blocks by language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "runbooks"
INTRODUCTION = "README"


@dataclass(frozen=True)
class FencedBlock:
    runbook: str
    section: str
    language: str
    text: str


def all_names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.md"))


def alerts() -> list[str]:
    return [name for name in all_names() if name != INTRODUCTION]


def text(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def headings(name: str) -> list[tuple[str, str]]:
    """Tag (h1, h2, …) and text of each heading."""
    tokens = MarkdownIt("commonmark").parse(text(name))
    return [(token.tag, inside.content) for token, inside in pairwise(tokens) if token.type == "heading_open"]


def fenced(name: str) -> Iterator[FencedBlock]:
    section = ""
    tokens = MarkdownIt("commonmark").parse(text(name))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and token.tag == "h2" and following:
            section = following.content
        if token.type == "fence":
            yield FencedBlock(name, section, token.info.strip(), token.content.strip())


def blocks(*languages: str) -> list[FencedBlock]:
    """The fenced blocks of all runbooks in one of `languages`."""
    return [block for name in all_names() for block in fenced(name) if block.language in languages]
