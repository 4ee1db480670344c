"""Each question is asked once, however many want its answer, and concurrently."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest
from console_boards import BOARDS, questions_of, shown

from console.dashboards.questions import Answers, Question
from console.services import Services
from stores import QueryRefused

THREADS = 10


class Prometheus:
    """Counts what it is asked; answers after a while."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.at_once = self.most_at_once = 0
        self._takes_s = takes_s
        self._lock = threading.Lock()

    def _answer(self, *arguments: Any) -> list[Any]:
        with self._lock:
            self.asked.append(arguments)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self._takes_s)
        with self._lock:
            self.at_once -= 1
        if "fails" in arguments:
            raise QueryRefused("prometheus", "http://x", "no")
        return []

    range = instant = exemplars = native = search = label_values = _answer

    def services(self) -> list[str]:
        return []


def made(store: Prometheus, keep_s: float = 60.0) -> Answers:
    stores = SimpleNamespace(metrics=store, logs=store, traces=store)
    services = Services(cast(Any, None), cast(Any, stores), cast(Any, None), ThreadPoolExecutor(THREADS))
    return Answers(services, keep_s)


async def test_two_who_ask_the_same_share_one_answer() -> None:
    store = Prometheus(0.05)
    answers = made(store)
    question = Question("instant", "up", 0, 60)
    await asyncio.gather(*(answers.to(question) for _ in range(20)))
    await answers.to(question)
    assert len(store.asked) == answers.asked == 1


async def test_an_answer_is_kept_for_a_while_and_then_forgotten() -> None:
    store = Prometheus()
    answers = made(store, keep_s=0.05)
    question = Question("instant", "up", 0, 60)
    await answers.to(question)
    await answers.to(question)
    assert answers.asked == 1
    await asyncio.sleep(0.1)
    assert answers._kept == {}
    await answers.to(question)
    assert answers.asked == 2


async def test_a_failure_is_told_to_all_and_not_kept() -> None:
    answers = made(Prometheus())
    question = Question("range", "fails", 0, 60, 15)
    for _ in range(2):
        with pytest.raises(QueryRefused):
            await answers.to(question)
    assert answers.asked == 2


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
async def test_a_page_asks_everything_at_once(board: Any) -> None:
    store = Prometheus(0.02)
    answers = made(store)
    questions = questions_of(board, shown())
    await asyncio.gather(*(answers.to(question) for question in questions))
    assert answers.asked == len(questions)
    assert store.most_at_once >= min(THREADS, len(store.asked)) - 2


async def test_twenty_pages_cost_one() -> None:
    store = Prometheus(0.01)
    answers = made(store)
    questions = [question for board in BOARDS[:1] for question in questions_of(board, shown())]
    await asyncio.gather(*(answers.to(question) for _ in range(20) for question in questions))
    assert answers.asked == len(set(questions))
