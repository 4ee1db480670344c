# ruff: noqa: SIM117 - blocks inside blocks are what is tested
"""Streams are observed and stay what they were, however they are read, left or forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Literal

import httpx2
import openai
import pytest
from opentelemetry import trace
from telemetry_seen import ANSWER, ENDPOINT, WHO, Clock, Seen, chunk, chunks

import llm_telemetry as lt

observe = lt.observe_llm_call("gpt-4o", provider="openai", endpoint=ENDPOINT, tenant_id="acme")


class Stream:
    """As a client's: an iterator with attributes, that is closed and is a context manager."""

    def __init__(self) -> None:
        self._chunks = iter(chunks())
        self.response = "the response"
        self.closed = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._chunks)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> Literal[False]:
        self.close()
        return False

    def close(self) -> None:
        self.closed = True


class AsyncStream:
    """The async one."""

    def __init__(self) -> None:
        self._chunks = iter(chunks())
        self.response = "the response"
        self.closed = False

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        await asyncio.sleep(0)
        for piece in self._chunks:
            return piece
        raise StopAsyncIteration

    async def __aenter__(self) -> AsyncStream:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        self.closed = True


def generator() -> Iterator[Any]:
    yield from chunks()


async def async_generator() -> AsyncIterator[Any]:
    for piece in chunks():
        await asyncio.sleep(0)
        yield piece


def stream_of_function() -> Any:
    return Stream()


def async_stream_of_function() -> Any:
    return AsyncStream()


async def async_stream_of_coroutine() -> Any:
    return AsyncStream()


async def generator_of_coroutine() -> Any:
    return async_generator()


async def read(result: Any) -> list[Any]:
    """Everything in a stream of any kind."""
    if inspect.isawaitable(result):
        result = await result
    return [piece async for piece in result] if hasattr(result, "__anext__") else list(result)


@pytest.fixture(autouse=True)
def _no_span_is_left_current() -> Iterator[None]:
    before = trace.get_current_span()
    yield
    assert trace.get_current_span() is before


STREAMS = [generator, async_generator, stream_of_function, async_stream_of_function, async_stream_of_coroutine,
           generator_of_coroutine]  # fmt: skip


def status_of(seen: Seen) -> dict[str, float]:
    return {
        status: value
        for status in ("ok", "error", "cancelled")
        if (value := seen.value("llm_requests_total", status=status))
    }


@pytest.mark.parametrize("make", STREAMS)
async def test_a_stream_read_to_its_end(make: Callable[[], Any], seen: Seen) -> None:
    assert await read(observe(make)()) == chunks()
    assert status_of(seen) == {"ok": 1}
    assert seen.value("llm_input_tokens_total") == 1847
    assert seen.value("llm_ttft_ms_count") == 1
    assert seen.value("llm_in_flight_requests") == 0
    assert seen.line()["finish_reason"] == "stop"


@pytest.mark.parametrize("make", STREAMS)
async def test_what_is_returned_looks_the_same(make: Callable[[], Any], seen: Seen) -> None:
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
async def test_a_stream_that_is_left(make: Callable[[], Any], seen: Seen) -> None:
    stream = observe(make)()
    if inspect.isawaitable(stream):
        stream = await stream
    if hasattr(stream, "__anext__"):
        await stream.__anext__()
        await (stream.aclose() if hasattr(stream, "aclose") else stream.close())
    else:
        next(stream)
        stream.close()
    assert status_of(seen) == {"cancelled": 1}
    assert seen.span("generate").attributes["llm.status"] == "cancelled"  # type: ignore[index]
    assert seen.value("llm_in_flight_requests") == 0


@pytest.mark.parametrize("make", STREAMS)
async def test_a_stream_that_is_forgotten(make: Callable[[], Any], seen: Seen, caplog: Any) -> None:
    stream = observe(make)()
    if inspect.isawaitable(stream):
        stream = await stream
    await stream.__anext__() if hasattr(stream, "__anext__") else next(stream)
    del stream
    gc.collect()
    await asyncio.sleep(0)
    assert status_of(seen) == {"cancelled": 1}
    assert "detach" not in caplog.text


@pytest.mark.parametrize("make", [generator, async_generator])
async def test_a_generator_that_is_never_read_is_no_call(make: Callable[[], Any], seen: Seen) -> None:
    observe(make)()
    gc.collect()
    assert seen.changed() == {}


