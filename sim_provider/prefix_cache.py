"""The provider's prompt cache: which prompts began the same way within the last five minutes."""

from collections import OrderedDict
from hashlib import blake2b

from sim_provider.clock import Clock

# As OpenAI does it: from 1,024 tokens on, in steps of 128, for about five minutes after the last use.
SHORTEST = 1024
STEP = 128
TTL_S = 300.0
# 16-byte digests; about 10 MB when full.
MOST_PREFIXES = 65_536


class PrefixCache:
    """Remembers prefixes by digest, the least recently used go first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expires: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._expires)

    def use(self, model_id: str, tokens: list[str]) -> int:
        """How many of the prompt's first tokens were cached; remembers this prompt's prefixes for the next one."""
        now = self._clock.monotonic()
        digests = _prefix_digests(model_id, tokens)
        cached = 0
        for number in range(len(digests) - 1, -1, -1):
            if self._expires.get(digests[number], 0.0) > now:
                cached = SHORTEST + number * STEP
                break
        for digest in digests:
            self._expires[digest] = now + TTL_S
            self._expires.move_to_end(digest)
        while len(self._expires) > MOST_PREFIXES:
            self._expires.popitem(last=False)
        return cached


def _prefix_digests(model_id: str, tokens: list[str]) -> list[bytes]:
    """Digest of the first 1,024 tokens, of the first 1,152, and so on."""
    if len(tokens) < SHORTEST:
        return []
    running = blake2b(model_id.encode(), digest_size=16)
    running.update("\0".join(tokens[:SHORTEST]).encode())
    digests = [running.digest()]
    for start in range(SHORTEST, len(tokens) - STEP + 1, STEP):
        running.update("\0".join(tokens[start : start + STEP]).encode())
        digests.append(running.digest())
    return digests
