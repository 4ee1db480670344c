"""Embeddings of our own: words and their letter trigrams hashed into dimensions, so texts that share words lie near."""

# array[float] can be written in an annotation only: Python 3.11 does not evaluate it.
from __future__ import annotations

import math
from array import array
from collections import Counter
from functools import lru_cache
from hashlib import blake2b

from sim_provider.words import STOPWORDS, all_words, stem

STOPWORD_WEIGHT = 0.08
# All of a word's trigrams together, against 1 for the word itself: enough for `encrypt` to be near `encryption`.
TRIGRAM_WEIGHT = 0.6

# Signed places in the vector with a weight each.
Places = tuple[tuple[int, float], ...]


def embed_words(text: str, dimensions: int) -> array[float]:
    """The unit vector of a text as 32-bit floats."""
    counts = Counter(all_words(text))
    return _unit(
        _sum({word: 1 + math.log(count) for word, count in counts.items()}, dimensions)
        if counts
        else _sum({text: 1.0}, dimensions)
    )


def embed_tokens(tokens: list[int], dimensions: int) -> array[float]:
    """The unit vector of a text given as token numbers; it is not comparable with that of the text itself."""
    return _unit(_sum({f"token {token}": float(count) for token, count in Counter(tokens).items()}, dimensions))


def shorten(vector: array[float], dimensions: int) -> array[float]:
    """The first dimensions, made a unit vector again, as OpenAI's `dimensions` does."""
    return _unit(list(vector[:dimensions]))


def _sum(weights: dict[str, float], dimensions: int) -> list[float]:
    total = [0.0] * dimensions
    for word, weight in weights.items():
        for place, share in _places(word, dimensions) if len(word) <= 60 else _word_places(word, dimensions):
            total[place] += weight * share
    return total


def _word_places(word: str, dimensions: int) -> Places:
    if word in STOPWORDS:
        return (_place(word, dimensions, STOPWORD_WEIGHT),)
    root = stem(word)
    padded = f"<{root}>"
    trigrams = [padded[start : start + 3] for start in range(len(padded) - 2)]
    share = TRIGRAM_WEIGHT / math.sqrt(max(1, len(trigrams)))
    return (_place(root, dimensions, 1.0), *(_place(f"3:{trigram}", dimensions, share) for trigram in trigrams))


_places = lru_cache(maxsize=20_000)(_word_places)


def _place(feature: str, dimensions: int, weight: float) -> tuple[int, float]:
    number = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "big")
    # Squared: more falls into the first dimensions, so that a shortened vector still says something.
    place = int(((number >> 1) / (1 << 63)) ** 2 * dimensions)
    return min(place, dimensions - 1), weight if number & 1 else -weight


def _unit(values: list[float]) -> array[float]:
    length = math.sqrt(sum(value * value for value in values))
    if length == 0.0:
        # Nothing fell into the dimensions kept; a unit vector all the same, as every client expects.
        return array("f", [1.0, *values[1:]])
    return array("f", [value / length for value in values])
