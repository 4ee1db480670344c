"""Runs a search for traces, in one service or in all, and loads the details that the search does not return."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from console.services import services
from console.times import TimeSpan
from console.traces.search import TraceSearch
from console.traces.trace_table import TraceDetail
from stores import TraceSummary


async def find_traces(search: TraceSearch, span: TimeSpan) -> list[TraceSummary]:
    """Newest first. Without a service, all services are searched at the same time: stores search by service only.

    Raises:
        StoreError: the trace store gave no answer.
        ValueError: the search is invalid.
    """
    store = services().stores.traces
    service_names = [search.service] if search.service else await services().ask(store.services)
    trace_filter = search.filter(span.start, span.end)
    answers = await asyncio.gather(
        *(services().ask(store.search, replace(trace_filter, service=name), search.limit) for name in service_names)
    )
    by_id = {summary.trace_id: summary for answer in answers for summary in answer}
    return sorted(by_id.values(), key=lambda one: -one.start)[: search.limit]


async def load_details(traces: Iterable[TraceSummary]) -> dict[str, TraceDetail | None]:
    """By trace id; None if the store no longer has the trace or does not answer."""
    trace_ids = [one.trace_id for one in traces]
    answers = await asyncio.gather(*(services().ask_or_error(_detail, one) for one in trace_ids))
    return {
        one: answer if isinstance(answer, TraceDetail) else None for one, answer in zip(trace_ids, answers, strict=True)
    }


def _detail(trace_id: str) -> TraceDetail | None:
    trace = services().stores.traces.trace(trace_id)
    return TraceDetail.of(trace) if trace else None
