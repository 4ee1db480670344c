"""Which `error_type` of the contract an exception is."""

from __future__ import annotations

import asyncio

from llm_telemetry import names

# Exceptions that mean the caller went away, not that anything failed.
CANCELLATIONS = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit)

_STATUS_TYPES = {408: names.TIMEOUT, 409: names.SERVER_ERROR, 429: names.RATE_LIMIT, 504: names.TIMEOUT}


def error_type(error: BaseException) -> str:
    """Name the contract's error type of `error`.

    An application's own exception says it in an attribute `llm_error_type`. Of clients' exceptions it
    is read off the HTTP status and the class name, so that no client has to be installed.
    """
    stated = getattr(error, "llm_error_type", None)
    if isinstance(stated, str) and stated in names.ERROR_TYPES:
        return stated
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return _of_status(status, error)
    kinds = " ".join(kind.__name__ for kind in type(error).__mro__)
    if isinstance(error, TimeoutError) or "Timeout" in kinds:
        return names.TIMEOUT
    if isinstance(error, ConnectionError) or "ConnectionError" in kinds or "TransportError" in kinds:
        return names.CONNECTION
    if "ContentFilter" in kinds:
        return names.CONTENT_FILTER
    if "APIError" in kinds:  # without a status: told inside a stream that had begun well
        return _of_code(error) or names.SERVER_ERROR
    return names.OTHER


def _of_status(status: int, error: BaseException) -> str:
    if status in _STATUS_TYPES:
        return _STATUS_TYPES[status]
    if status >= 500 or status < 400:  # an answer of 200 that is none, too
        return names.SERVER_ERROR
    return _of_code(error) or names.INVALID_REQUEST


def _of_code(error: BaseException) -> str | None:
    code = f"{getattr(error, 'code', None)} {getattr(error, 'type', None)}"
    if "content_filter" in code:
        return names.CONTENT_FILTER
    return names.RATE_LIMIT if "rate_limit" in code else None
