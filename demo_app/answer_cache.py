"""Answers that were given before, for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cachetools import TTLCache

from demo_app.search_index import FoundArticle


@dataclass(frozen=True)
class CachedAnswer:
    """An answer and what it was drawn from."""

    text: str
    found: Sequence[FoundArticle]
    model: str


class AnswerCache:
    """Keyed by all that an answer depends on. For one event loop."""

    def __init__(self, size: int, ttl_s: float) -> None:
        self._answers: TTLCache[tuple[str, ...], CachedAnswer] = TTLCache(size, ttl_s)

    def get(self, *key: str) -> CachedAnswer | None:
        """The answer under `key`, None where there is none or it is too old."""
        return self._answers.get(self._normal(key))

    def put(self, answer: CachedAnswer, *key: str) -> None:
        """Keep `answer` under `key`."""
        self._answers[self._normal(key)] = answer

    @staticmethod
    def _normal(key: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(" ".join(part.casefold().split()) for part in key)
