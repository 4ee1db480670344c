"""Validates a chat request and counts its tokens."""

from dataclasses import dataclass
from typing import Any

import orjson

from sim_provider import body_fields
from sim_provider.errors import (
    ApiError,
    invalid_request,
    invalid_type,
    invalid_value,
    missing_parameter,
    model_not_found,
)
from sim_provider.models import ChatModel, Models
from sim_provider.prompt_parser import Message
from sim_provider.tokenizer import tokenize

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
# Tokens of an image, sound or file. Its content is not read.
ATTACHMENT_TOKENS = 85
ATTACHMENTS = ("image_url", "input_audio", "file")
# Tokens that OpenAI adds to each message, and to the prompt for the start of the answer.
MESSAGE_TOKENS = 3
ANSWER_TOKENS = 3
MAX_STOPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A validated request.

    `content` is the key for the random numbers. `prompt` has the prompt's tokens. `token_limit` is the maximum number
    of tokens of the answer. `repeatable`: the same request gets the same answer each time.
    """

    model: ChatModel
    messages: list[Message]
    content: bytes
    prompt: list[str]
    token_limit: int
    stop: tuple[str, ...]
    stream: bool
    include_usage: bool
    repeatable: bool
    seed: int | None

    @property
    def prompt_tokens(self) -> int:
        return len(self.prompt) + ANSWER_TOKENS


def parse_chat(data: dict[str, Any], models: Models) -> ChatRequest:
    """Validate a request body as OpenAI does; unknown fields are ignored. Raises ApiError with status 400 or 404."""
    model = _chat_model(body_fields.required_string(data, "model"), models)
    if data.get("messages") is None:
        raise missing_parameter("messages")
    raw_messages = body_fields.array(data, "messages")
    if not raw_messages:
        message = "Invalid 'messages': empty array. Expected at least one message."
        raise invalid_request(message, "messages", "empty_array")
    if body_fields.integer(data, "n", low=1) not in (None, 1):
        raise invalid_value("n", "this simulated provider returns one choice only.")
    stream = body_fields.boolean(data, "stream")
    options = body_fields.mapping(data, "stream_options")
    if options and not stream:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise invalid_request(message, "stream_options")
    temperature = body_fields.number(data, "temperature", 0, 2)
    seed = body_fields.integer(data, "seed")
    _validate_unused_fields(data)
    tools = body_fields.array(data, "tools")
    prompt = tokenize(_canonical(tools, "tools").decode()) if tools else []
    messages = []
    for number, raw in enumerate(raw_messages):
        parsed, tokens = _message(raw, f"messages[{number}]")
        messages.append(parsed)
        prompt += tokens
    return ChatRequest(
        model=model,
        messages=messages,
        content=_canonical(raw_messages, "messages"),
        prompt=prompt,
        token_limit=_token_limit(data, model, len(prompt) + ANSWER_TOKENS),
        stop=_stops(data),
        stream=stream,
        include_usage=body_fields.boolean(options, "include_usage"),
        repeatable=seed is not None or temperature == 0,
        seed=seed,
    )


def _canonical(value: Any, name: str) -> bytes:
    """Return the same JSON for equal values. orjson can parse deeper nesting than it can write."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise invalid_value(name, "nested too deeply.") from error


def _chat_model(name: str, models: Models) -> ChatModel:
    model = models.find(name)
    if model is None:
        raise model_not_found(name)
    if not isinstance(model, ChatModel):
        message = "This is not a chat model and thus not supported in the v1/chat/completions endpoint."
        raise ApiError(404, message, param="model")
    return model


def _validate_unused_fields(data: dict[str, Any]) -> None:
    """Validate fields that change nothing here, because OpenAI refuses wrong values."""
    body_fields.number(data, "top_p", 0, 1)
    body_fields.number(data, "presence_penalty", -2, 2)
    body_fields.number(data, "frequency_penalty", -2, 2)
    body_fields.string(data, "user")
    if body_fields.mapping(data, "response_format").get("type", "text") != "text":
        raise invalid_value("response_format", "this simulated provider writes plain text only.")


def _message(raw: Any, where: str) -> tuple[Message, list[str]]:
    if not isinstance(raw, dict):
        raise invalid_type(where, "an object", raw)
    role = raw.get("role")
    if role is None:
        raise missing_parameter(f"{where}.role")
    if not isinstance(role, str) or role not in ROLES:
        raise invalid_value(f"{where}.role", f"supported values are {', '.join(ROLES)}.")
    text, attachments = _content(raw.get("content"), f"{where}.content", optional=role == "assistant")
    tokens = [f"<{role}>"] * MESSAGE_TOKENS + tokenize(text) + ["<attachment>"] * (attachments * ATTACHMENT_TOKENS)
    name = body_fields.string(raw, "name")
    if name:
        tokens += tokenize(name)
    calls = body_fields.array(raw, "tool_calls")
    if calls:
        tokens += tokenize(_canonical(calls, f"{where}.tool_calls").decode())
    return Message(role, text), tokens


def _content(content: Any, where: str, *, optional: bool) -> tuple[str, int]:
    """Return the text of a message's content and the number of its attachments."""
    if isinstance(content, str):
        return content, 0
    if content is None and optional:
        return "", 0
    if not isinstance(content, list):
        raise invalid_type(where, "a string or array of objects", content)
    texts, attachments = [], 0
    for number, part in enumerate(content):
        place = f"{where}[{number}]"
        if not isinstance(part, dict):
            raise invalid_type(place, "an object", part)
        kind = part.get("type")
        if kind in ("text", "refusal"):
            if not isinstance(part.get(kind), str):
                raise invalid_type(f"{place}.{kind}", "a string", part.get(kind))
            texts.append(part[kind])
        elif kind in ATTACHMENTS:
            attachments += 1
        else:
            raise invalid_value(f"{place}.type", f"supported values are text, refusal, {', '.join(ATTACHMENTS)}.")
    return "\n".join(texts), attachments


def _token_limit(data: dict[str, Any], model: ChatModel, prompt_tokens: int) -> int:
    old = body_fields.integer(data, "max_tokens", low=1)
    new = body_fields.integer(data, "max_completion_tokens", low=1)
    if old is not None and new is not None:
        message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise invalid_request(message, "max_tokens", "invalid_parameter_combination")
    name, limit = ("max_tokens", old) if new is None else ("max_completion_tokens", new)
    if limit is not None and limit > model.max_output_tokens:
        most = model.max_output_tokens
        message = f"{name} is too large: {limit}. This model supports at most {most} completion tokens."
        raise invalid_request(message, name, "invalid_value")
    if prompt_tokens + (limit or 0) > model.context_window:
        message = f"This model's maximum context length is {model.context_window} tokens. However, your messages "
        message += f"resulted in {prompt_tokens} tokens"
        if limit:
            message += f" and you requested {limit} tokens for the completion"
        message += ". Please reduce the length of the messages."
        raise invalid_request(message, "messages", "context_length_exceeded")
    return limit or min(model.max_output_tokens, max(1, model.context_window - prompt_tokens))


def _stops(data: dict[str, Any]) -> tuple[str, ...]:
    stop = data.get("stop")
    if stop is None:
        return ()
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(item, str) for item in stops):
        raise invalid_type("stop", "a string or array of strings", stop)
    if len(stops) > MAX_STOPS:
        raise invalid_value("stop", f"expected at most {MAX_STOPS} sequences.")
    return tuple(item for item in stops if item)
