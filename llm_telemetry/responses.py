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
# Above it a number is an error: a larger one fits no OTLP attribute, and would take its whole batch with it.
_LARGEST = 2**53


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
    choice = _first(get(answer, "choices"))
    if choice is not None:  # before anything else: to ask a model of pydantic's for what it lacks is slow
        facts = _outer(answer)
        facts.finish_reason = finish_reason(get(choice, "finish_reason"))
        whole = get(answer, "object") == "chat.completion"  # such a choice has no delta, and to ask is slow
        facts.has_content = _has_content((None if whole else get(choice, "delta")) or get(choice, "message"))
        return facts
    event = get(answer, "type")
    if event == "message_start":  # Anthropic's stream: model and input tokens come first
        return _outer(get(answer, "message"))
    if event in ("content_block_delta", "response.output_text.delta"):
        return Facts(has_content=True)
    if event in ("response.completed", "response.incomplete", "response.failed"):  # end of OpenAI's responses
        answer = get(answer, "response")
    facts = _outer(answer)
    details = get(get(answer, "incomplete_details"), "reason")
    stop = get(answer, "stop_reason") or get(get(answer, "delta"), "stop_reason")
    status = get(answer, "status") if get(answer, "object") == "response" else None
    facts.finish_reason = finish_reason(stop or details or status)
    facts.has_content = bool(text(answer))
    return facts


def finish_reason(value: Any) -> str | None:
    """A provider's word for why it stopped, in the contract's terms; `other` for one we do not know."""
    return _FINISH_REASONS.get(value, OTHER) if isinstance(value, str) and value else None


def usage_of(input_tokens: Any, output_tokens: Any = 0, cached: Any = 0, written: Any = 0) -> Usage:
    """Usage of numbers that were told. Tokens of the cache that are not inside the input's are not believed.

    Raises:
        ValueError: a number is none that a usage can have.
    """
    counts = [_count(value) for value in (input_tokens, output_tokens, cached, written)]
    if None in counts:
        raise ValueError("tokens are whole numbers from 0 on")
    total, output, read_from_cache, written_to_cache = (count or 0 for count in counts)
    read_from_cache = min(read_from_cache, total)
    return Usage(total, output, read_from_cache, min(written_to_cache, total - read_from_cache))


def dollars(value: Any) -> float | None:
    """A cost that was told, None where it is none: not a number, below 0, not finite."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known and 0 <= value <= _LARGEST else None


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
    choice = _first(get(answer, "choices"))
    if choice is not None:
        part = get(choice, "delta") or get(choice, "message")
        return str(get(part, "content") or get(part, "refusal") or "")
    delta = get(answer, "delta")
    if delta is not None:
        return str(delta if isinstance(delta, str) else get(delta, "text") or "")
    return "".join(_blocks(get(answer, "content")) or _blocks(get(answer, "output")))


def _blocks(value: Any) -> list[str]:
    """The texts of Anthropic's content blocks, and of the contents of the messages in OpenAI's responses."""
    if not isinstance(value, list | tuple):
        return []
    found: list[str] = []
    for block in value:
        part = get(block, "text")
        found += [part] if isinstance(part, str) else _blocks(get(block, "content"))
    return found


def get(source: Any, name: str) -> Any:
    """`source.name` or `source[name]`, None where there is none."""
    if source is None:
        return None
    if isinstance(source, dict):
        return source.get(name)
    value = getattr(source, name, None)
    return source.get(name) if value is None and isinstance(source, Mapping) else value


def _outer(answer: Any) -> Facts:
    """What stands beside the content of an answer."""
    facts = Facts(model=_text(get(answer, "model")))
    usage = get(answer, "usage")
    if usage is not None:
        facts.usage = _usage(usage)
        extra = getattr(usage, "model_extra", None)  # where a model of pydantic's has it: to ask for more is slow
        facts.reported_cost = dollars(get(extra if isinstance(extra, dict) else usage, "cost"))
    return facts


def _usage(usage: Any) -> Usage | None:
    prompt = _count(get(usage, "prompt_tokens"))
    if prompt is not None:  # OpenAI chat and embeddings: cached tokens are inside the prompt's
        cached = _count(get(get(usage, "prompt_tokens_details"), "cached_tokens")) or 0
        return Usage(prompt, _count(get(usage, "completion_tokens")) or 0, min(cached, prompt))
    read_from_cache = _count(get(usage, "cache_read_input_tokens"))
    written_to_cache = _count(get(usage, "cache_creation_input_tokens"))
    fresh, output = _count(get(usage, "input_tokens")), _count(get(usage, "output_tokens"))
    if fresh is None and output is None:
        return None
    if read_from_cache is not None or written_to_cache is not None:  # Anthropic: they stand beside input's
        cached, written = read_from_cache or 0, written_to_cache or 0
        return Usage((fresh or 0) + cached + written, output or 0, cached, written)
    cached = _count(get(get(usage, "input_tokens_details"), "cached_tokens")) or 0
    return Usage(fresh or 0, output or 0, min(cached, fresh or 0))


def _has_content(delta: Any) -> bool:
    return bool(get(delta, "content") or get(delta, "tool_calls") or get(delta, "refusal"))


def _first(values: Any) -> Any:
    return values[0] if isinstance(values, list | tuple) and values else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