async def test_context_managers_close_the_stream(seen: Seen) -> None:
    with observe(stream_of_function)() as stream:
        next(stream)
    async with observe(async_stream_of_function)() as other:
        await other.__anext__()
    assert stream.closed
    assert other.closed
    assert status_of(seen) == {"cancelled": 2}


def test_a_stream_read_in_its_context_manager_is_ok(seen: Seen) -> None:
    with observe(stream_of_function)() as stream:
        assert list(stream) == chunks()
    assert status_of(seen) == {"ok": 1}


def test_an_exhausted_stream_may_be_asked_again(seen: Seen) -> None:
    stream = observe(generator)()
    list(stream)
    assert next(stream, "nothing") == "nothing"
    assert trace.get_current_span() is trace.INVALID_SPAN
    stream.close()
    assert status_of(seen) == {"ok": 1}


async def test_an_exhausted_async_stream_may_be_asked_again(seen: Seen) -> None:
    stream = observe(async_generator)()
    await read(stream)
    with pytest.raises(StopAsyncIteration):
        await stream.__anext__()
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert status_of(seen) == {"ok": 1}


async def test_chunks_are_handed_on_before_the_next_is_made(seen: Seen) -> None:
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


async def test_blocks_take_chunks(seen: Seen) -> None:
    with lt.request_context(**WHO):
        with lt.observe_llm_call("gpt-4o", provider="openai") as call:
            assert list(call.stream(generator())) == chunks()
        async with lt.observe_llm_call("gpt-4o", provider="openai") as call:
            assert [piece async for piece in call.astream(async_generator())] == chunks()
        async with lt.observe_retrieval() as retrieval:
            retrieval.record(1)
    assert status_of(seen) == {"ok": 2}
    assert seen.value("llm_ttft_ms_count") == 2


def test_a_generators_protocol_goes_through(seen: Seen) -> None:
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
    assert status_of(seen) == {"ok": 1}


async def test_an_async_generators_protocol_goes_through(seen: Seen) -> None:
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
    assert status_of(seen) == {"cancelled": 1}


@pytest.mark.parametrize("kind", ["sync", "async", "generator", "async generator", "coroutine of a plain function"])
async def test_exceptions_come_through_as_they_are(kind: str, seen: Seen) -> None:
    error = RuntimeError("as it was")

    def sync() -> Any:
        raise error

    async def coroutine() -> Any:
        raise error

    def of_generator() -> Any:
        yield chunk("a")
        raise error

    async def of_async_generator() -> Any:
        yield chunk("a")
        raise error

    def plain() -> Any:
        return coroutine()

    functions: dict[str, Callable[[], Any]] = {
        "sync": sync,
        "async": coroutine,
        "generator": of_generator,
        "async generator": of_async_generator,
        "coroutine of a plain function": plain,
    }
    with pytest.raises(RuntimeError) as raised:
        await read(observe(functions[kind])())
    assert raised.value is error
    assert error.__context__ is None
    assert status_of(seen) == {"error": 1}
    assert seen.value("llm_errors_total", error_type="other") == 1


async def test_answers_come_through_as_they_are(seen: Seen) -> None:
    answer = dict(ANSWER)

    async def coroutine(question: str, *, twice: bool) -> Any:
        """Says how."""
        return answer

    def plain(question: str, *, twice: bool) -> Any:
        return coroutine(question, twice=twice)

    def sync(question: str, *, twice: bool) -> Any:
        return answer

    for function in (coroutine, plain):
        assert await observe(function)("how?", twice=True) is answer  # type: ignore[operator]
    assert observe(sync)("how?", twice=True) is answer
    assert status_of(seen) == {"ok": 3}
    assert seen.value("llm_input_tokens_total") == 3 * 1847
    decorated = observe(coroutine)
    assert (decorated.__name__, decorated.__doc__) == ("coroutine", "Says how.")
    assert inspect.signature(decorated) == inspect.signature(coroutine)
    assert inspect.iscoroutinefunction(decorated)


async def test_a_task_that_is_cancelled_in_a_stream(seen: Seen, caplog: Any) -> None:
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
    assert status_of(seen) == {"cancelled": 1}
    assert seen.value("llm_errors_total", error_type="other") == 0
    assert seen.span("generate").status.is_ok
    assert "detach" not in caplog.text


