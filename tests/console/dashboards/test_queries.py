"""Proves that equal queries run once, that results are kept for a while, and that queries run concurrently."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sample_dashboards import GENERATED, context_of, queries_of

from console.dashboards.model import Dashboard
from console.dashboards.queries import Query, QueryRunner
from console.services import Services
from stores import QueryRefused

THREADS = 10


class FakePrometheus:
    """Records its queries, and how many ran at the same time. Answers after `takes_s`."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.queries: list[tuple[Any, ...]] = []
        self.running = self.max_running = 0
        self._takes_s = takes_s
        self._lock = threading.Lock()

    def _query(self, *arguments: Any) -> list[Any]:
        with self._lock:
            self.queries.append(arguments)
            self.running += 1
            self.max_running = max(self.max_running, self.running)
        time.sleep(self._takes_s)
        with self._lock:
            self.running -= 1
        if "fails" in arguments:
            raise QueryRefused("prometheus", "http://x", "no")
        return []

    range = instant = exemplars = native = search = label_values = _query

    def services(self) -> list[str]:
        return ["demo-app"]


def runner_of(store: FakePrometheus, keep_s: float = 60.0) -> QueryRunner:
    stores = SimpleNamespace(metrics=store, logs=store, traces=store)
    services = Services(cast(Any, None), cast(Any, stores), cast(Any, None), ThreadPoolExecutor(THREADS))
    return QueryRunner(services, keep_s)


async def test_equal_queries_share_one_result() -> None:
    store = FakePrometheus(0.05)
    runner = runner_of(store)
    query = Query("instant", "up", 0, 60)
    await asyncio.gather(*(runner.run(query) for _ in range(20)))
    await runner.run(query)
    assert len(store.queries) == 1


async def test_a_result_is_kept_for_a_while_and_then_forgotten() -> None:
    store = FakePrometheus()
    runner = runner_of(store, keep_s=0.05)
    query = Query("instant", "up", 0, 60)
    await runner.run(query)
    await runner.run(query)
    assert len(store.queries) == 1
    await asyncio.sleep(0.1)
    assert runner._results == {}
    await runner.run(query)
    assert len(store.queries) == 2


async def test_a_failed_query_raises_and_runs_again_the_next_time() -> None:
    store = FakePrometheus()
    runner = runner_of(store)
    query = Query("range", "fails", 0, 60, 15)
    for _ in range(2):
        with pytest.raises(QueryRefused):
            await runner.run(query)
    assert len(store.queries) == 2


@pytest.mark.parametrize("dashboard", GENERATED, ids=lambda one: one.uid)
async def test_the_queries_of_a_page_run_concurrently(dashboard: Dashboard) -> None:
    store = FakePrometheus(0.02)
    runner = runner_of(store)
    queries = queries_of(dashboard, context_of())
    await asyncio.gather(*(runner.run(query) for query in queries))
    assert len(store.queries) == len(queries)
    assert store.max_running >= min(THREADS, len(store.queries)) - 2


async def test_twenty_pages_run_the_queries_of_one_page() -> None:
    store = FakePrometheus(0.01)
    runner = runner_of(store)
    queries = queries_of(GENERATED[0], context_of())
    await asyncio.gather(*(runner.run(query) for _ in range(20) for query in queries))
    assert len(store.queries) == len(set(queries))
