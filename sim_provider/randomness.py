"""Randomness that can be repeated: what a request draws depends on its content, not on time or on other requests."""

import math
import random
from collections import OrderedDict
from hashlib import blake2b

# Contents whose repetitions are counted. For the least recently seen content, the count starts again at one.
MAX_CONTENTS = 100_000


class RequestRandom:
    """Random numbers of one request. Each label has its own sequence, so a new label does not change the others."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _seed(self, label: str) -> int:
        return int.from_bytes(blake2b(label.encode(), key=self._key, digest_size=8).digest(), "big")

    def uniform(self, label: str) -> float:
        """Return a number in [0, 1)."""
        return (self._seed(label) >> 11) / (1 << 53)

    def generator(self, label: str) -> random.Random:
        return random.Random(self._seed(label))  # noqa: S311 - not used for secrets

    def log_normal(self, label: str, median: float, sigma: float) -> float:
        return median * math.exp(sigma * self.generator(label).gauss(0.0, 1.0))


class RandomSource:
    """Makes the random numbers of a request from the seed, the model, the content and how often it was seen."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._seen: OrderedDict[bytes, int] = OrderedDict()

    def for_request(self, model_id: str, content: bytes) -> RequestRandom:
        """Return the random numbers for this content. They differ each time the content is seen."""
        digest = _digest(model_id, content)
        occurrence = self._seen.get(digest, 0) + 1
        self._seen[digest] = occurrence
        self._seen.move_to_end(digest)
        if len(self._seen) > MAX_CONTENTS:
            self._seen.popitem(last=False)
        return RequestRandom(self._key(digest, f"occurrence {occurrence}"))

    def repeatable(self, model_id: str, content: bytes, request_seed: int | None) -> RequestRandom:
        """Return the same random numbers each time, for requests with `seed` or with temperature 0."""
        return RequestRandom(self._key(_digest(model_id, content), f"request seed {request_seed}"))

    def _key(self, digest: bytes, suffix: str) -> bytes:
        return blake2b(digest + suffix.encode(), key=str(self._seed).encode()[:64], digest_size=32).digest()


def _digest(model_id: str, content: bytes) -> bytes:
    return blake2b(content, key=model_id.encode()[:64], digest_size=16).digest()
