"""POST /v1/embeddings."""

# Python 3.11 cannot evaluate `array[float]`, so annotations must stay strings.
from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sim_provider import body_fields
from sim_provider.endpoint import Endpoint
from sim_provider.errors import (
    ApiError,
    invalid_request,
    invalid_type,
    invalid_value,
    missing_parameter,
    model_not_found,
)
from sim_provider.http_exchange import HttpExchange
from sim_provider.models import EmbeddingModel, Models
from sim_provider.tokenizer import tokenize
from sim_provider.vectors import embed_tokens, embed_words, shorten

MAX_INPUTS = 2_048
MAX_TOKENS = 300_000
MAX_TOKEN_NUMBER = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """A validated request.

    `inputs` are texts, or texts as lists of token numbers. `content` is the key for the random numbers.
    `dimensions` is None for the model's own number of dimensions.
    """

    model: EmbeddingModel
    inputs: list[str] | list[list[int]]
    content: bytes
    tokens: int
    base64: bool
    dimensions: int | None


class Embeddings(Endpoint):
    name = "embeddings"

    async def _serve(self, exchange: HttpExchange, data: dict[str, Any]) -> None:
        entry = exchange.entry
        request = parse_embedding(data, self._provider.settings.models)
        draw = await self._draw(exchange, request.model, request.content)
        if draw is None:
            return
        with_usage = "usage_omitted" not in draw.faults
        entry.faults += [name for name in ("truncated_stream", "usage_omitted") if name in draw.faults]
        entry.prompt_tokens = request.tokens
        body = _response_body(request, with_usage=with_usage)
        await exchange.wait(exchange.started + draw.timing.done_after(request.tokens))
        if "truncated_stream" in draw.faults:
            await exchange.respond_truncated(body)
            return
        await exchange.respond(200, body)
        entry.usage_sent = with_usage


def parse_embedding(data: dict[str, Any], models: Models) -> EmbeddingRequest:
    """Validate a request body as OpenAI does. Raises ApiError with status 400, 403 or 404."""
    name = body_fields.required_string(data, "model")
    model = models.find(name)
    if model is None:
        raise model_not_found(name)
    if not isinstance(model, EmbeddingModel):
        raise ApiError(403, "You are not allowed to generate embeddings from this model", param="model")
    inputs = _inputs(data.get("input"))
    counts = [len(tokenize(text)) if isinstance(text, str) else len(text) for text in inputs]
    if max(counts) > model.context_window:
        message = f"This model's maximum context length is {model.context_window} tokens, however you requested"
        message += f" {max(counts)} tokens. Please reduce your input."
        raise invalid_request(message, "input", "context_length_exceeded")
    if sum(counts) > MAX_TOKENS:
        raise invalid_value("input", f"at most {MAX_TOKENS} tokens in one request.")
    encoding = body_fields.string(data, "encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise invalid_value("encoding_format", "supported values are float, base64.")
    dimensions = body_fields.integer(data, "dimensions", low=1)
    if dimensions is not None and dimensions > model.dimensions:
        raise invalid_value("dimensions", f"this model has {model.dimensions}.")
    body_fields.string(data, "user")
    return EmbeddingRequest(
        model=model,
        inputs=inputs,
        content=orjson.dumps(inputs),
        tokens=sum(counts),
        base64=encoding == "base64",
        dimensions=dimensions,
    )


def _inputs(raw: Any) -> list[str] | list[list[int]]:
    """Return the inputs as a list: `raw` may be a string, a list of strings, a list of tokens or a list of those."""
    if raw is None:
        raise missing_parameter("input")
    if isinstance(raw, str):
        raw = [raw]
    expected = "a string, an array of strings or an array of token integers"
    if not isinstance(raw, list):
        raise invalid_type("input", expected, raw)
    if not raw:
        raise invalid_request("Invalid 'input': empty array. Expected at least one input.", "input", "empty_array")
    if all(_is_token(item) for item in raw):
        raw = [raw]
    if len(raw) > MAX_INPUTS:
        raise invalid_value("input", f"at most {MAX_INPUTS} inputs in one request.")
    if not all(isinstance(item, str) for item in raw) and not all(_is_token_list(item) for item in raw):
        raise invalid_type("input", expected, raw)
    if not all(raw):
        raise invalid_value("input", "an input cannot be empty.")
    inputs: list[str] | list[list[int]] = raw
    return inputs


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKEN_NUMBER


def _is_token_list(value: Any) -> bool:
    return isinstance(value, list) and all(_is_token(token) for token in value)


def _response_body(request: EmbeddingRequest, *, with_usage: bool) -> bytes:
    inputs: Sequence[str | list[int]] = request.inputs
    data = [
        {"object": "embedding", "index": index, "embedding": _encode(_vector(text, request), base64_=request.base64)}
        for index, text in enumerate(inputs)
    ]
    content: dict[str, Any] = {"object": "list", "data": data, "model": request.model.response_model}
    if with_usage:
        content["usage"] = {"prompt_tokens": request.tokens, "total_tokens": request.tokens}
    return orjson.dumps(content)


def _vector(text: str | list[int], request: EmbeddingRequest) -> array[float]:
    dimensions = request.model.dimensions
    vector = embed_words(text, dimensions) if isinstance(text, str) else embed_tokens(text, dimensions)
    return vector if request.dimensions in (None, dimensions) else shorten(vector, request.dimensions or dimensions)


def _encode(vector: array[float], *, base64_: bool) -> str | list[float]:
    """Return the vector as base64 of little-endian 32-bit floats, or as a list of the same numbers."""
    if not base64_:
        return vector.tolist()
    if sys.byteorder == "big":
        vector = array("f", vector)
        vector.byteswap()
    return base64.b64encode(vector.tobytes()).decode()
