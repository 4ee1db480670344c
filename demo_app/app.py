"""The demo application over HTTP: `uvicorn --factory demo_app.app:create_app`."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import httpx2
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

import llm_telemetry
from demo_app.admin import admin_router
from demo_app.answering import SUMMARISE, SUPPORT_ANSWER, SUPPORT_STREAM, AnswerService
from demo_app.articles import example_questions
from demo_app.error_responses import BodyLimit, add_failure_handlers
from demo_app.event_stream import EventStream, sources_of
from demo_app.failures import Unauthorized
from demo_app.faults import LiveSettings
from demo_app.model_client import ModelClient
from demo_app.schemas import AskRequest, ErrorResponse, FeedbackRequest, SummariseRequest, Summary, SupportAnswer
from demo_app.settings import DemoSettings
from demo_app.tracing import add_trace_id_header, disable_spans_per_chunk, flush_telemetry
from llm_telemetry.request_context import RequestContext

_log = logging.getLogger(__name__)

SERVICE = "demo-app"
STATIC = Path(__file__).with_name("static")
_INDEX_RETRY_S = 2.0
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorResponse} for status in (400, 403, 413, 422, 429, 502, 503, 504)
}


def create_app(settings: DemoSettings | None = None, transport: httpx2.AsyncBaseTransport | None = None) -> FastAPI:
    """Create the application. Tests pass a `transport` that replaces the connection to the provider.

    Raises DemoSettingsError, SettingsError, PricesError: a setting or a settings file cannot be used.
    """
    settings = settings or DemoSettings.from_environment()
    state = llm_telemetry.configure(
        os.environ.get("OTEL_SERVICE_NAME") or SERVICE,
        version=settings.version,
        prompt_version=settings.prompt_version,
        content_store=settings.data_dir / "content.sqlite",
    )
    live = LiveSettings(settings)
    client = ModelClient(live, transport)
    answering = AnswerService(live, client)

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
        await flush_telemetry()

    app = FastAPI(title="Support answers", version=settings.version, lifespan=lifespan)
    app.state.tenants = state.settings.tenants
    app.add_middleware(BodyLimit)
    add_failure_handlers(app)
    _add_information(app, answering)
    _add_endpoints(app, answering)
    app.include_router(admin_router(live))
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
    disable_spans_per_chunk(app)
    return app


async def _build_index(answering: AnswerService) -> None:
    """Build the search index as soon as the provider can be reached. Until then, retrieval matches words."""
    while not answering.index.ready:
        try:
            await answering.build_index()
        except Exception as error:
            _log.warning("the search index could not be built, next try in %.0f s: %s", _INDEX_RETRY_S, error)
            await asyncio.sleep(_INDEX_RETRY_S)


def _add_information(app: FastAPI, answering: AnswerService) -> None:
    @app.get("/healthz")
    async def health() -> JSONResponse:
        """200 when the search index is ready; 503 while it is being built."""
        ready = answering.index.ready
        body = {"status": "ok" if ready else "starting", "index": "ready" if ready else "being built"}
        return JSONResponse(body, 200 if ready else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        body, content_type = llm_telemetry.exposition(request.headers.get("accept", ""))
        return Response(body, media_type=None, headers={"content-type": content_type})

    @app.get("/api/examples")
    async def examples() -> list[str]:
        """Example questions."""
        return list(example_questions())

    @app.get("/api/tenants")
    async def tenants() -> list[str]:
        """The values that the header x-tenant-id may have."""
        return list(app.state.tenants)


async def _caller(request: Request) -> AsyncIterator[RequestContext]:
    """Read the tenant and user headers. A tenant must be known; a user may have any value."""
    tenant, user = request.headers.get("x-tenant-id"), request.headers.get("x-user-id")
    route = request.scope["route"].path
    with llm_telemetry.request_context(endpoint=route, tenant_id=tenant, user_id=user) as context:
        known: Sequence[str] = request.app.state.tenants
        if tenant and tenant not in known:
            llm_telemetry.record_rejection("unauthorized")
            raise Unauthorized(
                "This tenant is not known.", f"Send one of {', '.join(known)} as x-tenant-id, or leave the header out."
            )
        yield context


Caller = Annotated[RequestContext, Depends(_caller)]


def _add_endpoints(app: FastAPI, answering: AnswerService) -> None:
    @app.post(SUPPORT_ANSWER, responses=_ERRORS)
    async def support_answer(ask: AskRequest, response: Response, context: Caller) -> SupportAnswer:
        """Answer a question from the help articles."""
        question = answering.accept(ask.question, SUPPORT_ANSWER, "support")
        answered = await answering.answer(question, add_trace_id_header(response))
        return SupportAnswer(answer=answered.text, sources=sources_of(answered.found), **answered.details.model_dump())

    @app.post(SUPPORT_STREAM, responses=_ERRORS, response_class=StreamingResponse)
    async def support_stream(ask: AskRequest, context: Caller) -> StreamingResponse:
        """Stream the answer to a question: the events `sources`, `token` (many), then `done` or `error`."""
        question = answering.accept(ask.question, SUPPORT_STREAM, "support")
        response = EventStream(answering, question, context)
        add_trace_id_header(response)
        response.headers["cache-control"] = "no-store"
        response.headers["x-accel-buffering"] = "no"  # proxies must not buffer the stream
        return response

    @app.post(SUMMARISE, responses=_ERRORS)
    async def summarise(ask: SummariseRequest, response: Response, context: Caller) -> Summary:
        """Summarise what the help articles say about a topic. The prompt is long."""
        question = answering.accept(ask.query, SUMMARISE, "summary")
        answered = await answering.answer(question, add_trace_id_header(response))
        return Summary(summary=answered.text, sources=sources_of(answered.found), **answered.details.model_dump())

    @app.post("/api/feedback", responses={**_ERRORS, 404: {"model": ErrorResponse}, 409: {"model": ErrorResponse}})
    async def feedback(vote: FeedbackRequest, context: Caller) -> dict[str, str]:
        """Record a vote on an answer, by the answer's trace id."""
        answering.vote(vote.trace_id, vote.value)
        return {"status": "recorded"}
