"""An observed stream behaves like the stream, however it is read, left or forgotten."""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from recorded_telemetry import ENDPOINT, Recorded, chunk, chunks
from stream_kinds import (
    STREAMS,
    async_generator,
    async_stream_of_function,
    generator,
    observe,
    read,
    status_of,
    stream_of_function,
)

import llm_telemetry as lt


@pytest.fixture(autouse=True)
def _no_span_is_left_current() -> Iterator[None]:
    before = trace.get_current_span()
    yield
    assert trace.get_current_span() is before


@pytest.mark.parametrize("make", STREAMS)
async def test_a_stream_read_to_its_end_is_ok(make: Callable[[], Any], recorded: Recorded) -> None:
    assert await read(observe(make)()) == chunks()
    assert status_of(recorded) == {"ok": 1}
    assert recorded.value("llm_input_tokens_total") == 1847
    assert recorded.value("llm_ttft_ms_count") == 1
    assert recorded.value("llm_in_flight_requests") == 0
    assert recorded.line()["finish_reason"] == "stop"


@pytest.mark.parametrize("make", STREAMS)
async def test_the_proxy_has_the_class_and_attributes_of_the_stream(
    make: Callable[[], Any], recorded: Recorded
) -> None:
    plain, observed = make(), observe(make)()
    if inspect.isawaitable(plain):
        assert inspect.iscoroutine(observed)
        plain, observed = await plain, await observed
    assert isinstance(observed, type(plain))
    assert observed.__class__ is plain.__class__
    names = ("send", "throw", "close", "asend", "athrow", "aclose", "response", "gi_frame", "nothing")
    assert [hasattr(observed, name) for name in names] == [hasattr(plain, name) for name in names]
    if hasattr(plain, "response"):
        assert observed.response == "the response"
    await read(observed)
    await read(plain)


@pytest.mark.parametrize("make", STREAMS)
async def test_a_closed_stream_is_cancelled(make: Callable[[], Any], recorded: Recorded) -> None:
    stream = observe(make)()
    if inspect.isawaitable(stream):
        stream = await stream
    if hasattr(stream, "__anext__"):
        await stream.__anext__()
        await (stream.aclose() if hasattr(stream, "aclose") else stream.close())
    else:
        next(stream)
        stream.close()
    assert status_of(recorded) == {"cancelled": 1}
    assert recorded.span("generate").attributes["llm.status"] == "cancelled"  # type: ignore[index]
    assert recorded.value("llm_in_flight_requests") == 0


@pytest.mark.parametrize("make", STREAMS)
async def test_a_forgotten_stream_is_cancelled(make: Callable[[], Any], recorded: Recorded, caplog: Any) -> None:
    stream = observe(make)()
    if inspect.isawaitable(stream):
        stream = await stream
    await stream.__anext__() if hasattr(stream, "__anext__") else next(stream)
    del stream
    gc.collect()
    await asyncio.sleep(0)
    assert status_of(recorded) == {"cancelled": 1}
    assert "detach" not in caplog.text


@pytest.mark.parametrize("make", [generator, async_generator])
async def test_a_generator_that_is_never_read_records_nothing(make: Callable[[], Any], recorded: Recorded) -> None:
    observe(make)()
    gc.collect()
    assert recorded.changed() == {}


async def test_context_managers_close_the_stream_and_cancel_the_call(recorded: Recorded) -> None:
    with observe(stream_of_function)() as stream:
        next(stream)
    async with observe(async_stream_of_function)() as other:
        await other.__anext__()
    assert stream.closed
    assert other.closed
    assert status_of(recorded) == {"cancelled": 2}


def test_a_stream_read_to_its_end_in_its_context_manager_is_ok(recorded: Recorded) -> None:
    with observe(stream_of_function)() as stream:
        assert list(stream) == chunks()
    assert status_of(recorded) == {"ok": 1}


def test_an_exhausted_stream_stays_exhausted(recorded: Recorded) -> None:
    stream = observe(generator)()
    list(stream)
    assert next(stream, "nothing") == "nothing"
    assert trace.get_current_span() is trace.INVALID_SPAN
    stream.close()
    assert status_of(recorded) == {"ok": 1}


async def test_an_exhausted_async_stream_stays_exhausted(recorded: Recorded) -> None:
    stream = observe(async_generator)()
    await read(stream)
    with pytest.raises(StopAsyncIteration):
        await stream.__anext__()
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert status_of(recorded) == {"ok": 1}


async def test_each_chunk_is_passed_on_before_the_next_is_made(recorded: Recorded) -> None:
    events: list[str] = []

    @observe
    def make() -> Any:
        for number in range(3):
            events.append(f"made {number}")
            yield chunk(str(number))

    @observe
    async def make_async() -> Any:
        for number in range(3):
            events.append(f"made {number}")
            yield chunk(str(number))

    expected = [f"{what} {number}" for number in range(3) for what in ("made", "read")]
    for number, _ in enumerate(make()):
        events.append(f"read {number}")
    assert events == expected
    events.clear()
    number = 0
    async for _ in make_async():
        events.append(f"read {number}")
        number += 1
    assert events == expected
    events.clear()
    with lt.observe_llm_call("gpt-4o", endpoint=ENDPOINT) as call:
        for number, _ in enumerate(call.stream(_noting(events))):
            events.append(f"read {number}")
    assert events == expected


def _noting(events: list[str]) -> Iterator[Any]:
    for number in range(3):
        events.append(f"made {number}")
        yield chunk(str(number))


def test_send_throw_and_return_reach_the_generator(recorded: Recorded) -> None:
    @observe
    def echo() -> Any:
        try:
            got = yield "first"
            while True:
                got = yield got
        except ValueError:
            yield "caught"
        return "returned"

    def around() -> Any:
        return (yield from echo())

    outer = around()
    assert next(outer) == "first"
    assert outer.send("sent") == "sent"
    assert outer.throw(ValueError()) == "caught"
    with pytest.raises(StopIteration) as stopped:
        next(outer)
    assert stopped.value.value == "returned"
    assert status_of(recorded) == {"ok": 1}


async def test_asend_athrow_and_aclose_reach_the_async_generator(recorded: Recorded) -> None:
    @observe
    async def echo() -> Any:
        got = yield "first"
        try:
            yield got
        except ValueError:
            yield "caught"

    stream = echo()
    assert await stream.asend(None) == "first"
    assert await stream.asend("sent") == "sent"
    assert await stream.athrow(ValueError()) == "caught"
    await stream.aclose()
    assert status_of(recorded) == {"cancelled": 1}


async def test_a_task_cancelled_in_a_stream_is_cancelled_and_not_an_error(recorded: Recorded, caplog: Any) -> None:
    began = asyncio.Event()

    @observe
    async def make() -> Any:
        yield chunk("a")
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(read(make()))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert status_of(recorded) == {"cancelled": 1}
    assert recorded.value("llm_errors_total", error_type="other") == 0
    assert recorded.span("generate").status.is_ok
    assert "detach" not in caplog.text
