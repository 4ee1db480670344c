"""The support articles that ship with the application."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import yaml

CORPUS = Path(__file__).with_name("corpus")


@dataclass(frozen=True)
class Article:
    id: str
    title: str
    category: str
    text: str  # Markdown without the front matter


@cache
def articles() -> tuple[Article, ...]:
    return tuple(_read(file) for file in sorted(CORPUS.glob("*.md")))


@cache
def corpus_version() -> str:
    """16 hex digits; any change of the corpus changes them."""
    digest = sha256()
    for article in articles():
        digest.update(f"{article.id}\0{article.title}\0{article.text}\0".encode())
    return digest.hexdigest()[:16]


@cache
def example_questions() -> tuple[str, ...]:
    entries = yaml.safe_load((CORPUS / "questions.yaml").read_text(encoding="utf-8"))
    return tuple(entry["question"] for entry in entries if entry["article"])


def _read(file: Path) -> Article:
    _, front, text = file.read_text(encoding="utf-8").split("---\n", 2)
    fields = yaml.safe_load(front)
    return Article(fields["id"], fields["title"], fields["category"], text.strip())
