"""Queries of runbooks, in the words of whichever stores run.

A runbook writes log queries in LogsQL and trace queries in TraceQL, in the part of them that `stores`
can say for every store, so that one text serves both profiles:

    "service.name":="demo-app" event:="llm_call" status:="error"
    { resource.service.name = "demo-app" && .llm.endpoint = "/a" && status = error && duration >= 3s }
"""

from __future__ import annotations

import json
import re

from stores import LogFilter, TraceFilter

_NAME = r'(?:"(?:[^"\\]|\\.)+"|[\w.]+)'
_TEXT = r'"(?:[^"\\]|\\.)*"'
_LOG_TERM = re.compile(rf"({_NAME}):=({_TEXT})(?:\s+|$)")
_TRACE_TERM = re.compile(rf"(\.?[\w.]+)\s*(>=|=)\s*({_TEXT}|\w+)$")
_UNITS_MS = {"ms": 1, "s": 1000}


class NotShown(ValueError):
    """A query outside of that part."""


def log_filter(text: str) -> LogFilter:
    """The filter that a LogsQL query of a runbook is.

    Raises:
        NotShown: it says more than `name:="value"`.
    """
    rest, fields = text.strip(), dict[str, str]()
    while rest:
        term = _LOG_TERM.match(rest)
        if term is None:
            raise NotShown(f'only name:="value" is understood, not {rest!r}')
        name = json.loads(term[1]) if term[1].startswith('"') else term[1]
        fields[name] = json.loads(term[2])
        rest = rest[term.end() :]
    service, trace_id = fields.pop("service.name", ""), fields.pop("trace_id", "")
    return LogFilter(service, dict(fields), trace_id=trace_id)


def trace_filter(text: str) -> TraceFilter:
    """The filter that a TraceQL query of a runbook is.

    Raises:
        NotShown: it says more than that, or no service.
    """
    inner = re.fullmatch(r"\{(.*)\}", text.strip(), re.DOTALL)
    if inner is None:
        raise NotShown("one pair of braces is needed")
    service, operation, error_only, min_ms = "", "", False, 0.0
    attributes = dict[str, str]()
    for part in inner[1].split("&&"):
        term = _TRACE_TERM.match(part.strip())
        if term is None:
            raise NotShown(f"not understood: {part.strip()!r}")
        name, operator, value = term.groups()
        duration = re.fullmatch(r"(\d+)(ms|s)", value)
        if name == "duration" and operator == ">=" and duration:
            min_ms = float(duration[1]) * _UNITS_MS[duration[2]]
        elif (name, operator, value) == ("status", "=", "error"):
            error_only = True
        elif operator != "=" or not value.startswith('"'):
            raise NotShown(f"not understood: {part.strip()!r}")
        elif name == "resource.service.name":
            service = json.loads(value)
        elif name == "name":
            operation = json.loads(value)
        elif name.startswith("."):
            attributes[name[1:]] = json.loads(value)
        else:
            raise NotShown(f"not understood: {part.strip()!r}")
    if not service:
        raise NotShown("resource.service.name is needed")
    return TraceFilter(service, operation, attributes, error_only, min_ms)
