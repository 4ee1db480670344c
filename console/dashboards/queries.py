"""Runs queries against the stores. Equal queries run once, however many panels and pages need the result."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from console.services import Services
from stack.stores import Stores
from stores import TraceFilter
from stores.traces import TraceSummary


@dataclass(frozen=True)
class Query:
    """One query with all variables filled in. Equal queries have the same result."""

    kind: str  # range, instant, exemplars, logs, traces, values
    text: str
    start: float  # Unix s
    end: float
    step: float = 0.0
    limit: int = 0

    def run(self, stores: Stores) -> Any:
        """The result, as `stores` returns it. Blocks. Raises StoreError if the query failed."""
        match self.kind:
            case "range":
                return stores.metrics.range(self.text, self.start, self.end, self.step)
            case "instant":
                return stores.metrics.instant(self.text, self.end)
            case "exemplars":
                return stores.metrics.exemplars(self.text, self.start, self.end)
            case "logs":
                return stores.logs.native(self.text, self.start, self.end, self.limit)
            case "traces":
                return _search_traces(stores, self)
        label, selector = json.loads(self.text)
        return stores.metrics.label_values(label, [selector] if selector else [], self.start, self.end)


def _search_traces(stores: Stores, query: Query) -> list[TraceSummary]:
    """One search per service and combination of values; newest first."""
    found: dict[str, TraceSummary] = {}
    for one in json.loads(query.text):
        for service in [one["service"]] if one["service"] else stores.traces.services():
            which = TraceFilter(
                service, one["operation"], one["attributes"], one["error_only"], one["min_duration_ms"],
                query.start, query.end,
            )  # fmt: skip
            found |= {summary.trace_id: summary for summary in stores.traces.search(which, query.limit)}
    return sorted(found.values(), key=lambda summary: (-summary.start, summary.trace_id))[: query.limit]


class QueryRunner:
    """Runs queries in threads. A query that is running, or has a recent result, does not run again."""

    def __init__(self, services: Services, keep_s: float) -> None:
        """A result is kept for `keep_s`: as long as no new sample can have arrived."""
        self._services = services
        self._keep_s = keep_s
        self._results: dict[Query, asyncio.Task[Any]] = {}

    async def run(self, query: Query) -> Any:
        task = self._results.get(query)
        if task is None:
            task = asyncio.create_task(self._services.ask(query.run, self._services.stores))
            task.add_done_callback(partial(self._finished, query))
            self._results[query] = task
        return await asyncio.shield(task)

    def _finished(self, query: Query, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is not None:
            del self._results[query]
        else:
            asyncio.get_running_loop().call_later(self._keep_s, self._results.pop, query)
