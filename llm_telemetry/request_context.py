"""Endpoint, tenant and user of the current request. An application sets them once per request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from llm_telemetry import names
from llm_telemetry.telemetry import Telemetry


@dataclass(slots=True)
class RequestContext:
    """What all calls of one request share. `user_id` is not hashed here; it is hashed before it is recorded."""

    endpoint: str | None = None
    tenant_id: str | None = None
    user_id: str | None = None
    # Set by observe_retrieval, for the log lines of the generations that follow.
    retrieval_ms: float | None = None
    retrieval_chunks: int | None = None


NO_REQUEST = RequestContext()  # shared by all code outside a request, so never write to it
_current: ContextVar[RequestContext] = ContextVar("llm_telemetry_request", default=NO_REQUEST)


@contextmanager
def request_context(
    *, endpoint: str | None = None, tenant_id: str | None = None, user_id: str | None = None
) -> Iterator[RequestContext]:
    """Set endpoint (the route template), tenant and user for all calls inside the block."""
    context = RequestContext(endpoint, tenant_id, user_id)
    previous = _current.get()
    _current.set(context)
    try:
        yield context
    finally:
        # ContextVar.reset would fail if a generator is closed in another context than it started in.
        if _current.get() is context:
            _current.set(previous)


def current_request() -> RequestContext:
    """Return the context of the current request, or NO_REQUEST outside a request."""
    return _current.get()


@dataclass(frozen=True, slots=True)
class Attribution:
    """Endpoint, tenant and user, twice: as given (for spans and logs) and as label values (for metrics)."""

    endpoint: str
    tenant_id: str | None
    user: str | None  # hashed
    endpoint_label: str
    tenant_label: str

    @classmethod
    def of(
        cls, telemetry: Telemetry, endpoint: str | None = None, tenant_id: str | None = None, user_id: str | None = None
    ) -> Attribution:
        """Use the arguments; take what is missing from the current request context."""
        request = current_request()
        route = endpoint or request.endpoint or names.UNKNOWN
        tenant = tenant_id or request.tenant_id
        user = user_id or request.user_id
        return cls(
            endpoint=route,
            tenant_id=tenant,
            user=telemetry.hasher.user(user) if user else None,
            endpoint_label=telemetry.metrics.endpoint(route),
            tenant_label=telemetry.metrics.tenant(tenant),
        )

    def event_fields(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint, "user_id": self.user, "tenant_id": self.tenant_id}

    def span_attributes(self) -> dict[str, Any]:
        return {names.LLM_ENDPOINT: self.endpoint, names.LLM_TENANT_ID: self.tenant_id, names.LLM_USER_ID: self.user}
