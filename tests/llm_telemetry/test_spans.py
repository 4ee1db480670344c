"""The span of a call is current inside the call only, and other context is left alone."""

# ruff: noqa: SIM117 - blocks inside blocks are what is tested
from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any

import pytest
from opentelemetry import trace
from recorded_telemetry import CALLER, ENDPOINT, Recorded, chunk, chunks
from stream_kinds import async_generator, observe, status_of

import llm_telemetry as lt


async def test_a_generator_closed_by_another_task_leaves_no_span_current(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def with_a_block() -> Any:
        with lt.request_context(**CALLER), lt.observe_llm_call("gpt-4o", provider="openai") as call:
            async for piece in call.astream(async_generator()):
                yield piece

    for make in (with_a_block, observe(async_generator)):
        stream = make()
        await asyncio.create_task(stream.__anext__())
        await asyncio.create_task(stream.aclose())
        assert trace.get_current_span() is trace.INVALID_SPAN
    assert status_of(recorded) == {"cancelled": 2}
    assert "detach" not in caplog.text
    assert "token" not in caplog.text


async def test_work_between_chunks_is_not_attached_to_the_call(recorded: Recorded) -> None:
    tracer = trace.get_tracer("application")

    def make() -> Any:
        for piece in chunks():
            with tracer.start_as_current_span("inside"):
                yield piece

    with tracer.start_as_current_span("around") as around:
        stream = observe(make)()
        for _ in stream:
            with tracer.start_as_current_span("between"):
                with lt.observe_llm_call("gpt-4o", endpoint="/api/support/stream"):
                    pass
            assert trace.get_current_span() is around
    assert {span.parent.span_id for span in recorded.spans("between") if span.parent} == {
        around.get_span_context().span_id
    }
    chat = next(span for span in recorded.spans("chat gpt-4o") if (span.attributes or {})["llm.endpoint"] == ENDPOINT)
    assert chat.context
    assert recorded.spans("inside")[0].parent.span_id == chat.context.span_id  # type: ignore[union-attr]
    assert status_of(recorded) == {"ok": 1}
    assert recorded.value("llm_requests_total", endpoint="/api/support/stream", tenant="other", status="ok") == 6


def test_context_that_the_application_left_current_stays(recorded: Recorded) -> None:
    """Inside a call the application may leave something in the context; the call does not take it away."""
    from opentelemetry import context

    with lt.observe_llm_call("gpt-4o", endpoint=ENDPOINT):
        token = context.attach(context.set_value("mine", 1))
    assert context.get_value("mine") == 1
    context.detach(token)
    with contextlib.suppress(Exception):  # the test itself breaks the context; only the call below must work
        context.attach(context.Context())
    with lt.observe_llm_call("gpt-4o", endpoint=ENDPOINT, tenant_id="acme"):
        pass
    assert status_of(recorded) == {"ok": 1}


def test_changes_of_the_system_clock_change_no_duration(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = iter(range(10**9, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(jumps)))
    monkeypatch.setattr(time, "time_ns", lambda: next(jumps) * 10**9)
    with lt.request_context(**CALLER), lt.observe_generation("gpt-4o"):
        with lt.observe_retrieval():
            pass
        with lt.observe_llm_call("gpt-4o", provider="openai") as call:
            call.record_chunk(chunk("a"))
    line = recorded.line()
    assert 0 <= line["ttft_ms"] <= line["latency_ms"] < 60_000
    assert 0 <= line["retrieval_ms"] < 60_000
    assert recorded.value("llm_telemetry_failures_total", signal="trace") == 0
