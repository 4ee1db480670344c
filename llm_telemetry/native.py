"""Says on the resource that this process's metrics come from itself, not from its spans.

The collector's meter derives metrics from the spans of foreign instrumentations; without the mark it
would count the calls of this process a second time.
"""

from __future__ import annotations

import logging
from typing import Any

from opentelemetry import trace

from llm_telemetry.names import RESOURCE_NATIVE

_log = logging.getLogger(__name__)


def mark_resource() -> bool:
    """Add `llm.telemetry.native=true` to the resource of the tracer provider in use.

    OpenTelemetry makes the resource before the application runs, and the SDK's call to add to it later
    (it needs one itself, after a fork) is not public. Where it is not there, the log says what to set.

    Returns:
        Whether there was a resource to look at: False before a provider is set, and with none.
    """
    provider: Any = trace.get_tracer_provider()
    resource: Any = getattr(provider, "resource", None)
    if resource is None:
        return False
    if resource.attributes.get(RESOURCE_NATIVE) in (True, "true"):  # a string when it came from the environment
        return True
    try:
        provider._update_resource(type(resource)({RESOURCE_NATIVE: True}))
        marked = provider.resource.attributes.get(RESOURCE_NATIVE) is True
    except Exception:
        marked = False
    if not marked:
        _log.warning(
            "this process's spans could not be marked: set OTEL_RESOURCE_ATTRIBUTES=%s=true, "
            "or the collector counts its calls twice",
            RESOURCE_NATIVE,
        )
    return True
