"""Reads usage, finish reason, model and content from a provider's response.

Understands objects and dicts in the shapes of OpenAI's chat completions, embeddings and Responses API, and of
Anthropic's Messages API. A missing value is None. Nothing here raises for an unknown shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llm_telemetry.names import FINISH_REASONS, OTHER
from llm_telemetry.prices import Usage

_FINISH_REASONS: Mapping[str, str] = {
    **{reason: reason for reason in FINISH_REASONS},
    "function_call": "tool_calls",
    # Anthropic's stop_reason
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    # OpenAI's Responses API: status and incomplete_details.reason
    "completed": "stop",
    "max_output_tokens": "length",
}
# A larger number is a mistake. It would not fit into an OTLP attribute, and the exporter would lose its whole batch.
_MAX_NUMBER = 2**53


@dataclass(slots=True)
class ParsedResponse:
    usage: Usage | None = None
    reported_cost: float | None = None  # US dollars, if a gateway reports them
    finish_reason: str | None = None
    model: str | None = None
    has_content: bool = False


def parse_response(response: Any) -> ParsedResponse:
    if isinstance(response, str):
        return ParsedResponse(has_content=bool(response))
    choice = _first(field_of(response, "choices"))
    if choice is not None:  # the commonest shape comes first: a pydantic model is slow to ask for a missing field
        parsed = _parse_envelope(response)
        parsed.finish_reason = finish_reason(field_of(choice, "finish_reason"))
        # A choice of a whole response has no delta, and asking a pydantic model for it is slow.
        is_whole = field_of(response, "object") == "chat.completion"
        delta = None if is_whole else field_of(choice, "delta")
        parsed.has_content = _has_content(delta or field_of(choice, "message"))
        return parsed
    event = field_of(response, "type")
    if event == "message_start":  # Anthropic's stream starts with model and input tokens
        return _parse_envelope(field_of(response, "message"))
    if event in ("content_block_delta", "response.output_text.delta"):
        return ParsedResponse(has_content=True)
    if event in ("response.completed", "response.incomplete", "response.failed"):  # end of a Responses API stream
        response = field_of(response, "response")
    parsed = _parse_envelope(response)
    details = field_of(field_of(response, "incomplete_details"), "reason")
    stop = field_of(response, "stop_reason") or field_of(field_of(response, "delta"), "stop_reason")
    status = field_of(response, "status") if field_of(response, "object") == "response" else None
    parsed.finish_reason = finish_reason(stop or details or status)
    parsed.has_content = bool(response_text(response))
    return parsed


def finish_reason(value: Any) -> str | None:
    """Map a provider's finish reason to one of names.FINISH_REASONS; an unknown reason is `other`."""
    return _FINISH_REASONS.get(value, OTHER) if isinstance(value, str) and value else None


def checked_usage(input_tokens: Any, output_tokens: Any = 0, cached: Any = 0, written: Any = 0) -> Usage:
    """Cut cached and written tokens to the number of input tokens, of which they are a part.

    Raises ValueError if a count is not a whole number from 0 to 2**53.
    """
    counts = [_count(value) for value in (input_tokens, output_tokens, cached, written)]
    if None in counts:
        raise ValueError("token counts must be whole numbers from 0 on")
    total, output, read_from_cache, written_to_cache = (count or 0 for count in counts)
    read_from_cache = min(read_from_cache, total)
    return Usage(total, output, read_from_cache, min(written_to_cache, total - read_from_cache))


def checked_dollars(value: Any) -> float | None:
    """Return a reported cost in US dollars, or None if it is not a number, negative or not finite."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= _MAX_NUMBER else None


def merge_usage(known: Usage | None, new: Usage) -> Usage:
    """Merge the usage of two chunks of a stream. Anthropic sends input tokens first, running output totals later."""
    if known is None:
        return new
    return Usage(
        input_tokens=max(known.input_tokens, new.input_tokens),
        output_tokens=max(known.output_tokens, new.output_tokens),
        cached_input_tokens=max(known.cached_input_tokens, new.cached_input_tokens),
        cache_write_tokens=max(known.cache_write_tokens, new.cache_write_tokens),
    )


def response_text(response: Any) -> str:
    """Return the text of a response or of one chunk, for content capture."""
    if isinstance(response, str):
        return response
    choice = _first(field_of(response, "choices"))
    if choice is not None:
        message = field_of(choice, "delta") or field_of(choice, "message")
        return str(field_of(message, "content") or field_of(message, "refusal") or "")
    delta = field_of(response, "delta")
    if delta is not None:
        return str(delta if isinstance(delta, str) else field_of(delta, "text") or "")
    return "".join(_block_texts(field_of(response, "content")) or _block_texts(field_of(response, "output")))


def _block_texts(blocks: Any) -> list[str]:
    """Texts of Anthropic's content blocks, and of the messages in a response of OpenAI's Responses API."""
    if not isinstance(blocks, list | tuple):
        return []
    texts: list[str] = []
    for block in blocks:
        text = field_of(block, "text")
        texts += [text] if isinstance(text, str) else _block_texts(field_of(block, "content"))
    return texts


def field_of(source: Any, name: str) -> Any:
    if source is None:
        return None
    if isinstance(source, dict):
        return source.get(name)
    value = getattr(source, name, None)
    return source.get(name) if value is None and isinstance(source, Mapping) else value


def _parse_envelope(response: Any) -> ParsedResponse:
    """Parse the fields beside the content: model, usage and cost."""
    parsed = ParsedResponse(model=_non_empty_string(field_of(response, "model")))
    usage = field_of(response, "usage")
    if usage is not None:
        parsed.usage = _parse_usage(usage)
        extra = getattr(usage, "model_extra", None)  # a pydantic model keeps unknown fields here
        parsed.reported_cost = checked_dollars(field_of(extra if isinstance(extra, dict) else usage, "cost"))
    return parsed


def _parse_usage(usage: Any) -> Usage | None:
    prompt = _count(field_of(usage, "prompt_tokens"))
    if prompt is not None:  # OpenAI's chat and embeddings: prompt_tokens includes cached tokens
        cached = _count(field_of(field_of(usage, "prompt_tokens_details"), "cached_tokens")) or 0
        return Usage(prompt, _count(field_of(usage, "completion_tokens")) or 0, min(cached, prompt))
    read_from_cache = _count(field_of(usage, "cache_read_input_tokens"))
    written_to_cache = _count(field_of(usage, "cache_creation_input_tokens"))
    fresh, output = _count(field_of(usage, "input_tokens")), _count(field_of(usage, "output_tokens"))
    if fresh is None and output is None:
        return None
    if read_from_cache is not None or written_to_cache is not None:  # Anthropic: input_tokens excludes the cache's
        cached, written = read_from_cache or 0, written_to_cache or 0
        return Usage((fresh or 0) + cached + written, output or 0, cached, written)
    cached = _count(field_of(field_of(usage, "input_tokens_details"), "cached_tokens")) or 0
    return Usage(fresh or 0, output or 0, min(cached, fresh or 0))


def _has_content(delta: Any) -> bool:
    return bool(field_of(delta, "content") or field_of(delta, "tool_calls") or field_of(delta, "refusal"))


def _first(values: Any) -> Any:
    return values[0] if isinstance(values, list | tuple) and values else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_NUMBER else None


def _non_empty_string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
