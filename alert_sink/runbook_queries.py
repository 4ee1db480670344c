"""Queries of runbooks, for the stores that run.

A runbook writes log queries in LogsQL and trace queries in TraceQL, using only the part of them that a filter of
`stores` can say. So each query runs in both profiles:

    "service.name":="demo-app" event:="llm_call" status:="error"
    { resource.service.name = "demo-app" && .llm.endpoint = "/a" && status = error && duration >= 3s }
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from alert_sink.links import Links
from alert_sink.runbooks import Query
from stores import LogFilter, TraceFilter

_NAME = r'(?:"(?:[^"\\]|\\.)+"|[\w.]+)'
_TEXT = r'"(?:[^"\\]|\\.)*"'
_LOG_CONDITION = re.compile(rf"({_NAME}):=({_TEXT})(?:\s+|$)")
_TRACE_CONDITION = re.compile(rf"(\.?[\w.]+)\s*(>=|=)\s*({_TEXT}|\w+)$")
_UNITS_MS = {"ms": 1, "s": 1000}


class UnsupportedQuery(ValueError):
    """A query that no filter can say."""


@dataclass(frozen=True)
class LinkedQuery:
    """A query in the language of the stores that run, and a link to its result."""

    text: str
    link: str  # empty: no page shows the result
    action: str = ""  # the link's text


def linked_query(query: Query, links: Links) -> LinkedQuery:
    try:
        if query.language == "promql":
            return LinkedQuery(query.text, links.query(query.text), "Run query")
        if query.language == "logsql":
            which = log_filter(query.text)
            return LinkedQuery(which.logql() if links.to_grafana else query.text, links.logs(which), "Show log lines")
        return LinkedQuery(query.text, links.traces(trace_filter(query.text)), "Search traces")
    except UnsupportedQuery:
        return LinkedQuery(query.text, "")


def log_filter(text: str) -> LogFilter:
    """The filter that a LogsQL query of a runbook says.

    Raises:
        UnsupportedQuery: it has a condition other than `name:="value"`.
    """
    rest, fields = text.strip(), dict[str, str]()
    while rest:
        condition = _LOG_CONDITION.match(rest)
        if condition is None:
            raise UnsupportedQuery(f'Only conditions such as name:="value" are supported here, not {rest!r}.')
        name = json.loads(condition[1]) if condition[1].startswith('"') else condition[1]
        fields[name] = json.loads(condition[2])
        rest = rest[condition.end() :]
    service, trace_id = fields.pop("service.name", ""), fields.pop("trace_id", "")
    return LogFilter(service, dict(fields), trace_id=trace_id)


def trace_filter(text: str) -> TraceFilter:
    """The filter that a TraceQL query of a runbook says.

    Raises:
        UnsupportedQuery: it has a condition that a filter cannot say, or names no service.
    """
    inner = re.fullmatch(r"\{(.*)\}", text.strip(), re.DOTALL)
    if inner is None:
        raise UnsupportedQuery("Only queries in one pair of braces are supported here.")
    service, operation, error_only, min_ms = "", "", False, 0.0
    attributes = dict[str, str]()
    for part in inner[1].split("&&"):
        condition = _TRACE_CONDITION.match(part.strip())
        if condition is None:
            raise _unsupported(part)
        name, operator, value = condition.groups()
        duration = re.fullmatch(r"(\d+)(ms|s)", value)
        if name == "duration" and operator == ">=" and duration:
            min_ms = float(duration[1]) * _UNITS_MS[duration[2]]
        elif (name, operator, value) == ("status", "=", "error"):
            error_only = True
        elif operator != "=" or not value.startswith('"'):
            raise _unsupported(part)
        elif name == "resource.service.name":
            service = json.loads(value)
        elif name == "name":
            operation = json.loads(value)
        elif name.startswith("."):
            attributes[name[1:]] = json.loads(value)
        else:
            raise _unsupported(part)
    if not service:
        raise UnsupportedQuery('The query must name a service: resource.service.name = "…".')
    return TraceFilter(service, operation, attributes, error_only, min_ms)


def _unsupported(condition: str) -> UnsupportedQuery:
    return UnsupportedQuery(f"The condition {condition.strip()!r} is not supported here.")
