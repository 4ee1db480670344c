"""A cache of answers that expire."""

from collections.abc import Sequence
from dataclasses import dataclass

from cachetools import TTLCache

from demo_app.search_index import FoundArticle


@dataclass(frozen=True)
class CachedAnswer:
    text: str
    found: Sequence[FoundArticle]
    model: str


class AnswerCache:
    """Answers by key: the values on which the answer depends. Case and white space do not matter. Not thread-safe."""

    def __init__(self, size: int, ttl_s: float) -> None:
        self._answers: TTLCache[tuple[str, ...], CachedAnswer] = TTLCache(size, ttl_s)

    def get(self, *key: str) -> CachedAnswer | None:
        return self._answers.get(self._normalised(key))

    def put(self, answer: CachedAnswer, *key: str) -> None:
        self._answers[self._normalised(key)] = answer

    @staticmethod
    def _normalised(key: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(" ".join(part.casefold().split()) for part in key)
