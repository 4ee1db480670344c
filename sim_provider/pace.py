"""How fast one answer comes: the model's latency, and what the latency and ttft faults make of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim_provider.chance import Roll
from sim_provider.models import ServedModel


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: `error_s` until an error is answered, `first_s` until the first token, `token_s` between tokens."""

    error_s: float
    first_s: float
    token_s: float

    def done_by(self, tokens: int) -> float:
        """Seconds from the start until that many tokens are written."""
        return self.first_s + self.token_s * max(0, tokens - 1)

    def tokens_after(self, seconds: float) -> int:
        """How many tokens are written that long after the start."""
        if seconds < self.first_s:
            return 0
        return 1 + int((seconds - self.first_s) / self.token_s) if self.token_s else 1_000_000_000


def draw_pace(model: ServedModel, scale: float, roll: Roll, hit: Mapping[str, Mapping[str, Any]]) -> Pace:
    """Draw the pace of one request; `scale` goes over the model's own latencies, not over what faults add."""
    everything = hit.get("latency", {"multiplier": 1.0, "added_ms": 0.0})
    first = hit.get("ttft", {"multiplier": 1.0, "added_ms": 0.0})
    slower, added_s = everything["multiplier"], everything["added_ms"] / 1000
    own_s = roll.log_normal("ttft", model.ttft_ms / 1000, model.ttft_sigma) * scale if scale else 0.0
    return Pace(
        error_s=added_s,
        first_s=own_s * slower * first["multiplier"] + added_s + first["added_ms"] / 1000,
        token_s=scale / model.tokens_per_second * slower,
    )
