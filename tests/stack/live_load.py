"""Load on the demo application of a live stack, and a check that no telemetry is lost."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from live_stack import SERVICE, LiveStack, now

from stores.log_filter import LogFilter
from stores.polling import poll_until

ASKED_WITHIN_S = 240.0
RETURNS_WITHIN_S = 120.0  # the longest pause between retries, plus the recovery from the journal


class Load:
    """Questions from four threads until `stop`."""

    def __init__(self, live: LiveStack, pool: ThreadPoolExecutor) -> None:
        self._live = live
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.trace_ids: list[str] = []
        self.start = now()
        self._done = [pool.submit(self._run) for _ in range(4)]

    def _run(self) -> None:
        while not self._stopped.is_set():
            answer = self._live.ask(f"How long is the trial? {uuid.uuid4().hex[:8]}", user=uuid.uuid4().hex[:4])
            with self._lock:
                self.trace_ids.append(answer["trace_id"])

    def wait_for(self, more: int) -> None:
        """Wait for this number of further answers."""
        goal = len(self.trace_ids) + more
        poll_until(lambda: len(self.trace_ids), lambda count: count >= goal, ASKED_WITHIN_S)

    def stop(self) -> list[str]:
        """Stop; returns the trace ids of all answers."""
        self._stopped.set()
        for done in self._done:
            done.result(timeout=60)
        return self.trace_ids

    def check_nothing_is_lost(self) -> None:
        """Stop; each answer has one log line and its spans, and the counters have every attempt."""
        asked = self.stop()
        events = LogFilter(service=SERVICE, fields={"event": "llm_call"}, start=self.start)

        def wrong_counts() -> dict[str, int]:
            counted = self._live.stores.logs.field_values("trace_id", events, limit=5_000)
            return {trace_id: counted.get(trace_id, 0) for trace_id in asked if counted.get(trace_id, 0) != 1}

        assert poll_until(wrong_counts, lambda found: not found, RETURNS_WITHIN_S, 1.0) == {}

        def without_spans() -> list[str]:
            missing = []
            for trace_id in asked:
                trace = self._live.stores.traces.trace(trace_id)
                names = {span.name for span in trace.spans} if trace else set()
                if not {"generate", "chat gpt-4o", "retrieval", "POST /api/support/answer"} <= names:
                    missing.append(trace_id)
            return missing

        assert poll_until(without_spans, lambda missing: not missing, RETURNS_WITHIN_S, 1.0) == []

        self._live.wait_until_scraped()
        for series in self._live.stores.metrics.points(f'llm_requests_total{{service="{SERVICE}"}}[30m]'):
            values = [value for _, value in series.points]
            assert values == sorted(values), f"{series.labels} went down"


@contextmanager
def loading(live: LiveStack) -> Iterator[Load]:
    """Load for the duration of the block."""
    with ThreadPoolExecutor(4) as pool:
        load = Load(live, pool)
        try:
            yield load
        finally:
            load.stop()
