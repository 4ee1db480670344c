"""Embeddings by feature hashing: words and their letter trigrams. Texts that share words get similar vectors."""

# Python 3.11 cannot evaluate `array[float]`, so annotations must stay strings.
from __future__ import annotations

import math
from array import array
from collections import Counter
from functools import lru_cache
from hashlib import blake2b

from sim_provider.words import STOPWORDS, all_words, stem

STOPWORD_WEIGHT = 0.08
# Weight of all trigrams of a word together; the word itself has weight 1. Makes `encrypt` similar to `encryption`.
TRIGRAM_WEIGHT = 0.6

# Pairs of (dimension, signed weight).
Weights = tuple[tuple[int, float], ...]


def embed_words(text: str, dimensions: int) -> array[float]:
    counts = Counter(all_words(text))
    weights = {word: 1 + math.log(count) for word, count in counts.items()} or {text: 1.0}
    return _unit(_sum(weights, dimensions))


def embed_tokens(tokens: list[int], dimensions: int) -> array[float]:
    """Return the unit vector of a list of token numbers. It cannot be compared with the vector of the text."""
    return _unit(_sum({f"token {token}": float(count) for token, count in Counter(tokens).items()}, dimensions))


def shorten(vector: array[float], dimensions: int) -> array[float]:
    """Return the first dimensions, scaled to a unit vector, as OpenAI does for `dimensions`."""
    return _unit(list(vector[:dimensions]))


def _sum(weights: dict[str, float], dimensions: int) -> list[float]:
    total = [0.0] * dimensions
    for word, weight in weights.items():
        word_weights = _cached_word_weights if len(word) <= 60 else _word_weights  # long words would fill the cache
        for dimension, word_weight in word_weights(word, dimensions):
            total[dimension] += weight * word_weight
    return total


def _word_weights(word: str, dimensions: int) -> Weights:
    if word in STOPWORDS:
        return (_hashed(word, dimensions, STOPWORD_WEIGHT),)
    root = stem(word)
    padded = f"<{root}>"
    trigrams = [padded[start : start + 3] for start in range(len(padded) - 2)]
    trigram_weight = TRIGRAM_WEIGHT / math.sqrt(max(1, len(trigrams)))
    return (
        _hashed(root, dimensions, 1.0),
        *(_hashed(f"3:{trigram}", dimensions, trigram_weight) for trigram in trigrams),
    )


_cached_word_weights = lru_cache(maxsize=20_000)(_word_weights)


def _hashed(feature: str, dimensions: int, weight: float) -> tuple[int, float]:
    number = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "big")
    # The square puts more features into the first dimensions, so that a shortened vector keeps its meaning.
    dimension = int(((number >> 1) / (1 << 63)) ** 2 * dimensions)
    return min(dimension, dimensions - 1), weight if number & 1 else -weight


def _unit(values: list[float]) -> array[float]:
    length = math.sqrt(sum(value * value for value in values))
    if length == 0.0:
        # The kept dimensions are all 0. Clients expect a unit vector, so return one.
        return array("f", [1.0, *values[1:]])
    return array("f", [value / length for value in values])
