"""Finds traces: in one service or in all of them, and what a table says of each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from console.services import services
from console.times import Span
from console.traces.found import Detail
from console.traces.question import TraceQuestion
from stores import TraceSummary


async def find(question: TraceQuestion, span: Span) -> list[TraceSummary]:
    """Newest first. Without a service, every service that sent spans is asked, all at the same time.

    Raises:
        StoreError: the trace store gave no answer.
        ValueError: what is asked makes no sense.
    """
    store = services().stores.traces
    wanted = [question.service] if question.service else await services().ask(store.services)
    which = question.filter(span.start, span.end)
    answers = await asyncio.gather(
        *(services().ask(store.search, replace(which, service=name), question.limit) for name in wanted)
    )
    once = {summary.trace_id: summary for answer in answers for summary in answer}
    return sorted(once.values(), key=lambda one: -one.start)[: question.limit]


async def details(found: Iterable[TraceSummary]) -> dict[str, Detail | None]:
    """By trace id; None for a trace that cannot be had (any more)."""
    trace_ids = [one.trace_id for one in found]
    answers = await asyncio.gather(*(services().tried(_ask_detail, one) for one in trace_ids))
    return {one: answer if isinstance(answer, Detail) else None for one, answer in zip(trace_ids, answers, strict=True)}


def _ask_detail(trace_id: str) -> Detail | None:
    trace = services().stores.traces.trace(trace_id)
    return Detail.of(trace) if trace else None
