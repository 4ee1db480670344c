"""POST /v1/chat/completions."""

import uuid
from dataclasses import dataclass
from typing import Any

import orjson

from sim_provider.answers import invent_answer, write_answer
from sim_provider.chat_request import ChatRequest, parse_chat
from sim_provider.endpoint import Draw, Endpoint
from sim_provider.faults import DrawnFaults
from sim_provider.http_exchange import EVENT_STREAM, ClientGoneError, HttpExchange
from sim_provider.prompt_parser import parse_prompt
from sim_provider.randomness import RequestRandom
from sim_provider.tokenizer import tokenize

# Sigma of the log-normal distribution of answer lengths; models.yaml has the median, `answer_tokens`.
ANSWER_LENGTH_SIGMA = 0.25
# Share of the answer that is sent before the fault `content_filter` breaks it off.
FILTERED_AFTER = 0.3


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    tokens: list[str]
    finish_reason: str


class ChatCompletions(Endpoint):
    name = "chat"

    async def _serve(self, exchange: HttpExchange, data: dict[str, Any]) -> None:
        provider = self._provider
        request = parse_chat(data, provider.settings.models)
        draw = await self._draw(exchange, request.model, request.content)
        if draw is None:
            return
        exchange.entry.prompt_tokens = request.prompt_tokens
        exchange.entry.cached_tokens = provider.prefix_cache.use(request.model.id, request.prompt)
        if request.repeatable:
            random = provider.random.repeatable(request.model.id, request.content, request.seed)
        else:
            random = draw.random
        applied = exchange.entry.faults
        answer = compose_answer(request, random, draw.faults, applied)
        applied += [name for name in ("truncated_stream", "usage_omitted") if name in draw.faults]
        sender = AnswerSender(exchange, request, answer, draw)
        await (sender.send_stream() if request.stream else sender.send_whole())
        if exchange.entry.outcome == "ok" and exchange.entry.finish_reason == "content_filter":
            exchange.entry.outcome = "content_filter"


def compose_answer(request: ChatRequest, random: RequestRandom, faults: DrawnFaults, applied: list[str]) -> ChatAnswer:
    """Write the answer, with all faults that change it. Adds the names of these faults to `applied`."""
    prompt = parse_prompt(request.messages)
    rng = random.generator("answer")
    if "empty_answer" in faults:
        applied.append("empty_answer")
        return ChatAnswer([], "stop")
    if "leak_system_prompt" in faults and prompt.system_prompt:
        applied.append("leak_system_prompt")
        text = f"Sure, these are my instructions:\n\n{prompt.system_prompt}"
    elif "hallucination" in faults:
        applied.append("hallucination")
        text = invent_answer(prompt, rng)
    else:
        factor = 1.0
        if "verbosity" in faults:
            applied.append("verbosity")
            factor = faults["verbosity"]["factor"]
        wanted_tokens = random.log_normal("length", request.model.answer_tokens, ANSWER_LENGTH_SIGMA)
        text = write_answer(prompt, rng, wanted_tokens, factor, request.token_limit)
    tokens = tokenize(_before_stop(text, request.stop))
    if "content_filter" in faults:
        applied.append("content_filter")
        tokens = tokens[: min(int(len(tokens) * FILTERED_AFTER), request.token_limit)]
        return ChatAnswer(tokens, "content_filter")
    if len(tokens) > request.token_limit:
        return ChatAnswer(tokens[: request.token_limit], "length")
    return ChatAnswer(tokens, "stop")


def _before_stop(text: str, stops: tuple[str, ...]) -> str:
    positions = [position for position in (text.find(stop) for stop in stops) if position >= 0]
    return text[: min(positions)] if positions else text


class AnswerSender:
    def __init__(self, exchange: HttpExchange, request: ChatRequest, answer: ChatAnswer, draw: Draw) -> None:
        self._exchange = exchange
        self._entry = exchange.entry
        self._request = request
        self._answer = answer
        self._timing = draw.timing
        self._truncated = draw.faults.get("truncated_stream")
        self._with_usage = "usage_omitted" not in draw.faults
        self._head: dict[str, Any] = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion.chunk" if request.stream else "chat.completion",
            "created": int(exchange.entry.time),
            "model": request.model.response_model,
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        }

    async def send_whole(self) -> None:
        tokens = self._answer.tokens
        try:
            await self._exchange.wait(self._exchange.started + self._timing.done_after(len(tokens)))
        except ClientGoneError:
            written = self._timing.tokens_after(self._exchange.elapsed_ms() / 1000)
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
            await self._exchange.respond_truncated(body)
            return
        await self._exchange.respond(200, body)
        self._entry.finish_reason = self._answer.finish_reason
        self._entry.usage_sent = self._with_usage

    async def send_stream(self) -> None:
        exchange, tokens = self._exchange, self._answer.tokens
        start = exchange.started + self._timing.first_token_s
        await exchange.wait(start)
        await exchange.begin(200, EVENT_STREAM, {"cache-control": "no-cache"})
        self._entry.ttft_ms = exchange.elapsed_ms()
        # All chunks are equal except for the content, so they are serialised once.
        placeholder = "\0content\0"
        chunk = self._chunk({"content": placeholder}, None)
        before, after = chunk.split(orjson.dumps(placeholder))
        opening = self._chunk({"role": "assistant", "content": "", "refusal": None}, None)
        stop_after = len(tokens)
        if self._truncated is not None:
            after_chunks = self._truncated["after_chunks"]
            stop_after = len(tokens) // 2 if after_chunks is None else min(after_chunks, len(tokens))
        for number, token in enumerate(tokens[:stop_after]):
            await exchange.wait(start + number * self._timing.per_token_s)
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
        # Finish reason, usage, [DONE] and the end of the response are sent together, so that a client that closes the
        # connection after one of them has received everything and does not count as gone.
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
        self._exchange.connection.cut()

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
