"""The endpoint, tenant and user to which a call's metrics, spans and log lines belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llm_telemetry import names
from llm_telemetry.request_context import current_request
from llm_telemetry.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Attribution:
    """Endpoint, tenant and user, twice: as given (for spans and logs) and as bounded label values (for metrics)."""

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

    def span_attributes(self) -> dict[str, Any]:
        return {names.LLM_ENDPOINT: self.endpoint, names.LLM_TENANT_ID: self.tenant_id, names.LLM_USER_ID: self.user}
