"""Tempo, full's trace store."""

from __future__ import annotations

import math
import time
from typing import Any
from urllib.parse import quote

from stores import otlp_json
from stores.connection import StoreClient
from stores.timestamps import from_nanoseconds
from stores.trace_filter import TraceFilter
from stores.traces import Trace, TraceSummary, newest_first, trace_of

SERVICES_OF_S = 7 * 86_400.0  # period of services(); without a period Tempo looks at the newest spans only
_NO_ROOT = "<root span not yet received>"


class Tempo(StoreClient):
    """Asks Tempo, in TraceQL. Tempo may take 30 s before a search finds a new span."""

    server = "tempo"
    ready_path = "/ready"

    def trace(self, trace_id: str) -> Trace | None:
        return self._connection.get_if_there(
            f"/api/v2/traces/{quote(trace_id, safe='')}", lambda body: _trace(trace_id, body)
        )

    def search(self, which: TraceFilter, limit: int = 20) -> list[TraceSummary]:
        start, end = which.period()
        found = self._connection.get(
            "/api/search",
            lambda body: [_summary(item) for item in body.get("traces") or ()],
            {"q": which.traceql(), "start": math.floor(start), "end": math.ceil(end), "limit": limit},
        )
        return newest_first(found, which, limit)

    def services(self) -> list[str]:
        now = time.time()
        return self._connection.get(
            "/api/v2/search/tag/resource.service.name/values",
            lambda body: sorted(item["value"] for item in body.get("tagValues") or ()),
            {"start": math.floor(now - SERVICES_OF_S), "end": math.ceil(now)},
        )


def _trace(trace_id: str, body: Any) -> Trace | None:
    complete = body.get("status") not in ("PARTIAL", 1)
    return trace_of(trace_id, otlp_json.spans(body.get("trace") or {}), complete=complete)


def _summary(item: Any) -> TraceSummary:
    name = item.get("rootTraceName", "")
    return TraceSummary(
        trace_id=item["traceID"].rjust(32, "0"),
        root_service="" if name == _NO_ROOT else item.get("rootServiceName", ""),
        root_name="" if name == _NO_ROOT else name,
        start=from_nanoseconds(item["startTimeUnixNano"]),
        duration_ms=int(item.get("durationMs", 0)),
    )
