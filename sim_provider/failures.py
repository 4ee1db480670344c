"""The faults that take the place of an answer."""

from collections.abc import Mapping
from typing import Any

from sim_provider.errors import ApiError
from sim_provider.exchange import Exchange
from sim_provider.models import ServedModel
from sim_provider.pace import Pace

Hit = Mapping[str, Mapping[str, Any]]

_SERVER_ERRORS = {
    500: "The server had an error while processing your request. Sorry about that!",
    502: "Bad gateway.",
    503: "The engine is currently overloaded, please try again later.",
}


async def fail_if_hit(exchange: Exchange, model: ServedModel, pace: Pace, hit: Hit) -> bool:
    """Let the first of these faults happen; True when there is nothing left to do. Raises ApiError, ClientGoneError."""
    name = next((name for name in hit if _replaces_answer(name, hit[name])), None)
    if name is None:
        return False
    exchange.entry.faults.append(name)
    await exchange.wait(exchange.started + pace.error_s)
    parameters = hit[name]
    match name:
        case "connection_reset":
            exchange.entry.outcome = "connection_reset"
            exchange.reset()
            return True
        case "timeout":
            await exchange.hold(parameters["max_s"])
            return True
        case "rate_limit":
            raise _rate_limited(model, parameters["retry_after_s"])
        case "server_error":
            status = parameters["status"]
            raise ApiError(status, _SERVER_ERRORS[status], type="server_error", outcome="server_error")
        case _:
            message = "The response was filtered due to the prompt triggering the content management policy."
            raise ApiError(400, message, param="prompt", code="content_filter", outcome="content_filter")


def _replaces_answer(name: str, parameters: Mapping[str, Any]) -> bool:
    if name == "content_filter":
        return bool(parameters["mode"] == "reject")
    return name in ("connection_reset", "timeout", "rate_limit", "server_error")


def _rate_limited(model: ServedModel, retry_after_s: float) -> ApiError:
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
