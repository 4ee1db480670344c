"""Questions to the servers, each asked once however many panels and pages want its answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from console.services import Services
from stack.stores import Stores
from stores import TraceFilter
from stores.traces import TraceSummary


@dataclass(frozen=True)
class Question:
    """One question; two that are equal have the same answer."""

    kind: str  # range, instant, exemplars, logs, traces, values
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


def _values(stores: Stores, question: Question) -> list[str]:
    """Values of a label, of the series that a selector chooses."""
    label, selector = json.loads(question.text)
    return stores.metrics.label_values(label, [selector] if selector else [], question.start, question.end)


_ASK: Final[Mapping[str, Callable[[Stores, Question], Any]]] = {
    "range": lambda stores, one: stores.metrics.range(one.text, one.start, one.end, one.step),
    "instant": lambda stores, one: stores.metrics.instant(one.text, one.end),
    "exemplars": lambda stores, one: stores.metrics.exemplars(one.text, one.start, one.end),
    "logs": lambda stores, one: stores.logs.native(one.text, one.start, one.end, one.limit),
    "traces": _traces,
    "values": _values,
}


class Answers:
    """Asks in threads, concurrently; a question that is under way or was answered just now is not asked again."""

    def __init__(self, services: Services, keep_s: float) -> None:
        """An answer is kept for `keep_s`: as long as no new sample can have come."""
        self._services = services
        self._keep_s = keep_s
        self._kept: dict[Question, asyncio.Task[Any]] = {}
        self.asked = 0  # questions that went to a server

    async def to(self, question: Question) -> Any:
        """The answer.

        Raises:
            StoreError: the question was not answered.
        """
        task = self._kept.get(question)
        if task is None:
            self.asked += 1
            task = asyncio.create_task(self._services.ask(question.ask, self._services.stores))
            task.add_done_callback(partial(self._answered, question))
            self._kept[question] = task
        return await asyncio.shield(task)

    def _answered(self, question: Question, task: asyncio.Task[Any]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed:
            del self._kept[question]
        else:
            asyncio.get_running_loop().call_later(self._keep_s, self._kept.pop, question)
