"""POST /v1/embeddings."""

# array[float] can be written in an annotation only: Python 3.11 does not evaluate it.
from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from sim_provider import fields
from sim_provider.errors import ApiError, invalid, missing, model_not_found, wrong_type, wrong_value
from sim_provider.exchange import JSON, Exchange, json_object
from sim_provider.failures import fail_if_hit
from sim_provider.models import EmbeddingModel, Models
from sim_provider.pace import draw_pace
from sim_provider.provider import Provider
from sim_provider.tokenizer import tokenize
from sim_provider.vectors import embed_tokens, embed_words, shorten

MOST_INPUTS = 2_048
MOST_TOKENS = 300_000
HIGHEST_TOKEN = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """`inputs` are texts, or texts as token numbers. `dimensions` None keeps the model's own."""

    model: EmbeddingModel
    inputs: list[str] | list[list[int]]
    content: bytes
    tokens: int
    base64: bool
    dimensions: int | None


class Embeddings:
    """The endpoint, as an ASGI app."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        provider = self._provider
        exchange = Exchange(scope, receive, send, endpoint="embeddings", ledger=provider.ledger, clock=provider.clock)
        async with exchange:
            body = await exchange.read_body(provider.settings.max_body_bytes)
            provider.check_key(exchange.headers.get(b"authorization", b""))
            data = json_object(body)
            exchange.note(data)
            await self._serve(exchange, parse_embedding(data, provider.settings.models))

    async def _serve(self, exchange: Exchange, request: EmbeddingRequest) -> None:
        provider, entry = self._provider, exchange.entry
        roll = provider.chance.roll(request.model.id, request.content)
        hit = provider.faults.draw(request.model.id, roll, chat=False)
        pace = draw_pace(request.model, provider.settings.latency_scale, roll, hit)
        entry.faults += [name for name in ("latency", "ttft") if name in hit]
        if await fail_if_hit(exchange, request.model, pace, hit):
            return
        entry.faults += [name for name in ("truncated_stream", "usage_omitted") if name in hit]
        entry.prompt_tokens = request.tokens
        body = _response(request, with_usage="usage_omitted" not in hit)
        await exchange.wait(exchange.started + pace.done_by(request.tokens))
        if "truncated_stream" in hit:
            entry.outcome = "truncated"
            await exchange.begin(200, JSON, {"content-length": str(len(body))})
            await exchange.write(body[: len(body) // 2])
            exchange.cut()
            return
        await exchange.respond(200, body)
        entry.usage_sent = "usage_omitted" not in hit


def parse_embedding(data: dict[str, Any], models: Models) -> EmbeddingRequest:
    """Check a request body as OpenAI does. Raises ApiError 400, 403, 404."""
    name = fields.required_text(data, "model")
    model = models.find(name)
    if model is None:
        raise model_not_found(name)
    if not isinstance(model, EmbeddingModel):
        raise ApiError(403, "You are not allowed to generate embeddings from this model", param="model")
    inputs = _inputs(data.get("input"))
    counts = [len(tokenize(one)) if isinstance(one, str) else len(one) for one in inputs]
    if max(counts) > model.context_window:
        message = f"This model's maximum context length is {model.context_window} tokens, however you requested"
        raise invalid(f"{message} {max(counts)} tokens. Please reduce your input.", "input", "context_length_exceeded")
    if sum(counts) > MOST_TOKENS:
        raise wrong_value("input", f"at most {MOST_TOKENS} tokens in one request.")
    encoding = fields.text(data, "encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise wrong_value("encoding_format", "supported values are float, base64.")
    dimensions = fields.whole(data, "dimensions", low=1)
    if dimensions is not None and dimensions > model.dimensions:
        raise wrong_value("dimensions", f"this model has {model.dimensions}.")
    fields.text(data, "user")
    return EmbeddingRequest(
        model=model,
        inputs=inputs,
        content=orjson.dumps(inputs),
        tokens=sum(counts),
        base64=encoding == "base64",
        dimensions=dimensions,
    )


def _inputs(raw: Any) -> list[str] | list[list[int]]:
    """A string, an array of strings, an array of tokens or an array of those, as a list."""
    if raw is None:
        raise missing("input")
    if isinstance(raw, str):
        raw = [raw]
    expected = "a string, an array of strings or an array of token integers"
    if not isinstance(raw, list):
        raise wrong_type("input", expected, raw)
    if not raw:
        raise invalid("Invalid 'input': empty array. Expected at least one input.", "input", "empty_array")
    if all(_is_token(one) for one in raw):
        raw = [raw]
    if len(raw) > MOST_INPUTS:
        raise wrong_value("input", f"at most {MOST_INPUTS} inputs in one request.")
    if not all(isinstance(one, str) for one in raw) and not all(_is_tokens(one) for one in raw):
        raise wrong_type("input", expected, raw)
    if not all(raw):
        raise wrong_value("input", "an input cannot be empty.")
    inputs: list[str] | list[list[int]] = raw
    return inputs


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_TOKEN


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and all(_is_token(token) for token in value)


def _response(request: EmbeddingRequest, *, with_usage: bool) -> bytes:
    inputs: Sequence[str | list[int]] = request.inputs
    data = [
        {"object": "embedding", "index": index, "embedding": _encode(_vector(one, request), base64_=request.base64)}
        for index, one in enumerate(inputs)
    ]
    content: dict[str, Any] = {"object": "list", "data": data, "model": request.model.response_model}
    if with_usage:
        content["usage"] = {"prompt_tokens": request.tokens, "total_tokens": request.tokens}
    return orjson.dumps(content)


def _vector(one: str | list[int], request: EmbeddingRequest) -> array[float]:
    dimensions = request.model.dimensions
    vector = embed_words(one, dimensions) if isinstance(one, str) else embed_tokens(one, dimensions)
    return vector if request.dimensions in (None, dimensions) else shorten(vector, request.dimensions or dimensions)


def _encode(vector: array[float], *, base64_: bool) -> str | list[float]:
    """32-bit floats, little-endian, in base64; or as numbers, the same ones."""
    if not base64_:
        return vector.tolist()
    if sys.byteorder == "big":
        vector = array("f", vector)
        vector.byteswap()
    return base64.b64encode(vector.tobytes()).decode()
