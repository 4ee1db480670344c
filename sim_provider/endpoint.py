"""What the chat and the embeddings endpoint share: reading the request, drawing faults and timing, the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.types import Receive, Scope, Send

from sim_provider.errors import ApiError
from sim_provider.faults import DrawnFaults
from sim_provider.http_exchange import HttpExchange, parse_json_object
from sim_provider.models import ServedModel
from sim_provider.provider import Provider
from sim_provider.randomness import RequestRandom

MAX_BODY_BYTES = 8 * 1024 * 1024
_SERVER_ERRORS = {
    500: "The server had an error while processing your request. Sorry about that!",
    502: "Bad gateway.",
    503: "The engine is currently overloaded, please try again later.",
}


@dataclass(frozen=True, slots=True)
class ResponseTiming:
    """Times in seconds: from the request to an error, to the first token, and from one token to the next."""

    error_s: float
    first_token_s: float
    per_token_s: float

    def done_after(self, tokens: int) -> float:
        return self.first_token_s + self.per_token_s * max(0, tokens - 1)

    def tokens_after(self, seconds: float) -> int:
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


@dataclass(frozen=True, slots=True)
class Draw:
    random: RequestRandom
    faults: DrawnFaults
    timing: ResponseTiming


class Endpoint:
    """An endpoint as an ASGI app. `name` is what the ledger calls it."""

    name: Literal["chat", "embeddings"]

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        provider = self._provider
        exchange = HttpExchange(scope, receive, send, endpoint=self.name, ledger=provider.ledger, clock=provider.clock)
        async with exchange:
            body = await exchange.read_body(MAX_BODY_BYTES)
            provider.check_key(exchange.headers.get(b"authorization", b""))
            data = parse_json_object(body)
            exchange.note_request(data)
            await self._serve(exchange, data)

    async def _serve(self, exchange: HttpExchange, data: dict[str, Any]) -> None:
        """Validate `data` and respond. Raises ApiError, ClientGoneError."""
        raise NotImplementedError

    async def _draw(self, exchange: HttpExchange, model: ServedModel, content: bytes) -> Draw | None:
        """Draw faults and timing for a request with this content.

        Returns None if a fault has replaced the response. Raises ApiError, ClientGoneError.
        """
        provider = self._provider
        random = provider.random.for_request(model.id, content)
        faults = provider.faults.draw(model.id, random, chat=self.name == "chat")
        timing = draw_timing(model, provider.settings.latency_scale, random, faults)
        exchange.entry.faults += [name for name in ("latency", "ttft") if name in faults]
        if await _apply_error_fault(exchange, model, timing, faults):
            return None
        return Draw(random, faults, timing)


async def _apply_error_fault(
    exchange: HttpExchange, model: ServedModel, timing: ResponseTiming, faults: DrawnFaults
) -> bool:
    """Apply the first fault that replaces the response.

    Returns:
        True if the exchange is finished; False if no such fault was drawn.

    Raises ApiError: the fault is an error response. Raises ClientGoneError: the client left before.
    """
    name = next((name for name in faults if _replaces_response(name, faults[name])), None)
    if name is None:
        return False
    exchange.entry.faults.append(name)
    await exchange.wait(exchange.started + timing.error_s)
    parameters = faults[name]
    match name:
        case "connection_reset":
            exchange.entry.outcome = "connection_reset"
            exchange.connection.reset()
            return True
        case "timeout":
            await exchange.hold(parameters["max_s"])
            return True
        case "rate_limit":
            raise _rate_limit_error(model, parameters["retry_after_s"])
        case "server_error":
            status = parameters["status"]
            raise ApiError(status, _SERVER_ERRORS[status], type="server_error", outcome="server_error")
        case _:
            message = "The response was filtered due to the prompt triggering the content management policy."
            raise ApiError(400, message, param="prompt", code="content_filter", outcome="content_filter")


def _replaces_response(name: str, parameters: Mapping[str, Any]) -> bool:
    if name == "content_filter":
        return bool(parameters["mode"] == "reject")
    return name in ("connection_reset", "timeout", "rate_limit", "server_error")


def _rate_limit_error(model: ServedModel, retry_after_s: float) -> ApiError:
    headers = {
        "retry-after": f"{retry_after_s:g}",
        "retry-after-ms": f"{retry_after_s * 1000:.0f}",
        "x-ratelimit-limit-requests": str(model.requests_per_minute),
        "x-ratelimit-limit-tokens": str(model.tokens_per_minute),
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-requests": f"{retry_after_s:g}s",
        "x-ratelimit-reset-tokens": f"{retry_after_s:g}s",
    }
    message = f"Rate limit reached for {model.id} on requests per min (RPM): Limit {model.requests_per_minute}."
    message += f" Please try again in {retry_after_s:g}s."
    return ApiError(429, message, type="requests", code="rate_limit_exceeded", outcome="rate_limit", headers=headers)
