"""Chance that repeats: what a request draws depends on its content, not on when or beside what it arrives."""

import math
import random
from collections import OrderedDict
from hashlib import blake2b

# Contents whose occurrences are counted; the least recently seen starts again at the first.
MOST_CONTENTS = 100_000


class Roll:
    """The draws of one request. Each label is its own stream, so a new use of chance leaves the others as they were."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _number(self, label: str) -> int:
        return int.from_bytes(blake2b(label.encode(), key=self._key, digest_size=8).digest(), "big")

    def unit(self, label: str) -> float:
        """A number in [0, 1)."""
        return (self._number(label) >> 11) / (1 << 53)

    def rng(self, label: str) -> random.Random:
        """A generator of its own for each label."""
        return random.Random(self._number(label))  # noqa: S311 - chance, not a secret

    def log_normal(self, label: str, median: float, sigma: float) -> float:
        """One draw from the log-normal with this median and sigma."""
        return median * math.exp(sigma * self.rng(label).gauss(0.0, 1.0))


class Chance:
    """Hands out rolls keyed by seed, model, content and how many times that content has been seen."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._seen: OrderedDict[bytes, int] = OrderedDict()

    def roll(self, model_id: str, content: bytes) -> Roll:
        """The roll for the next occurrence of this content."""
        digest = blake2b(content, key=model_id.encode()[:64], digest_size=16).digest()
        occurrence = self._seen.get(digest, 0) + 1
        self._seen[digest] = occurrence
        self._seen.move_to_end(digest)
        if len(self._seen) > MOST_CONTENTS:
            self._seen.popitem(last=False)
        return Roll(self._key(digest, f"occurrence {occurrence}"))

    def fixed_roll(self, model_id: str, content: bytes, request_seed: int | None) -> Roll:
        """The roll that is the same each time: for requests that ask for it with `seed` or temperature 0."""
        digest = blake2b(content, key=model_id.encode()[:64], digest_size=16).digest()
        return Roll(self._key(digest, f"request seed {request_seed}"))

    def _key(self, digest: bytes, suffix: str) -> bytes:
        return blake2b(digest + suffix.encode(), key=str(self._seed).encode()[:64], digest_size=32).digest()
