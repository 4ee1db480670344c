"""What `generate`, `chat`, `embeddings` and `retrieval` have in common: a block that is observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from llm_telemetry import names
from llm_telemetry.request_context import current_request
from llm_telemetry.state import Telemetry


class Block:
    """Observes a block of `with` or `async with` and changes nothing about it."""

    def begin(self) -> None:
        """Begin to observe. Never raises."""
        raise NotImplementedError

    def end(self, error: BaseException | None = None) -> None:
        """Record what happened; `error` is the exception that left the block. Never raises; once only."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end(error)

    async def __aenter__(self) -> Self:
        self.begin()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end(error)


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks through which endpoint: as said (for spans and logs), and bounded (for labels)."""

    endpoint: str
    tenant_id: str | None
    user: str | None  # hashed
    endpoint_label: str
    tenant_label: str

    @classmethod
    def of(
        cls, state: Telemetry, endpoint: str | None = None, tenant_id: str | None = None, user_id: str | None = None
    ) -> Scope:
        """What the call says, else what its request says."""
        request = current_request()
        route = endpoint or request.endpoint or names.UNKNOWN
        tenant = tenant_id or request.tenant_id
        user = user_id or request.user_id
        return cls(
            endpoint=route,
            tenant_id=tenant,
            user=state.hasher.user(user) if user else None,
            endpoint_label=state.metrics.endpoint(route),
            tenant_label=state.metrics.tenant(tenant),
        )

    def attributes(self) -> dict[str, Any]:
        """The span attributes that say it."""
        return {names.LLM_ENDPOINT: self.endpoint, names.LLM_TENANT_ID: self.tenant_id, names.LLM_USER_ID: self.user}


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` without those that are None: an absent value is an absent attribute."""
    return {name: value for name, value in fields.items() if value is not None}


def rounded(milliseconds: float | None) -> float | None:
    """To the microsecond, which is finer than the clock is worth."""
    return None if milliseconds is None else round(milliseconds, 3)
