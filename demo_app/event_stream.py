"""An answer as server-sent events."""

import logging
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from anyio import CancelScope
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import TypeAdapter
from starlette.types import Receive, Scope, Send

import llm_telemetry
from demo_app.answering import AnswerService, CompleteAnswer, Question
from demo_app.error_responses import error_body, internal_error
from demo_app.failures import ModelFailure
from demo_app.schemas import Source
from demo_app.search_index import FoundArticle
from demo_app.tracing import current_trace_id
from llm_telemetry.request_context import RequestContext

_log = logging.getLogger(__name__)

_ANY = TypeAdapter(Any)


class EventStream(StreamingResponse):
    """A stream of events. When the client disconnects, the stream ends and its slot is free again."""

    def __init__(self, answering: AnswerService, question: Question, context: RequestContext) -> None:
        self._question = question
        self._parts = _events(answering, question, context)
        super().__init__(self._parts, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream. Starlette cancels it when the client disconnects, but does not close a waiting generator."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await self._parts.aclose()
            if self._question.ticket:
                self._question.ticket.release()  # for a client that disconnected before the first part


async def _events(answering: AnswerService, question: Question, context: RequestContext) -> AsyncGenerator[bytes, None]:
    # The request's own context ends when the response begins. The stream belongs to the same caller.
    with llm_telemetry.request_context(endpoint=context.endpoint, tenant_id=context.tenant_id, user_id=context.user_id):
        answers = answering.stream(question, current_trace_id())
        try:
            async for item in answers:
                if isinstance(item, str):
                    yield _event("token", {"text": item})
                elif isinstance(item, CompleteAnswer):
                    yield _event("done", item.details)
                else:
                    yield _event("sources", sources_of(item))
        except ModelFailure as failure:
            yield _event("error", error_body(failure))
        except Exception:
            _log.exception("a stream failed")
            yield _event("error", error_body(internal_error()))
        finally:
            await answers.aclose()


def _event(name: str, data: Any) -> bytes:
    return format_sse_event(event=name, data_str=_ANY.dump_json(data).decode())


def sources_of(found: Iterable[FoundArticle]) -> list[Source]:
    return [
        Source(id=item.article.id, title=item.article.title, score=round(item.score, 4), text=item.article.text)
        for item in found
    ]
