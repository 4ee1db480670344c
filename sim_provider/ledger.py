"""The ledger: one entry for each request served, so that whoever measures this provider can be measured against it."""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

# Whose names come from outside; in the totals those the provider does not serve count together.
UNKNOWN_MODEL = "(unknown)"
LONGEST_MODEL_NAME = 200


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request. Tokens are those worked on, whether or not the client was told. Times in ms, `time` in unix s.

    `model` is as requested. `http_status` is None when no response was begun. `usage_sent`: the usage was handed to
    the connection before the client was seen to be gone.
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


_SUMMED = (
    "requests",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "usage_sent_requests",
    "usage_sent_prompt_tokens",
    "usage_sent_completion_tokens",
    "usage_sent_cached_tokens",
)


class Ledger:
    """The newest entries and the sums over all of them. `in_progress` is how many requests are not finished."""

    def __init__(self, capacity: int, model_names: list[str]) -> None:
        # As JSON already: less than half the memory of objects, nothing for the garbage collector to walk.
        self._entries: deque[bytes] = deque(maxlen=capacity)
        self._last_seq = 0
        self._model_names = frozenset(model_names)
        self._totals: dict[tuple[str, str, str], list[int]] = {}
        self.in_progress = 0

    def write(self, entry: Entry) -> int:
        """Record a finished request; its sequence number. Numbers go up by one in the order requests finish."""
        self._last_seq += 1
        row = orjson.dumps({"seq": self._last_seq} | {name: getattr(entry, name) for name in Entry.__slots__})
        # A copy: what orjson gives keeps the 8 kB it was written in.
        self._entries.append(bytes(memoryview(row)))
        model = entry.model if entry.model in self._model_names else UNKNOWN_MODEL
        sums = self._totals.setdefault((entry.endpoint, model, entry.outcome), [0] * len(_SUMMED))
        counted = (1, entry.prompt_tokens, entry.completion_tokens, entry.cached_tokens)
        for place, number in enumerate(counted):
            sums[place] += number
            if entry.usage_sent:
                sums[place + len(counted)] += number
        return self._last_seq

    def page(self, since: int, limit: int) -> bytes:
        """JSON of the entries numbered above `since`; `next` is where the next page starts, `oldest` the first kept."""
        oldest = self._last_seq - len(self._entries) + 1
        skip = max(0, since + 1 - oldest)
        entries = list(islice(self._entries, skip, skip + limit))
        following = oldest + skip + len(entries) - 1 if entries else self._last_seq
        head = {"next": following, "oldest": oldest, "last": self._last_seq, "in_progress": self.in_progress}
        return b'{"entries":[' + b",".join(entries) + b"]," + orjson.dumps(head)[1:]

    def totals(self) -> dict[str, Any]:
        """Sums by endpoint, model and outcome, and over everything, since the ledger was last emptied."""
        rows = [
            {"endpoint": endpoint, "model": model, "outcome": outcome} | dict(zip(_SUMMED, sums, strict=True))
            for (endpoint, model, outcome), sums in sorted(self._totals.items())
        ]
        everything = {name: sum(sums[place] for sums in self._totals.values()) for place, name in enumerate(_SUMMED)}
        return {"totals": rows, "all": everything, "in_progress": self.in_progress}

    def clear(self) -> int:
        """Forget entries and sums, not the numbering; how many entries there were."""
        count = len(self._entries)
        self._entries.clear()
        self._totals.clear()
        return count
