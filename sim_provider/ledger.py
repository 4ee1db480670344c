"""The ledger: one entry per request. Telemetry of the provider's clients is compared with it."""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

# In the totals, all requested models that the provider does not serve count under this name.
UNKNOWN_MODEL = "(unknown)"
MAX_MODEL_NAME_LENGTH = 200
MAX_ENTRIES = 200_000


@dataclass(slots=True, kw_only=True)
class LedgerEntry:
    """One request. Times are in ms, `time` is in Unix seconds.

    `model` is the requested name. `http_status` is None if no response was begun. Tokens are counted whether or not the
    client got the usage. `usage_sent`: the usage was written to the connection before the client was known to be gone.
    """

    endpoint: str
    time: float
    request_id: str
    model: str = ""
    stream: bool = False
    http_status: int | None = None
    outcome: str = "ok"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    usage_sent: bool = False
    finish_reason: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    faults: list[str] = field(default_factory=list)
    ttft_ms: float | None = None
    duration_ms: float = 0.0


_COUNTS = ("requests", "prompt_tokens", "completion_tokens", "cached_tokens")
_TOTALS = (*_COUNTS, *(f"usage_sent_{name}" for name in _COUNTS))


class Ledger:
    """The newest entries, and sums over all entries. `in_progress` is the number of requests that are not finished."""

    def __init__(self, capacity: int, model_names: list[str]) -> None:
        """Keep `capacity` entries. `model_names` are the names that the totals distinguish."""
        # Kept as JSON, which takes less than half the memory of objects and no time of the garbage collector.
        self._entries: deque[bytes] = deque(maxlen=capacity)
        self._last_seq = 0
        self._model_names = frozenset(model_names)
        self._totals: dict[tuple[str, str, str], list[int]] = {}
        self.in_progress = 0

    def write(self, entry: LedgerEntry) -> None:
        """Record a finished request. Sequence numbers go up by one in the order in which requests finish."""
        self._last_seq += 1
        row = orjson.dumps({"seq": self._last_seq} | {name: getattr(entry, name) for name in LedgerEntry.__slots__})
        # A copy, because the bytes that orjson returns keep a buffer of 8 kB.
        self._entries.append(bytes(memoryview(row)))
        model = entry.model if entry.model in self._model_names else UNKNOWN_MODEL
        sums = self._totals.setdefault((entry.endpoint, model, entry.outcome), [0] * len(_TOTALS))
        counts = (1, entry.prompt_tokens, entry.completion_tokens, entry.cached_tokens)
        for index, count in enumerate(counts):
            sums[index] += count
            if entry.usage_sent:
                sums[index + len(counts)] += count

    def page(self, since: int, limit: int) -> bytes:
        """Return JSON of at most `limit` entries with numbers above `since`.

        `next` is the value of `since` for the next page, `oldest` the number of the oldest entry that is kept.
        """
        oldest = self._last_seq - len(self._entries) + 1
        skip = max(0, since + 1 - oldest)
        entries = list(islice(self._entries, skip, skip + limit))
        next_since = oldest + skip + len(entries) - 1 if entries else self._last_seq
        head = {"next": next_since, "oldest": oldest, "last": self._last_seq, "in_progress": self.in_progress}
        return b'{"entries":[' + b",".join(entries) + b"]," + orjson.dumps(head)[1:]

    def totals(self) -> dict[str, Any]:
        """Return sums by endpoint, model and outcome, and over everything, since the ledger was last cleared."""
        rows = [
            {"endpoint": endpoint, "model": model, "outcome": outcome} | dict(zip(_TOTALS, sums, strict=True))
            for (endpoint, model, outcome), sums in sorted(self._totals.items())
        ]
        everything = {name: sum(sums[index] for sums in self._totals.values()) for index, name in enumerate(_TOTALS)}
        return {"totals": rows, "all": everything, "in_progress": self.in_progress}

    def clear(self) -> int:
        """Remove entries and sums, and return how many entries were removed. Sequence numbers go on."""
        count = len(self._entries)
        self._entries.clear()
        self._totals.clear()
        return count
