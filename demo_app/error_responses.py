"""Error responses: JSON with the error's type, a message, and a hint what to do."""

import math

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import llm_telemetry
from demo_app.failures import BadInput, Failure
from demo_app.schemas import MAX_QUESTION_LENGTH, ErrorBody, ErrorResponse
from demo_app.tracing import add_trace_id_header, current_trace_id

_MAX_ECHO_LENGTH = 100  # characters of a field's name in a message
MAX_BODY_BYTES = 64 * 1024  # more than the longest question in any alphabet
# How much of a larger body is read and dropped. A client that is still sending would not read the response.
MAX_DRAINED_BYTES = 4 * 1024 * 1024


def error_body(failure: Failure) -> ErrorResponse:
    return ErrorResponse(
        error=ErrorBody(type=failure.type, message=failure.message, hint=failure.hint, trace_id=current_trace_id())
    )


def failure_response(failure: Failure) -> JSONResponse:
    response = JSONResponse(error_body(failure).model_dump(), failure.status)
    if failure.retry_after_s is not None:
        response.headers["retry-after"] = str(max(1, math.ceil(failure.retry_after_s)))
    add_trace_id_header(response)
    return response


def internal_error() -> Failure:
    """The failure for an unexpected exception. The exception's own text goes to the log only."""
    return Failure("Internal error.", "Report this error with its trace id.")


def _body_too_large_response(request: Request) -> Response:
    failure = BadInput(f"The body is larger than {MAX_BODY_BYTES} bytes.", "Ask a shorter question.")
    failure.status = 413
    llm_telemetry.record_rejection("bad_input", endpoint=request.url.path)
    return failure_response(failure)


class BodyLimit:
    """ASGI middleware. Refuses larger bodies, with or without a Content-Length, without keeping them in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, size, more = b"", 0, True
        while more and size <= MAX_DRAINED_BYTES:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            part = message.get("body", b"")
            size += len(part)
            more = message.get("more_body", False)
            body = body + part if size <= MAX_BODY_BYTES else b""
        if size > MAX_BODY_BYTES:
            response = _body_too_large_response(Request(scope))
            if more:
                response.headers["connection"] = "close"
            await response(scope, receive, send)
            return
        read = False

        async def replayed() -> Message:
            nonlocal read
            if read:
                return await receive()
            read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replayed, send)


def add_failure_handlers(app: FastAPI) -> None:
    async def on_failure(_: Request, failure: Exception) -> Response:
        assert isinstance(failure, Failure)
        return failure_response(failure)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        llm_telemetry.record_rejection("bad_input", endpoint=request.scope["route"].path)
        return failure_response(_bad_input(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 400:  # FastAPI: the body is not text
            llm_telemetry.record_rejection("bad_input", endpoint=request.url.path)
            return failure_response(_not_json())
        allowed = _allowed_methods(request)
        failure = Failure(str(error.detail), "/docs lists the endpoints.")
        failure.status = 405 if allowed else error.status_code
        failure.type = f"http_{failure.status}"
        if allowed:
            failure.message = f"Method {request.method} is not allowed. Use {' or '.join(allowed)}."
        response = failure_response(failure)
        response.headers.update({"allow": ", ".join(allowed)} if allowed else dict(error.headers or {}))
        return response

    async def on_unexpected(_: Request, error: Exception) -> Response:
        response = failure_response(internal_error())
        response.headers["connection"] = "close"  # uvicorn closes it: announce this, or the client's next request fails
        return response

    app.add_exception_handler(Failure, on_failure)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_unexpected)


def _allowed_methods(request: Request) -> list[str]:
    """The methods of the path's routes. Starlette finds none, because the mounted page matches every path."""
    scope = {key: request.scope[key] for key in ("type", "path", "method")} | {"root_path": ""}
    partial = [route for route in request.app.routes if route.matches(scope)[0] is Match.PARTIAL]
    return sorted({method for route in partial for method in route.methods})


def _not_json() -> BadInput:
    failure = BadInput("The body is not valid JSON.", 'Send an object such as {"question": "How do I …?"}.')
    failure.status = 400
    return failure


def _bad_input(error: RequestValidationError) -> BadInput:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")[:_MAX_ECHO_LENGTH]
    place = place.encode("utf-8", "replace").decode()  # the name may contain half a surrogate pair
    if first["type"] == "json_invalid":
        return _not_json()
    what = f"`{place}`" if place else "the body"
    hints = {
        "missing": f"Add {what} to the JSON body.",
        "string_too_long": f"Shorten {what} to {MAX_QUESTION_LENGTH} characters.",
        "string_too_short": f"Write a question into {what}.",
        "extra_forbidden": f"Remove {what}: this field does not exist.",
    }
    return BadInput(f"{what}: {first['msg']}.", hints.get(first["type"], f"Correct {what}; see /docs for the schema."))
