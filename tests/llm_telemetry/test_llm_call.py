"""Blocks and decorators record a call and return its result unchanged."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from recorded_telemetry import ANSWER, CALLER, Clock, Recorded, chunk, chunks
from stream_kinds import async_generator, generator, observe, read, status_of

import llm_telemetry as lt


async def test_blocks_record_chunks(recorded: Recorded) -> None:
    with lt.request_context(**CALLER):
        with lt.observe_llm_call("gpt-4o", provider="openai") as call:
            assert list(call.stream(generator())) == chunks()
        async with lt.observe_llm_call("gpt-4o", provider="openai") as call:
            assert [piece async for piece in call.astream(async_generator())] == chunks()
        async with lt.observe_retrieval() as retrieval:
            retrieval.record(1)
    assert status_of(recorded) == {"ok": 2}
    assert recorded.value("llm_ttft_ms_count") == 2


@pytest.mark.parametrize("kind", ["sync", "async", "generator", "async generator", "coroutine of a plain function"])
async def test_exceptions_pass_unchanged(kind: str, recorded: Recorded) -> None:
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
    assert status_of(recorded) == {"error": 1}
    assert recorded.value("llm_errors_total", error_type="other") == 1


async def test_results_and_signatures_are_unchanged(recorded: Recorded) -> None:
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
    assert status_of(recorded) == {"ok": 3}
    assert recorded.value("llm_input_tokens_total") == 3 * 1847
    decorated = observe(coroutine)
    assert (decorated.__name__, decorated.__doc__) == ("coroutine", "Says how.")
    assert inspect.signature(decorated) == inspect.signature(coroutine)
    assert inspect.iscoroutinefunction(decorated)


async def test_a_task_cancelled_in_a_call_is_cancelled(recorded: Recorded) -> None:
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
    assert status_of(recorded) == {"cancelled": 1}


def sse(*pieces: Any) -> bytes:
    import json

    return b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces) + b"data: [DONE]\n\n"


def transport(request: httpx2.Request) -> httpx2.Response:
    if b'"stream":true' in request.content:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=sse(*chunks()))
    return httpx2.Response(200, json=ANSWER)


MESSAGES: Any = [{"role": "user", "content": "How?"}]


def test_openai_client_is_recorded(recorded: Recorded) -> None:
    http = httpx2.Client(transport=httpx2.MockTransport(transport))
    create: Any = observe(openai.OpenAI(api_key="none", http_client=http).chat.completions.create)
    assert create(model="gpt-4o", messages=MESSAGES).usage.prompt_tokens == 1847
    stream = create(model="gpt-4o", messages=MESSAGES, stream=True)
    assert isinstance(stream, openai.Stream)
    assert "".join(piece.choices[0].delta.content or "" for piece in stream if piece.choices) == "Hold it for 5 s."
    with create(model="gpt-4o", messages=MESSAGES, stream=True) as stream:
        next(stream)
    assert status_of(recorded) == {"ok": 2, "cancelled": 1}
    assert recorded.value("llm_output_tokens_total") == 2 * 312
    assert recorded.value("llm_ttft_ms_count") == 1


async def test_openai_async_client_is_recorded(recorded: Recorded, clock: Clock) -> None:
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
    assert status_of(recorded) == {"ok": 2, "cancelled": 1}
    assert recorded.value("llm_latency_ms_sum") == pytest.approx(500)
