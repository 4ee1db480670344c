"""TRACE_SAMPLING=tail keeps every trace with an error and drops others; metrics and logs stay complete."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from lite_process import LiteProcess
from live_stack import LiveStack
from trace_spans import spans_named

from stores.polling import poll_until

ASKED = 30


@pytest.fixture
def sampled(tmp_path: Path) -> Iterator[LiveStack]:
    process = LiteProcess.make(tmp_path, TRACE_SAMPLING="tail", TAIL_WAIT="2s", TAIL_KEEP_PERCENT="0")
    up = process.run("up")
    try:
        assert up.returncode == 0, up.stderr
        yield LiveStack(process.stack, process)
    finally:
        process.run("down")


def test_traces_with_errors_are_kept_and_others_are_dropped(sampled: LiveStack) -> None:
    succeeded = [sampled.ask(f"How long is the trial? {uuid.uuid4().hex}")["trace_id"] for _ in range(ASKED)]
    requests.put(
        sampled.url("SIM_PROVIDER_PORT", "/admin/faults/content_filter"),
        json={"model": "*", "probability": 1, "duration_s": 60, "mode": "reject"},
        timeout=10,
    ).raise_for_status()
    failed = [sampled.ask(f"How long is the trial? {uuid.uuid4().hex}")["error"]["trace_id"] for _ in range(5)]

    for trace_id in failed:
        trace = sampled.trace(trace_id, "generate")
        assert spans_named(trace, "generate")[0].attributes["error.type"] == "content_filter"
    # The failed calls came last, so the decision about the others was made before.
    assert [trace_id for trace_id in succeeded if sampled.stores.traces.trace(trace_id)] == []
    total = 'sum(llm_requests_total{service="demo-app"})'
    poll_until(lambda: sampled.stores.metrics.value(total), lambda value: value == ASKED + len(failed), 30.0)
    assert sampled.log_line(succeeded[0]).trace_id == succeeded[0]
