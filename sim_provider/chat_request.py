"""A chat request, checked and counted."""

from dataclasses import dataclass
from typing import Any

import orjson

from sim_provider import fields
from sim_provider.errors import ApiError, invalid, missing, model_not_found, wrong_type, wrong_value
from sim_provider.models import ChatModel, Models
from sim_provider.reading import Message
from sim_provider.tokenizer import tokenize

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
# Tokens a picture, sound or file counts as; we don't look inside.
ATTACHMENT_TOKENS = 85
ATTACHMENTS = ("image_url", "input_audio", "file")
# What wraps each message, and what opens the answer.
MESSAGE_TOKENS = 3
ANSWER_TOKENS = 3
MOST_STOPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """`content` is what chance is drawn from. `token_limit` is the most the answer may have.

    `repeatable`: the answer is the same each time.
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
        """What the prompt is counted as."""
        return len(self.prompt) + ANSWER_TOKENS


def parse_chat(data: dict[str, Any], models: Models) -> ChatRequest:
    """Check a request body as OpenAI does; fields we have no use for are let through. Raises ApiError 400, 404."""
    model = _chat_model(fields.required_text(data, "model"), models)
    if data.get("messages") is None:
        raise missing("messages")
    raw_messages = fields.items(data, "messages")
    if not raw_messages:
        raise invalid("Invalid 'messages': empty array. Expected at least one message.", "messages", "empty_array")
    if fields.whole(data, "n", low=1) not in (None, 1):
        raise wrong_value("n", "this simulated provider gives one choice only.")
    stream = fields.flag(data, "stream")
    options = fields.table(data, "stream_options")
    if options and not stream:
        raise invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    temperature = fields.number(data, "temperature", 0, 2)
    seed = fields.whole(data, "seed")
    _check_what_we_ignore(data)
    tools = fields.items(data, "tools")
    prompt = tokenize(_canonical(tools, "tools").decode()) if tools else []
    messages = []
    for number, raw in enumerate(raw_messages):
        message, tokens = _message(raw, f"messages[{number}]")
        messages.append(message)
        prompt += tokens
    return ChatRequest(
        model=model,
        messages=messages,
        content=_canonical(raw_messages, "messages"),
        prompt=prompt,
        token_limit=_token_limit(data, model, len(prompt) + ANSWER_TOKENS),
        stop=_stops(data),
        stream=stream,
        include_usage=fields.flag(options, "include_usage"),
        repeatable=seed is not None or temperature == 0,
        seed=seed,
    )


def _canonical(value: Any, name: str) -> bytes:
    """The same JSON for the same value. orjson reads deeper nesting than it writes."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise wrong_value(name, "nested too deeply.") from error


def _chat_model(name: str, models: Models) -> ChatModel:
    model = models.find(name)
    if model is None:
        raise model_not_found(name)
    if not isinstance(model, ChatModel):
        message = "This is not a chat model and thus not supported in the v1/chat/completions endpoint."
        raise ApiError(404, message, param="model")
    return model


def _check_what_we_ignore(data: dict[str, Any]) -> None:
    """Fields that change nothing here, but that OpenAI would refuse when they are wrong."""
    fields.number(data, "top_p", 0, 1)
    fields.number(data, "presence_penalty", -2, 2)
    fields.number(data, "frequency_penalty", -2, 2)
    fields.text(data, "user")
    if fields.table(data, "response_format").get("type", "text") != "text":
        raise wrong_value("response_format", "this simulated provider writes plain text only.")


def _message(raw: Any, where: str) -> tuple[Message, list[str]]:
    """A message, and the tokens it counts as."""
    if not isinstance(raw, dict):
        raise wrong_type(where, "an object", raw)
    role = raw.get("role")
    if role is None:
        raise missing(f"{where}.role")
    if not isinstance(role, str) or role not in ROLES:
        raise wrong_value(f"{where}.role", f"supported values are {', '.join(ROLES)}.")
    text, attachments = _content(raw.get("content"), f"{where}.content", optional=role == "assistant")
    tokens = [f"<{role}>"] * MESSAGE_TOKENS + tokenize(text) + ["<attachment>"] * (attachments * ATTACHMENT_TOKENS)
    name = fields.text(raw, "name")
    if name:
        tokens += tokenize(name)
    calls = fields.items(raw, "tool_calls")
    if calls:
        tokens += tokenize(_canonical(calls, f"{where}.tool_calls").decode())
    return Message(role, text), tokens


def _content(content: Any, where: str, *, optional: bool) -> tuple[str, int]:
    """Text of a message, and how many attachments it has."""
    if isinstance(content, str):
        return content, 0
    if content is None:
        if optional:
            return "", 0
        raise wrong_type(where, "a string or array of objects", None)
    if not isinstance(content, list):
        raise wrong_type(where, "a string or array of objects", content)
    texts, attachments = [], 0
    for number, part in enumerate(content):
        place = f"{where}[{number}]"
        if not isinstance(part, dict):
            raise wrong_type(place, "an object", part)
        kind = part.get("type")
        if kind in ("text", "refusal"):
            if not isinstance(part.get(kind), str):
                raise wrong_type(f"{place}.{kind}", "a string", part.get(kind))
            texts.append(part[kind])
        elif kind in ATTACHMENTS:
            attachments += 1
        else:
            raise wrong_value(f"{place}.type", f"supported values are text, refusal, {', '.join(ATTACHMENTS)}.")
    return "\n".join(texts), attachments


def _token_limit(data: dict[str, Any], model: ChatModel, prompt_tokens: int) -> int:
    old, new = fields.whole(data, "max_tokens", low=1), fields.whole(data, "max_completion_tokens", low=1)
    if old is not None and new is not None:
        message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise invalid(message, "max_tokens", "invalid_parameter_combination")
    name, asked = ("max_tokens", old) if new is None else ("max_completion_tokens", new)
    if asked is not None and asked > model.max_output_tokens:
        message = (
            f"{name} is too large: {asked}. This model supports at most {model.max_output_tokens} completion tokens."
        )
        raise invalid(message, name, "invalid_value")
    if prompt_tokens + (asked or 0) > model.context_window:
        wanted = f"resulted in {prompt_tokens} tokens" + (
            f" and {asked} for the completion were asked for" if asked else ""
        )
        message = (
            f"This model's maximum context length is {model.context_window} tokens. However, your messages {wanted}."
        )
        raise invalid(f"{message} Please reduce the length of the messages.", "messages", "context_length_exceeded")
    return asked or min(model.max_output_tokens, max(1, model.context_window - prompt_tokens))


def _stops(data: dict[str, Any]) -> tuple[str, ...]:
    stop = data.get("stop")
    if stop is None:
        return ()
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(one, str) for one in stops):
        raise wrong_type("stop", "a string or array of strings", stop)
    if len(stops) > MOST_STOPS:
        raise wrong_value("stop", f"expected at most {MOST_STOPS} sequences.")
    return tuple(one for one in stops if one)
