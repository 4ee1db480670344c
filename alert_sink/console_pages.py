"""Builds addresses of the console's pages, for the sink's links and the console's own. The console parses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from llm_telemetry import names
from stores import LogFilter, TraceFilter
from stores.quoting import plain

LOG_FIELD: Final = "field."  # prefix of a parameter that names a field of a log line
SPAN_ATTRIBUTE: Final = "attribute."  # prefix of a parameter that names an attribute of a span

# Attributes of a span with a parameter of their own, by that parameter.
SPAN_SCOPE: Final[Mapping[str, str]] = {
    "endpoint": names.LLM_ENDPOINT,
    "model": names.LLM_MODEL,
    "tenant": names.LLM_TENANT_ID,
}


def logs_page(which: LogFilter) -> str:
    parameters = {**log_parameters(which), **_time_range(*which.period())}
    return f"/logs?{urlencode(parameters)}"


def traces_page(which: TraceFilter) -> str:
    parameters = {**trace_parameters(which), **_time_range(*which.period())}
    return f"/traces?{urlencode(parameters)}"


def trace_page(trace_id: str, span_id: str = "") -> str:
    chosen = f"?{urlencode({'span': span_id})}" if span_id else ""
    return f"/traces/{quote(trace_id, safe='')}{chosen}"


def query_page(promql: str) -> str:
    """The result of a PromQL query, over the last hour."""
    return f"/query?{urlencode({'expr': promql})}"


def log_parameters(which: LogFilter) -> dict[str, str]:
    """The parameters that say a filter, without its period. Empty conditions are left out."""
    always = {"service": which.service, "text": which.text, "trace_id": which.trace_id}
    fields = {LOG_FIELD + name: plain(value) for name, value in which.fields.items()}
    return {**{name: value for name, value in always.items() if value}, **fields}


def trace_parameters(which: TraceFilter) -> dict[str, str]:
    parameter_of = {attribute: parameter for parameter, attribute in SPAN_SCOPE.items()}
    parameters = {
        "service": which.service,
        "operation": which.operation,
        **{parameter_of.get(name, SPAN_ATTRIBUTE + name): plain(value) for name, value in which.attributes.items()},
        "error": "true" if which.error_only else "",
        "min_ms": f"{which.min_duration_ms:.3f}".rstrip("0").rstrip(".") if which.min_duration_ms else "",
    }
    return {name: value for name, value in parameters.items() if value}


def _time_range(start: float, end: float) -> dict[str, str]:
    return {"from": str(round(start * 1000)), "to": str(round(end * 1000))}
