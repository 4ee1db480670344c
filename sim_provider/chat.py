"""POST /v1/chat/completions."""

import uuid
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from sim_provider.answers import invent_answer, leak_answer, write_answer
from sim_provider.chance import Roll
from sim_provider.chat_request import ChatRequest, parse_chat
from sim_provider.exchange import EVENT_STREAM, JSON, ClientGoneError, Exchange, json_object
from sim_provider.failures import Hit, fail_if_hit
from sim_provider.pace import Pace, draw_pace
from sim_provider.provider import Provider
from sim_provider.reading import read_prompt
from sim_provider.tokenizer import tokenize

# Sigma of the log-normal around a model's answer_tokens.
ANSWER_LENGTH_SIGMA = 0.25
# Share of the answer that is out before the content filter notices.
FILTERED_AFTER = 0.3


@dataclass(frozen=True, slots=True)
class Answer:
    """What is going to be said, and why it ends."""

    tokens: list[str]
    finish_reason: str


class ChatCompletions:
    """The endpoint, as an ASGI app."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        provider = self._provider
        exchange = Exchange(scope, receive, send, endpoint="chat", ledger=provider.ledger, clock=provider.clock)
        async with exchange:
            body = await exchange.read_body(provider.settings.max_body_bytes)
            provider.check_key(exchange.headers.get(b"authorization", b""))
            data = json_object(body)
            exchange.note(data)
            await self._serve(exchange, parse_chat(data, provider.settings.models))

    async def _serve(self, exchange: Exchange, request: ChatRequest) -> None:
        provider = self._provider
        roll = provider.chance.roll(request.model.id, request.content)
        hit = provider.faults.draw(request.model.id, roll, chat=True)
        pace = draw_pace(request.model, provider.settings.latency_scale, roll, hit)
        applied = exchange.entry.faults
        applied += [name for name in ("latency", "ttft") if name in hit]
        if await fail_if_hit(exchange, request.model, pace, hit):
            return
        exchange.entry.prompt_tokens = request.prompt_tokens
        exchange.entry.cached_tokens = provider.prefixes.use(request.model.id, request.prompt)
        if request.repeatable:
            answer_roll = provider.chance.fixed_roll(request.model.id, request.content, request.seed)
        else:
            answer_roll = roll
        answer = compose(request, answer_roll, hit, applied)
        applied += [name for name in ("truncated_stream", "usage_omitted") if name in hit]
        reply = Reply(exchange, request, answer, pace, hit)
        await (reply.stream() if request.stream else reply.whole())
        if exchange.entry.outcome == "ok" and exchange.entry.finish_reason == "content_filter":
            exchange.entry.outcome = "content_filter"


def compose(request: ChatRequest, roll: Roll, hit: Hit, applied: list[str]) -> Answer:
    """The answer after every fault that changes it; adds their names to `applied`."""
    reading = read_prompt(request.messages)
    rng = roll.rng("answer")
    leak = leak_answer(reading) if "leak_system_prompt" in hit else None
    if "empty_answer" in hit:
        applied.append("empty_answer")
        return Answer([], "stop")
    if leak is not None:
        applied.append("leak_system_prompt")
        text = leak
    elif "hallucination" in hit:
        applied.append("hallucination")
        text = invent_answer(reading, rng)
    else:
        factor = 1.0
        if "verbosity" in hit:
            applied.append("verbosity")
            factor = hit["verbosity"]["factor"]
        wanted = roll.log_normal("length", request.model.answer_tokens, ANSWER_LENGTH_SIGMA)
        text = write_answer(reading, rng, wanted, factor, request.token_limit)
    tokens = tokenize(_before_stop(text, request.stop))
    if "content_filter" in hit:
        applied.append("content_filter")
        tokens = tokens[: min(int(len(tokens) * FILTERED_AFTER), request.token_limit)]
        return Answer(tokens, "content_filter")
    if len(tokens) > request.token_limit:
        return Answer(tokens[: request.token_limit], "length")
    return Answer(tokens, "stop")


def _before_stop(text: str, stops: tuple[str, ...]) -> str:
    places = [place for place in (text.find(stop) for stop in stops) if place >= 0]
    return text[: min(places)] if places else text


class Reply:
    """One answer on its way to the client, in one piece or streamed."""

    def __init__(self, exchange: Exchange, request: ChatRequest, answer: Answer, pace: Pace, hit: Hit) -> None:
        self._exchange = exchange
        self._entry = exchange.entry
        self._request = request
        self._answer = answer
        self._pace = pace
        self._truncated = hit.get("truncated_stream")
        self._with_usage = "usage_omitted" not in hit
        self._head: dict[str, Any] = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion.chunk" if request.stream else "chat.completion",
            "created": int(exchange.entry.time),
            "model": request.model.response_model,
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        }

    async def whole(self) -> None:
        """Send the answer in one piece, once all of it would be written. Raises ClientGoneError."""
        tokens = self._answer.tokens
        try:
            await self._exchange.wait(self._exchange.started + self._pace.done_by(len(tokens)))
        except ClientGoneError:
            written = self._pace.tokens_after(self._exchange.elapsed_ms() / 1000)
            self._entry.completion_tokens = min(written, len(tokens))
            raise
        self._entry.completion_tokens = len(tokens)
        message: dict[str, Any] = {"role": "assistant", "content": "".join(tokens), "refusal": None, "annotations": []}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._answer.finish_reason}
        content = self._head | {"choices": [choice]}
        if self._with_usage:
            content["usage"] = self._usage()
        body = orjson.dumps(content)
        if self._truncated is not None:
            self._entry.outcome = "truncated"
            await self._exchange.begin(200, JSON, {"content-length": str(len(body))})
            await self._exchange.write(body[: len(body) // 2])
            self._exchange.cut()
            return
        await self._exchange.respond(200, body)
        self._entry.finish_reason = self._answer.finish_reason
        self._entry.usage_sent = self._with_usage

    async def stream(self) -> None:
        """Send the answer token by token as it is written. Raises ClientGoneError."""
        exchange, tokens = self._exchange, self._answer.tokens
        start = exchange.started + self._pace.first_s
        await exchange.wait(start)
        await exchange.begin(200, EVENT_STREAM, {"cache-control": "no-cache"})
        self._entry.ttft_ms = exchange.elapsed_ms()
        # Every chunk is the same but for the delta.
        delta_mark = "\0delta\0"
        chunk = self._chunk({"content": delta_mark}, None)
        before, after = chunk.split(orjson.dumps(delta_mark))
        opening = self._chunk({"role": "assistant", "content": "", "refusal": None}, None)
        stop_after = len(tokens)
        if self._truncated is not None:
            wanted = self._truncated["after_chunks"]
            stop_after = len(tokens) // 2 if wanted is None else min(wanted, len(tokens))
        for number, token in enumerate(tokens[:stop_after]):
            await exchange.wait(start + number * self._pace.token_s)
            await exchange.write(opening + before + orjson.dumps(token) + after)
            opening = b""
            self._entry.completion_tokens = number + 1
        if self._truncated is not None:
            await self._truncate(opening)
            return
        usage = self._with_usage and self._request.include_usage
        tail = opening + self._chunk({}, self._answer.finish_reason)
        if usage:
            tail += self._event(self._head | {"choices": [], "usage": self._usage()})
        # In one piece with the end of the response: a client that hangs up on the finish reason, on the usage or on
        # [DONE] has had everything, and is not counted as gone.
        await exchange.finish(tail + b"data: [DONE]\n\n")
        self._entry.finish_reason = self._answer.finish_reason
        self._entry.usage_sent = usage

    async def _truncate(self, opening: bytes) -> None:
        assert self._truncated is not None
        self._entry.outcome = "truncated"
        if self._truncated["clean"]:
            await self._exchange.finish(opening)
            return
        if opening:
            await self._exchange.write(opening)
        self._exchange.cut()

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        content = self._head | {"choices": [choice]}
        if self._with_usage and self._request.include_usage:
            content["usage"] = None
        return self._event(content)

    @staticmethod
    def _event(content: dict[str, Any]) -> bytes:
        return b"data: " + orjson.dumps(content) + b"\n\n"

    def _usage(self) -> dict[str, Any]:
        prompt, completion = self._entry.prompt_tokens, self._entry.completion_tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": self._entry.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }
