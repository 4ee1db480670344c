"""Maps exceptions to the error types of the contract (`llm_errors_total{error_type}`)."""

import asyncio

from llm_telemetry import names

# Exceptions that mean that the caller went away. They count as `cancelled`, not as an error.
CANCELLATIONS = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit)

_STATUS_TYPES = {408: names.TIMEOUT, 409: names.SERVER_ERROR, 429: names.RATE_LIMIT, 504: names.TIMEOUT}


def error_type(error: BaseException) -> str:
    """Return the error type of `error`, one of names.ERROR_TYPES.

    An application's own exception can name its type in an attribute `llm_error_type`. For the exceptions of
    provider clients, the HTTP status and the class names decide, so no client has to be installed.
    """
    stated = getattr(error, "llm_error_type", None)
    if isinstance(stated, str) and stated in names.ERROR_TYPES:
        return stated
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return _from_status(status, error)
    class_names = " ".join(kind.__name__ for kind in type(error).__mro__)
    if isinstance(error, TimeoutError) or "Timeout" in class_names:
        return names.TIMEOUT
    if isinstance(error, ConnectionError) or "ConnectionError" in class_names or "TransportError" in class_names:
        return names.CONNECTION
    if "ContentFilter" in class_names:
        return names.CONTENT_FILTER
    if "APIError" in class_names:  # has no status: an error event inside a stream that began with status 200
        return _from_code(error) or names.SERVER_ERROR
    return names.OTHER


def _from_status(status: int, error: BaseException) -> str:
    if status in _STATUS_TYPES:
        return _STATUS_TYPES[status]
    if status >= 500 or status < 400:  # below 400: the body of a successful response was not valid
        return names.SERVER_ERROR
    return _from_code(error) or names.INVALID_REQUEST


def _from_code(error: BaseException) -> str | None:
    code = f"{getattr(error, 'code', None)} {getattr(error, 'type', None)}"
    if "content_filter" in code:
        return names.CONTENT_FILTER
    return names.RATE_LIMIT if "rate_limit" in code else None
