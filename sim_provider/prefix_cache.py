"""The provider's prompt cache: prefixes of the prompts of the last five minutes."""

from collections import OrderedDict
from hashlib import blake2b

from sim_provider.clock import Clock

# As OpenAI's prompt caching: from 1,024 tokens on, in steps of 128, for about five minutes after the last use.
MIN_TOKENS = 1024
STEP = 128
TTL_S = 300.0
# Digests of 16 bytes: a full cache takes about 10 MB.
MAX_PREFIXES = 65_536


class PrefixCache:
    """Keeps digests of prefixes. A full cache removes the least recently used."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expires: OrderedDict[bytes, float] = OrderedDict()

    def use(self, model_id: str, tokens: list[str]) -> int:
        """Return how many of the prompt's first tokens are cached, and add the prompt's prefixes to the cache."""
        now = self._clock.monotonic()
        digests = _prefix_digests(model_id, tokens)
        cached = 0
        for number in range(len(digests) - 1, -1, -1):
            if self._expires.get(digests[number], 0.0) > now:
                cached = MIN_TOKENS + number * STEP
                break
        for digest in digests:
            self._expires[digest] = now + TTL_S
            self._expires.move_to_end(digest)
        while len(self._expires) > MAX_PREFIXES:
            self._expires.popitem(last=False)
        return cached


def _prefix_digests(model_id: str, tokens: list[str]) -> list[bytes]:
    """Return the digests of the first 1,024 tokens, of the first 1,152 tokens, and so on."""
    if len(tokens) < MIN_TOKENS:
        return []
    running = blake2b(model_id.encode(), digest_size=16)
    running.update("\0".join(tokens[:MIN_TOKENS]).encode())
    digests = [running.digest()]
    for start in range(MIN_TOKENS, len(tokens) - STEP + 1, STEP):
        running.update("\0".join(tokens[start : start + STEP]).encode())
        digests.append(running.digest())
    return digests
