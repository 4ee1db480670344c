"""Who asks, through which endpoint: said once per request, known to everything inside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RequestContext:
    """What the calls of one request have in common. `user_id` is raw here and hashed wherever it goes."""

    endpoint: str | None = None
    tenant_id: str | None = None
    user_id: str | None = None
    # Filled by observe_retrieval, for the log line of the generations that follow.
    retrieval_ms: float | None = None
    retrieval_chunks: int | None = None


NO_REQUEST = RequestContext()  # never written to: it is everybody's
_current: ContextVar[RequestContext] = ContextVar("llm_telemetry_request", default=NO_REQUEST)


@contextmanager
def request_context(
    *, endpoint: str | None = None, tenant_id: str | None = None, user_id: str | None = None
) -> Iterator[RequestContext]:
    """Say for everything inside the block through which endpoint (route template), tenant and user it runs."""
    context = RequestContext(endpoint, tenant_id, user_id)
    previous = _current.get()
    _current.set(context)
    try:
        yield context
    finally:
        # Not by token: a generator may be closed in another context than it was started in.
        if _current.get() is context:
            _current.set(previous)


def current_request() -> RequestContext:
    """The request that this code runs for, or NO_REQUEST."""
    return _current.get()
