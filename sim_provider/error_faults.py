"""Faults that replace the response: errors, timeouts and connection resets."""

from collections.abc import Mapping
from typing import Any

from sim_provider.errors import ApiError
from sim_provider.faults import DrawnFaults
from sim_provider.http_exchange import HttpExchange
from sim_provider.models import ServedModel
from sim_provider.timing import ResponseTiming

_SERVER_ERRORS = {
    500: "The server had an error while processing your request. Sorry about that!",
    502: "Bad gateway.",
    503: "The engine is currently overloaded, please try again later.",
}


async def apply_error_fault(
    exchange: HttpExchange, model: ServedModel, timing: ResponseTiming, faults: DrawnFaults
) -> bool:
    """Apply the first fault that replaces the response.

    Returns:
        True if the exchange is finished; False if no such fault was drawn.

    Raises:
        ApiError: the fault is an error response.
        ClientGoneError: the client left before.
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
            exchange.reset()
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
