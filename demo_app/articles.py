"""The support articles that ship with the application."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import yaml

CORPUS = Path(__file__).with_name("corpus")


@dataclass(frozen=True)
class Article:
    """One article; `text` is Markdown without the front matter."""

    id: str
    title: str
    category: str
    text: str


@cache
def articles() -> tuple[Article, ...]:
    """All articles, by id."""
    return tuple(_read(file) for file in sorted(CORPUS.glob("*.md")))


@cache
def corpus_version() -> str:
    """16 hex digits that change with any word of the corpus."""
    digest = sha256()
    for article in articles():
        digest.update(f"{article.id}\0{article.title}\0{article.text}\0".encode())
    return digest.hexdigest()[:16]


@cache
def example_questions() -> tuple[str, ...]:
    """Questions to try, which the corpus answers."""
    entries = yaml.safe_load((CORPUS / "questions.yaml").read_text(encoding="utf-8"))
    return tuple(entry["question"] for entry in entries if entry["article"])


def _read(file: Path) -> Article:
    _, front, text = file.read_text(encoding="utf-8").split("---\n", 2)
    fields = yaml.safe_load(front)
    return Article(fields["id"], fields["title"], fields["category"], text.strip())
