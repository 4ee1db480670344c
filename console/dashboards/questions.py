"""Questions to the servers, each asked once however many panels and pages want its answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from console.services import Services
from stores import Stores, TraceFilter
from stores.traces import TraceSummary

MOST_KEPT: Final = 2000


@dataclass(frozen=True)
class Question:
    """One question; two that are equal have the same answer."""

    kind: str  # range, instant, exemplars, logs, traces
    text: str
    start: float  # Unix s
    end: float
    step: float = 0.0
    limit: int = 0

    def ask(self, stores: Stores) -> Any:
        """The answer, as `stores` gives it. Blocks.

        Raises:
            StoreError: the question was not answered.
        """
        return _ASK[self.kind](stores, self)


def _traces(stores: Stores, question: Question) -> list[TraceSummary]:
    """One search per service and combination of values; newest first."""
    found: dict[str, TraceSummary] = {}
    for one in json.loads(question.text):
        for service in [one["service"]] if one["service"] else stores.traces.services():
            which = TraceFilter(
                service, one["operation"], one["attributes"], one["error_only"], one["min_duration_ms"],
                question.start, question.end,
            )  # fmt: skip
            found |= {summary.trace_id: summary for summary in stores.traces.search(which, question.limit)}
    return sorted(found.values(), key=lambda summary: (-summary.start, summary.trace_id))[: question.limit]


_ASK: Final[Mapping[str, Callable[[Stores, Question], Any]]] = {
    "range": lambda stores, one: stores.metrics.range(one.text, one.start, one.end, one.step),
    "instant": lambda stores, one: stores.metrics.instant(one.text, one.end),
    "exemplars": lambda stores, one: stores.metrics.exemplars(one.text, one.start, one.end),
    "logs": lambda stores, one: stores.logs.native(one.text, one.start, one.end, one.limit),
    "traces": _traces,
}


class Answers:
    """Asks in threads, concurrently; a question that is under way or was answered just now is not asked again."""

    def __init__(self, services: Services, keep_s: float) -> None:
        self._services = services
        self._keep_s = keep_s
        self._kept: dict[Question, tuple[asyncio.Task[Any], float]] = {}
        self.asked = 0  # questions that went to a server

    async def to(self, question: Question, *, fresh: bool = False) -> Any:
        """The answer; with `fresh` one that nobody was given before.

        Raises:
            StoreError: the question was not answered.
        """
        now = time.monotonic()
        task, at = self._kept.get(question, (None, 0.0))
        if task is None or (task.done() and (fresh or now - at > self._keep_s or task.exception() is not None)):
            self._forget(now)
            self.asked += 1
            task = asyncio.create_task(self._services.ask(question.ask, self._services.stores))
            self._kept[question] = (task, now)
        return await asyncio.shield(task)

    def _forget(self, now: float) -> None:
        """Drop what is too old, and the oldest where there is too much."""
        old = [one for one, (task, at) in self._kept.items() if task.done() and now - at > self._keep_s]
        for one in old or [*self._kept][: max(0, len(self._kept) - MOST_KEPT)]:
            del self._kept[one]
