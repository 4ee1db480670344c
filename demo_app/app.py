"""The demo application over HTTP: `uvicorn --factory demo_app.app:create_app`."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import format_sse_event
from fastapi.staticfiles import StaticFiles
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from prometheus_client import disable_created_metrics
from pydantic import BaseModel, TypeAdapter
from starlette.exceptions import HTTPException

import llm_telemetry
from demo_app.answering import SUMMARISE, SUPPORT_ANSWER, SUPPORT_STREAM, Answered, Answering, Question
from demo_app.articles import example_questions
from demo_app.body_limit import BodyLimit
from demo_app.failures import BadInput, Failure, ModelFailure, Unauthorized
from demo_app.model_client import ModelClient
from demo_app.schemas import (
    LONGEST_QUESTION,
    AskRequest,
    ErrorBody,
    ErrorResponse,
    FeedbackRequest,
    Source,
    SummariseRequest,
    Summary,
    SupportAnswer,
)
from demo_app.search_index import Found
from demo_app.settings import DemoSettings
from llm_telemetry.request_context import RequestContext

_log = logging.getLogger(__name__)

SERVICE = "demo-app"
STATIC = Path(__file__).with_name("static")
_INDEX_RETRY_S = 2.0
_SOURCES = TypeAdapter(list[Source])
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorResponse} for status in (400, 403, 413, 422, 429, 502, 503, 504)
}


def create_app(settings: DemoSettings | None = None, transport: httpx2.AsyncBaseTransport | None = None) -> FastAPI:
    """The application. `transport` replaces the connection to the provider, for tests.

    Raises:
        DemoSettingsError, SettingsError, PricesError: a setting or a file of settings cannot be used.
    """
    settings = settings or DemoSettings.from_environment()
    disable_created_metrics()  # type: ignore[no-untyped-call]  # one series less per counter; nothing here reads them
    state = llm_telemetry.configure(
        os.environ.get("OTEL_SERVICE_NAME") or SERVICE,
        version=version("llm-observability-stack"),
        prompt_version=settings.prompt_version,
        content_store=settings.data_dir / "content.sqlite",
    )
    client = ModelClient(settings, transport)
    answering = Answering(settings, client)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        building = asyncio.create_task(_build_index(answering))
        yield
        building.cancel()
        with suppress(asyncio.CancelledError):
            await building
        await client.close()
        if state.content:
            state.content.close()

    app = FastAPI(title="Support answers", version=version("llm-observability-stack"), lifespan=lifespan)
    app.state.tenants = state.settings.tenants
    app.add_middleware(BodyLimit)
    _add_failure_handlers(app)
    _add_information(app, answering)
    _add_endpoints(app, answering)
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
    _leave_out_spans_per_chunk(app)
    return app


async def _build_index(answering: Answering) -> None:
    """Build the index as soon as the provider can be reached; until then retrieval goes by words."""
    while not answering.index.ready:
        try:
            await answering.build_index()
        except Exception as error:
            _log.warning("the index could not be built, next try in %.0f s: %s", _INDEX_RETRY_S, error)
            await asyncio.sleep(_INDEX_RETRY_S)


def _leave_out_spans_per_chunk(app: FastAPI) -> None:
    """Instrument without a span per ASGI message: a streamed answer would bring hundreds.

    `opentelemetry-instrument` has no setting for it, so its own instrumentation is replaced.
    """
    if getattr(app, "_is_instrumented_by_opentelemetry", False):
        FastAPIInstrumentor.uninstrument_app(app)
        FastAPIInstrumentor.instrument_app(app, excluded_urls="healthz,metrics", exclude_spans=["receive", "send"])


def _add_information(app: FastAPI, answering: Answering) -> None:
    @app.get("/healthz")
    async def health() -> JSONResponse:
        """200 once questions are answered by meaning; 503 while the index is being built."""
        ready = answering.index.ready
        body = {"status": "ok" if ready else "starting", "index": "ready" if ready else "being built"}
        return JSONResponse(body, 200 if ready else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        body, content_type = llm_telemetry.exposition(request.headers.get("accept", ""))
        return Response(body, media_type=None, headers={"content-type": content_type})

    @app.get("/api/examples")
    async def examples() -> list[str]:
        """Questions to try."""
        return list(example_questions())

    @app.get("/api/tenants")
    async def tenants() -> list[str]:
        """The tenants that x-tenant-id may name."""
        return list(app.state.tenants)


async def _caller(request: Request) -> AsyncIterator[RequestContext]:
    """Who asks: x-tenant-id must be known where it is given, x-user-id may be anything."""
    tenant, user = request.headers.get("x-tenant-id"), request.headers.get("x-user-id")
    route = request.scope["route"].path
    with llm_telemetry.request_context(endpoint=route, tenant_id=tenant, user_id=user) as context:
        known: Sequence[str] = request.app.state.tenants
        if tenant and tenant not in known:
            llm_telemetry.record_rejection("unauthorized")
            raise Unauthorized("This tenant is not known.", f"Send one of {', '.join(known)} as x-tenant-id, or none.")
        yield context


Caller = Annotated[RequestContext, Depends(_caller)]


def _add_endpoints(app: FastAPI, answering: Answering) -> None:
    @app.post(SUPPORT_ANSWER, responses=_ERRORS)
    async def support_answer(ask: AskRequest, response: Response, context: Caller) -> SupportAnswer:
        """Answer a question from the articles."""
        question = answering.accept(ask.question, SUPPORT_ANSWER, "support")
        answered = await answering.answer(question, _say_trace_id(response))
        return SupportAnswer(answer=answered.text, sources=_sources(answered.found), **answered.facts.model_dump())

    @app.post(SUPPORT_STREAM, responses=_ERRORS, response_class=StreamingResponse)
    async def support_stream(ask: AskRequest, context: Caller) -> StreamingResponse:
        """Answer a question in parts: events `sources`, `token` (many), then `done` or `error`."""
        question = answering.accept(ask.question, SUPPORT_STREAM, "support")
        response = StreamingResponse(_events(answering, question, context), media_type="text/event-stream")
        _say_trace_id(response)
        response.headers["cache-control"] = "no-store"
        response.headers["x-accel-buffering"] = "no"  # proxies must not hold the parts back
        return response

    @app.post(SUMMARISE, responses=_ERRORS)
    async def summarise(ask: SummariseRequest, response: Response, context: Caller) -> Summary:
        """Summarise what the articles say on a topic; the prompt is long."""
        question = answering.accept(ask.query, SUMMARISE, "summary")
        answered = await answering.answer(question, _say_trace_id(response))
        return Summary(summary=answered.text, sources=_sources(answered.found), **answered.facts.model_dump())

    @app.post("/api/feedback", responses={**_ERRORS, 404: {"model": ErrorResponse}, 409: {"model": ErrorResponse}})
    async def feedback(vote: FeedbackRequest, context: Caller) -> dict[str, str]:
        """Vote on an answer by the trace id it came with."""
        answering.vote(vote.trace_id, vote.value)
        return {"status": "recorded"}


async def _events(answering: Answering, question: Question, context: RequestContext) -> AsyncIterator[bytes]:
    # The request's own context ends when the response begins; what follows belongs to the same caller.
    with llm_telemetry.request_context(endpoint=context.endpoint, tenant_id=context.tenant_id, user_id=context.user_id):
        answers = answering.stream(question, _trace_id())
        try:
            async for item in answers:
                if isinstance(item, str):
                    yield _event("token", {"text": item})
                elif isinstance(item, Answered):
                    yield _event("done", item.facts)
                else:
                    yield _event("sources", _SOURCES.dump_python(_sources(item)))
        except ModelFailure as failure:
            yield _event("error", _error(failure))
        finally:
            await answers.aclose()


def _event(name: str, data: BaseModel | Any) -> bytes:
    text = data.model_dump_json() if isinstance(data, BaseModel) else TypeAdapter(Any).dump_json(data).decode()
    return format_sse_event(event=name, data_str=text)


def _sources(found: Any) -> list[Source]:
    items: list[Found] = list(found)
    return [
        Source(id=item.article.id, title=item.article.title, score=round(item.score, 4), text=item.article.text)
        for item in items
    ]


def _trace_id() -> str | None:
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def _say_trace_id(response: Response) -> str | None:
    trace_id = _trace_id()
    if trace_id:
        response.headers["x-trace-id"] = trace_id
    return trace_id


def _error(failure: Failure) -> ErrorResponse:
    return ErrorResponse(
        error=ErrorBody(type=failure.type, message=failure.message, hint=failure.hint, trace_id=_trace_id())
    )


def _add_failure_handlers(app: FastAPI) -> None:
    async def on_failure(_: Request, failure: Exception) -> JSONResponse:
        assert isinstance(failure, Failure)
        response = JSONResponse(_error(failure).model_dump(), failure.status)
        if failure.retry_after_s is not None:
            response.headers["retry-after"] = str(max(1, round(failure.retry_after_s)))
        _say_trace_id(response)
        return response

    async def on_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        llm_telemetry.record_rejection("bad_input", endpoint=request.scope["route"].path)
        return await on_failure(request, _bad_input(error))

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        failure = Failure(str(error.detail), "See /docs for what this service answers.")
        failure.status, failure.type = error.status_code, f"http_{error.status_code}"
        return await on_failure(request, failure)

    app.add_exception_handler(Failure, on_failure)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _bad_input(error: RequestValidationError) -> BadInput:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    if first["type"] == "json_invalid":
        failure = BadInput("The body is not valid JSON.", 'Send an object such as {"question": "How do I …?"}.')
        failure.status = 400
        return failure
    what = f"`{place}`" if place else "the body"
    hints = {
        "missing": f"Add {what} to the JSON body.",
        "string_too_long": f"Shorten {what} to {LONGEST_QUESTION} characters.",
        "string_too_short": f"Put a question into {what}.",
        "extra_forbidden": f"Leave {what} out: it is not known here.",
    }
    return BadInput(f"{what}: {first['msg']}.", hints.get(first["type"], f"Correct {what}; see /docs for the schema."))