async def test_a_task_that_is_cancelled_in_a_call(seen: Seen) -> None:
    began = asyncio.Event()

    @observe
    async def answer() -> Any:
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(answer())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert status_of(seen) == {"cancelled": 1}


async def test_a_generator_closed_by_another_task(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def with_a_block() -> Any:
        with lt.request_context(**WHO), lt.observe_llm_call("gpt-4o", provider="openai") as call:
            async for piece in call.astream(async_generator()):
                yield piece

    for make in (with_a_block, observe(async_generator)):
        stream = make()
        await asyncio.create_task(stream.__anext__())
        await asyncio.create_task(stream.aclose())
        assert trace.get_current_span() is trace.INVALID_SPAN
    assert status_of(seen) == {"cancelled": 2}
    assert "detach" not in caplog.text
    assert "token" not in caplog.text


async def test_what_runs_between_chunks_is_not_inside_the_call(seen: Seen) -> None:
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
    assert {span.parent.span_id for span in seen.spans("between") if span.parent} == {around.get_span_context().span_id}
    chat = next(span for span in seen.spans("chat gpt-4o") if (span.attributes or {})["llm.endpoint"] == ENDPOINT)
    assert chat.context
    assert seen.spans("inside")[0].parent.span_id == chat.context.span_id  # type: ignore[union-attr]
    assert status_of(seen) == {"ok": 1}
    assert seen.value("llm_requests_total", endpoint="/api/support/stream", tenant="other", status="ok") == 6


def sse(*pieces: Any) -> bytes:
    import json

    return b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces) + b"data: [DONE]\n\n"


def transport(request: httpx2.Request) -> httpx2.Response:
    if b'"stream":true' in request.content:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=sse(*chunks()))
    return httpx2.Response(200, json=ANSWER)


MESSAGES: Any = [{"role": "user", "content": "How?"}]


def test_openais_client(seen: Seen) -> None:
    http = httpx2.Client(transport=httpx2.MockTransport(transport))
    create: Any = observe(openai.OpenAI(api_key="none", http_client=http).chat.completions.create)
    assert create(model="gpt-4o", messages=MESSAGES).usage.prompt_tokens == 1847
    stream = create(model="gpt-4o", messages=MESSAGES, stream=True)
    assert isinstance(stream, openai.Stream)
    assert "".join(piece.choices[0].delta.content or "" for piece in stream if piece.choices) == "Hold it for 5 s."
    with create(model="gpt-4o", messages=MESSAGES, stream=True) as stream:
        next(stream)
    assert status_of(seen) == {"ok": 2, "cancelled": 1}
    assert seen.value("llm_output_tokens_total") == 2 * 312
    assert seen.value("llm_ttft_ms_count") == 1


async def test_openais_async_client(seen: Seen, clock: Clock) -> None:
    """Its `create` is a plain function that returns a coroutine."""

    async def slow(request: httpx2.Request) -> httpx2.Response:
        clock.ms(250)
        return transport(request)

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(slow))
    create: Any = observe(openai.AsyncOpenAI(api_key="none", http_client=http).chat.completions.create)
    assert (await create(model="gpt-4o", messages=MESSAGES)).usage.prompt_tokens == 1847
    stream = await create(model="gpt-4o", messages=MESSAGES, stream=True)
    assert isinstance(stream, openai.AsyncStream)
    assert len([piece async for piece in stream]) == 6
    async with await create(model="gpt-4o", messages=MESSAGES, stream=True) as stream:
        await stream.__anext__()
    assert status_of(seen) == {"ok": 2, "cancelled": 1}
    assert seen.value("llm_latency_ms_sum") == pytest.approx(500)


def test_a_span_of_the_application_that_is_still_current(seen: Seen) -> None:
    """Inside a call the application may leave something in the context; the call does not take it away."""
    from opentelemetry import context

    with lt.observe_llm_call("gpt-4o", endpoint=ENDPOINT):
        token = context.attach(context.set_value("mine", 1))
    assert context.get_value("mine") == 1
    context.detach(token)
    with contextlib.suppress(Exception):  # the test's own mess
        context.attach(context.Context())
    with lt.observe_llm_call("gpt-4o", endpoint=ENDPOINT, tenant_id="acme"):
        pass
    assert status_of(seen) == {"ok": 1}
