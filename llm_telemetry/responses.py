"""What a provider's answer says about itself: usage, finish reason, model, first content.

Reads objects and dicts alike, in the shapes of OpenAI's chat completions, embeddings and responses, and
of Anthropic's messages. An absent value is None; nothing here raises for a shape it does not know.
"""

from __future__ import annotations

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
    # OpenAI's responses: status and incomplete_details.reason
    "completed": "stop",
    "max_output_tokens": "length",
}


@dataclass(slots=True)
class Facts:
    """What an answer, or a chunk of one, was seen to say."""

    usage: Usage | None = None
    reported_cost: float | None = None  # US dollars, where a gateway names it
    finish_reason: str | None = None
    model: str | None = None
    has_content: bool = False


def read(answer: Any) -> Facts:
    """Read a whole answer or one chunk of a stream."""
    if isinstance(answer, str):
        return Facts(has_content=bool(answer))
    event = get(answer, "type")
    if event == "message_start":  # Anthropic's stream: model and input tokens come first
        message = get(answer, "message")
        return Facts(usage=_usage(get(message, "usage")), model=_text(get(message, "model")))
    if event in ("response.completed", "response.incomplete"):  # end of a stream of OpenAI's responses
        return read(get(answer, "response"))
    facts = Facts(model=_text(get(answer, "model")))
    usage = get(answer, "usage")
    if usage is not None:
        facts.usage = _usage(usage)
        facts.reported_cost = _number(get(usage, "cost"))
    choices = get(answer, "choices")
    if choices:
        choice = choices[0]
        facts.finish_reason = finish_reason(get(choice, "finish_reason"))
        facts.has_content = _has_content(get(choice, "delta") or get(choice, "message"))
    elif event in ("content_block_delta", "response.output_text.delta"):
        facts.has_content = True
    else:
        details = get(get(answer, "incomplete_details"), "reason")
        stop = get(answer, "stop_reason") or get(get(answer, "delta"), "stop_reason")
        status = get(answer, "status") if get(answer, "object") == "response" else None
        facts.finish_reason = finish_reason(stop or details or status)
    return facts


def finish_reason(value: Any) -> str | None:
    """A provider's word for why it stopped, in the contract's terms; `other` for one we do not know."""
    return _FINISH_REASONS.get(value, OTHER) if isinstance(value, str) and value else None


def merge_usage(known: Usage | None, new: Usage) -> Usage:
    """Usage of a stream that is told in parts (Anthropic: input first, output at the end)."""
    if known is None:
        return new
    return Usage(
        input_tokens=max(known.input_tokens, new.input_tokens),
        output_tokens=max(known.output_tokens, new.output_tokens),
        cached_input_tokens=max(known.cached_input_tokens, new.cached_input_tokens),
        cache_write_tokens=max(known.cache_write_tokens, new.cache_write_tokens),
    )


def text(answer: Any) -> str:
    """The text of an answer or chunk of one, for content capture."""
    if isinstance(answer, str):
        return answer
    choices = get(answer, "choices")
    if choices:
        part = get(choices[0], "delta") or get(choices[0], "message")
        return str(get(part, "content") or get(part, "refusal") or "")
    delta = get(answer, "delta")
    return str(delta if isinstance(delta, str) else get(delta, "text") or get(answer, "output_text") or "")


def get(source: Any, name: str) -> Any:
    """`source.name` or `source[name]`, None where there is none."""
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)


def _usage(usage: Any) -> Usage | None:
    prompt = _count(get(usage, "prompt_tokens"))
    if prompt is not None:  # OpenAI chat and embeddings: cached tokens are inside the prompt's
        return Usage(
            input_tokens=prompt,
            output_tokens=_count(get(usage, "completion_tokens")) or 0,
            cached_input_tokens=_count(get(get(usage, "prompt_tokens_details"), "cached_tokens")) or 0,
        )
    read_from_cache = _count(get(usage, "cache_read_input_tokens"))
    written_to_cache = _count(get(usage, "cache_creation_input_tokens"))
    fresh, output = _count(get(usage, "input_tokens")), _count(get(usage, "output_tokens"))
    if fresh is None and output is None:
        return None
    if read_from_cache is not None or written_to_cache is not None:  # Anthropic: they stand beside input's
        cached, written = read_from_cache or 0, written_to_cache or 0
        return Usage((fresh or 0) + cached + written, output or 0, cached, written)
    return Usage(
        input_tokens=fresh or 0,
        output_tokens=output or 0,
        cached_input_tokens=_count(get(get(usage, "input_tokens_details"), "cached_tokens")) or 0,
    )


def _has_content(delta: Any) -> bool:
    return bool(get(delta, "content") or get(delta, "tool_calls") or get(delta, "refusal"))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
