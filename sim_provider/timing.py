"""How long a response takes: the model's latency, changed by the faults `latency` and `ttft`."""

from dataclasses import dataclass

from sim_provider.faults import DrawnFaults
from sim_provider.models import ServedModel
from sim_provider.randomness import RequestRandom


@dataclass(frozen=True, slots=True)
class ResponseTiming:
    """Times in seconds: from the request to an error, to the first token, and from one token to the next."""

    error_s: float
    first_token_s: float
    per_token_s: float

    def done_after(self, tokens: int) -> float:
        """Seconds from the request until `tokens` tokens are written."""
        return self.first_token_s + self.per_token_s * max(0, tokens - 1)

    def tokens_after(self, seconds: float) -> int:
        """Number of tokens that are written `seconds` after the request."""
        if seconds < self.first_token_s:
            return 0
        return 1 + int((seconds - self.first_token_s) / self.per_token_s) if self.per_token_s else 1_000_000_000


def draw_timing(model: ServedModel, scale: float, random: RequestRandom, faults: DrawnFaults) -> ResponseTiming:
    """Draw the timing of one request. `scale` multiplies the model's latencies, not the time that faults add."""
    latency = faults.get("latency", {"multiplier": 1.0, "added_ms": 0.0})
    ttft = faults.get("ttft", {"multiplier": 1.0, "added_ms": 0.0})
    multiplier, added_s = latency["multiplier"], latency["added_ms"] / 1000
    model_s = random.log_normal("ttft", model.ttft_ms / 1000, model.ttft_sigma) * scale if scale else 0.0
    return ResponseTiming(
        error_s=added_s,
        first_token_s=model_s * multiplier * ttft["multiplier"] + added_s + ttft["added_ms"] / 1000,
        per_token_s=scale / model.tokens_per_second * multiplier,
    )
