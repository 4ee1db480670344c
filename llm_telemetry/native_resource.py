"""Marks the resource of this process: its metrics are recorded here, not derived from its spans.

A collector may derive metrics from the spans of applications that do not use `llm_telemetry`. The mark
`llm.telemetry.native=true` tells it to skip this process, whose calls would otherwise count twice.
"""

from __future__ import annotations

import logging
from typing import Any

from opentelemetry import trace

from llm_telemetry.names import RESOURCE_NATIVE

_log = logging.getLogger(__name__)


def mark_resource_as_native() -> bool:
    """Add `llm.telemetry.native=true` to the resource of the current tracer provider.

    OpenTelemetry creates the resource before the application runs, and its SDK has no public way to add an
    attribute later. This uses the private method that the SDK itself calls after a fork. If the method is
    missing, a warning names the environment variable to set instead.

    Returns:
        False if no tracer provider with a resource is set yet, so the caller should try again later.
    """
    provider: Any = trace.get_tracer_provider()
    resource: Any = getattr(provider, "resource", None)
    if resource is None:
        return False
    if resource.attributes.get(RESOURCE_NATIVE) in (True, "true"):  # a string if it was set in the environment
        return True
    try:
        provider._update_resource(type(resource)({RESOURCE_NATIVE: True}))
        marked = provider.resource.attributes.get(RESOURCE_NATIVE) is True
    except Exception:
        marked = False
    if not marked:
        _log.warning(
            "the resource of this process could not be marked: set OTEL_RESOURCE_ATTRIBUTES=%s=true, "
            "or its calls may be counted twice",
            RESOURCE_NATIVE,
        )
    return True
