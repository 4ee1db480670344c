"""How failures are answered: JSON that says what happened and what to do about it."""

from __future__ import annotations

import math

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

import llm_telemetry
from demo_app.body_limit import LARGEST_BODY
from demo_app.failures import BadInput, Failure
from demo_app.schemas import LONGEST_QUESTION, ErrorBody, ErrorResponse
from demo_app.tracing import current_trace_id, say_trace_id

_LONGEST_ECHO = 100  # characters of a field's name that are said back


def error_body(failure: Failure) -> ErrorResponse:
    """What is said of `failure`."""
    return ErrorResponse(
        error=ErrorBody(type=failure.type, message=failure.message, hint=failure.hint, trace_id=current_trace_id())
    )


def answer_failure(failure: Failure) -> JSONResponse:
    """The answer to a request that failed."""
    response = JSONResponse(error_body(failure).model_dump(), failure.status)
    if failure.retry_after_s is not None:
        response.headers["retry-after"] = str(max(1, math.ceil(failure.retry_after_s)))
    say_trace_id(response)
    return response


def unexpected() -> Failure:
    """What is said of an exception that nobody foresaw; its own text is for the log."""
    return Failure("Something of ours failed.", "Tell us the trace id: this is our mistake.")


async def too_large(request: Request) -> Response:
    """The answer to a body over the limit; counted as rejected."""
    failure = BadInput(f"The body is larger than {LARGEST_BODY} bytes.", "Ask a shorter question.")
    failure.status = 413
    llm_telemetry.record_rejection("bad_input", endpoint=request.url.path)
    return answer_failure(failure)


def add_failure_handlers(app: FastAPI) -> None:
    """Answer everything that `app` may raise; input that cannot be used is counted as rejected."""

    async def on_failure(_: Request, failure: Exception) -> Response:
        assert isinstance(failure, Failure)
        return answer_failure(failure)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        llm_telemetry.record_rejection("bad_input", endpoint=request.scope["route"].path)
        return answer_failure(_bad_input(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 400:  # FastAPI's word for a body that is not even text
            llm_telemetry.record_rejection("bad_input", endpoint=request.url.path)
            return answer_failure(_not_json())
        allowed = _allowed_methods(request)
        failure = Failure(str(error.detail), "See /docs for what this service answers.")
        failure.status = 405 if allowed else error.status_code
        failure.type = f"http_{failure.status}"
        if allowed:
            failure.message = f"{request.method} is not answered here, {' and '.join(allowed)} is."
        response = answer_failure(failure)
        response.headers.update({"allow": ", ".join(allowed)} if allowed else dict(error.headers or {}))
        return response

    async def on_unexpected(_: Request, error: Exception) -> Response:
        response = answer_failure(unexpected())
        response.headers["connection"] = "close"  # uvicorn does it unannounced, and the client's next request breaks
        return response

    app.add_exception_handler(Failure, on_failure)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_unexpected)


def _allowed_methods(request: Request) -> list[str]:
    """What the path answers, where it is one of ours and the method is not. The page's mount hides it: it takes all."""
    scope = {key: request.scope[key] for key in ("type", "path", "method")} | {"root_path": ""}
    partial = [route for route in request.app.routes if route.matches(scope)[0] is Match.PARTIAL]
    return sorted({method for route in partial for method in route.methods})


def _not_json() -> BadInput:
    failure = BadInput("The body is not valid JSON.", 'Send an object such as {"question": "How do I …?"}.')
    failure.status = 400
    return failure


def _bad_input(error: RequestValidationError) -> BadInput:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")[:_LONGEST_ECHO]
    place = place.encode("utf-8", "replace").decode()  # a client may name a field by half a character
    if first["type"] == "json_invalid":
        return _not_json()
    what = f"`{place}`" if place else "the body"
    hints = {
        "missing": f"Add {what} to the JSON body.",
        "string_too_long": f"Shorten {what} to {LONGEST_QUESTION} characters.",
        "string_too_short": f"Put a question into {what}.",
        "extra_forbidden": f"Leave {what} out: it is not known here.",
    }
    return BadInput(f"{what}: {first['msg']}.", hints.get(first["type"], f"Correct {what}; see /docs for the schema."))
