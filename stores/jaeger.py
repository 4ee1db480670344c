"""Jaeger, lite's trace store.

A trace is read with API v3. API v3 cannot search by attribute over HTTP (v1.76), so a search uses the API of Jaeger's
own user interface.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from stores import otlp_json
from stores.connection import StoreClient
from stores.trace_filter import TraceFilter
from stores.traces import Trace, TraceSummary, newest_first, trace_of

_RAW = {"raw_traces": "true"}  # else Jaeger may shift spans in time to correct for clock skew
_SERVICES = "/api/v3/services"
_MOST_EXAMINED = 1500  # traces, in one search


class Jaeger(StoreClient):
    server = "jaeger"
    ready_path = _SERVICES

    def trace(self, trace_id: str) -> Trace | None:
        return self._connection.get_if_there(
            f"/api/v3/traces/{quote(trace_id, safe='')}",
            lambda body: trace_of(trace_id, otlp_json.spans(body["result"], lists_are_text=True)),
            _RAW,
        )

    def search(self, which: TraceFilter, limit: int = 20) -> list[TraceSummary]:
        """Jaeger may find the conditions on different spans of a trace: then more traces are examined, up to 1,500."""
        examined = limit
        while True:
            parameters = {**which.jaeger_parameters(), "limit": str(examined), "raw": "true"}
            traces = self._connection.get(
                "/api/traces", lambda body: [_JaegerTrace(item) for item in body["data"]], parameters
            )
            summaries = [found.summary() for found in traces if found.matches(which)]
            newest = newest_first(summaries, which, limit)
            if len(newest) == limit or len(traces) < examined or examined >= _MOST_EXAMINED:
                return newest
            examined = min(examined * 4, _MOST_EXAMINED)

    def services(self) -> list[str]:
        return self._connection.get(_SERVICES, lambda body: sorted(body.get("services") or ()))


class _JaegerTrace:
    """A trace in the JSON of Jaeger's user interface: times in µs, attributes as `tags` with types."""

    def __init__(self, item: Any) -> None:
        self._trace_id: str = item["traceID"].rjust(32, "0")
        self._spans: list[Any] = list({span["spanID"]: span for span in item["spans"]}.values())
        self._services = {key: process["serviceName"] for key, process in item["processes"].items()}
        self._resources = {key: _tags(process.get("tags")) for key, process in item["processes"].items()}

    def matches(self, which: TraceFilter) -> bool:
        """Whether one span meets every condition."""
        return any(self._span_matches(which, span) for span in self._spans)

    def summary(self) -> TraceSummary:
        root = next((span for span in self._spans if not self._parent(span)), None)
        start = min(span["startTime"] for span in self._spans)
        end = max(span["startTime"] + span["duration"] for span in self._spans)
        return TraceSummary(
            trace_id=self._trace_id,
            root_service=self._services[root["processID"]] if root else "",
            root_name=root["operationName"] if root else "",
            start=start / 1e6,
            duration_ms=(end - start) // 1000,
        )

    def _span_matches(self, which: TraceFilter, span: Any) -> bool:
        tags = {**self._resources[span["processID"]], **_tags(span["tags"])}
        return (
            self._services[span["processID"]] == which.service
            and which.operation in ("", span["operationName"])
            and span["duration"] >= which.min_duration_ms * 1000
            and (not which.error_only or tags.get("error") is True)
            and all(_equal(tags.get(name), value) for name, value in which.attributes.items())
        )

    def _parent(self, span: Any) -> str:
        parents = (reference for reference in span["references"] if reference["refType"] == "CHILD_OF")
        return next((str(parent["spanID"]) for parent in parents if parent["traceID"] == span["traceID"]), "")


def _tags(tags: Any) -> dict[str, Any]:
    return {tag["key"]: tag["value"] for tag in tags or ()}


def _equal(stored: Any, wanted: Any) -> bool:
    """Whether values and kinds are equal: 1.0 equals 1, True and "1" do not."""
    return stored == wanted and isinstance(stored, bool) == isinstance(wanted, bool)
