"""Responses of OpenAI's and Anthropic's clients are parsed, whole and in chunks; no input raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_telemetry import ANSWER, chunk

from llm_telemetry import responses
from llm_telemetry.names import FINISH_REASONS
from llm_telemetry.prices import Usage
from llm_telemetry.responses import ParsedResponse, parse_response

ANTHROPIC_USAGE = {
    "input_tokens": 100,
    "cache_read_input_tokens": 30,
    "cache_creation_input_tokens": 20,
    "output_tokens": 7,
}
RESPONSE = {
    "object": "response",
    "model": "gpt-4o",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hold it."}]}],
    "usage": {"input_tokens": 10, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 5},
}

SHAPES: dict[str, tuple[Any, ParsedResponse]] = {
    "OpenAI chat": (ANSWER, ParsedResponse(Usage(1847, 312, 1024), None, "stop", "gpt-4o-2024-08-06", True)),
    "OpenAI chat, tools": (
        {"choices": [{"message": {"content": None, "tool_calls": [{}]}, "finish_reason": "tool_calls"}]},
        ParsedResponse(finish_reason="tool_calls", has_content=True),
    ),
    "OpenAI chat, refusal": ({"choices": [{"message": {"refusal": "No."}}]}, ParsedResponse(has_content=True)),
    "OpenAI chat, cost of a gateway": (
        {"choices": [{"message": {}}], "usage": {"prompt_tokens": 1, "cost": 0.5}},
        ParsedResponse(Usage(1), 0.5),
    ),
    "OpenAI chunk, role": (chunk(""), ParsedResponse(model="gpt-4o-2024-08-06")),
    "OpenAI chunk, content": (chunk("a"), ParsedResponse(model="gpt-4o-2024-08-06", has_content=True)),
    "OpenAI chunk, end": (chunk(finish="length"), ParsedResponse(model="gpt-4o-2024-08-06", finish_reason="length")),
    "OpenAI chunk, usage": (
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
        ParsedResponse(Usage(3, 2)),
    ),
    "OpenAI embeddings": (
        {"object": "list", "model": "e", "data": [], "usage": {"prompt_tokens": 8, "total_tokens": 8}},
        ParsedResponse(Usage(8), model="e"),
    ),
    "OpenAI response": (RESPONSE, ParsedResponse(Usage(10, 5, 4), None, "stop", "gpt-4o", True)),
    "OpenAI response, cut": (
        {"object": "response", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        ParsedResponse(finish_reason="length"),
    ),
    "OpenAI response, stream": (
        {"type": "response.output_text.delta", "delta": "Hold"},
        ParsedResponse(has_content=True),
    ),
    "OpenAI response, end of stream": (
        {"type": "response.completed", "response": RESPONSE},
        ParsedResponse(Usage(10, 5, 4), None, "stop", "gpt-4o", True),
    ),
    "Anthropic message": (
        {"type": "message", "model": "claude", "stop_reason": "max_tokens", "usage": ANTHROPIC_USAGE,
         "content": [{"type": "text", "text": "Hold it."}]},
        ParsedResponse(Usage(150, 7, 30, 20), None, "length", "claude", True),
    ),
    "Anthropic stream, start": (
        {"type": "message_start", "message": {"model": "claude", "usage": ANTHROPIC_USAGE}},
        ParsedResponse(Usage(150, 7, 30, 20), model="claude"),
    ),
    "Anthropic stream, content": (
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hold"}},
        ParsedResponse(has_content=True),
    ),
    "Anthropic stream, end": (
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
        ParsedResponse(Usage(0, 9), finish_reason="stop"),
    ),
    "text": ("Hold", ParsedResponse(has_content=True)),
    "no text": ("", ParsedResponse()),
    "nothing": (None, ParsedResponse()),
    "a number": (7, ParsedResponse()),
    "more cached than there are": (
        {"usage": {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 9}}},
        ParsedResponse(Usage(5, 1, 5)),
    ),
    "more cached than there are, responses": (
        {"usage": {"input_tokens": 5, "output_tokens": 1, "input_tokens_details": {"cached_tokens": 9}}},
        ParsedResponse(Usage(5, 1, 5)),
    ),
    "numbers that are none": (
        {"usage": {"prompt_tokens": -1, "completion_tokens": True, "input_tokens": "9", "cost": float("nan")}},
        ParsedResponse(),
    ),
    "numbers that fit no attribute": ({"usage": {"prompt_tokens": 2**64, "cost": float("inf")}}, ParsedResponse()),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_parsed(shape: str) -> None:
    answer, facts = SHAPES[shape]
    assert parse_response(answer) == facts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("response.completed"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "choices", "usage", "model", "message", "delta", "content", "finish_reason", "response",
                 "prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "cost", "cached_tokens",
                 "prompt_tokens_details", "cache_read_input_tokens", "stop_reason", "status", "object", "text"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)  # fmt: skip
USAGE = st.fixed_dictionaries(
    {},
    optional={
        name: st.integers(-(2**70), 2**70) | st.booleans() | st.floats() | st.none() | st.text(max_size=2)
        for name in ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "cost",
                     "cache_read_input_tokens", "cache_creation_input_tokens")
    }
    | {"prompt_tokens_details": st.fixed_dictionaries({"cached_tokens": st.integers(-1, 2**54)})},
)  # fmt: skip


@given(JSON | st.fixed_dictionaries({"usage": USAGE, "choices": JSON}))
def test_any_input_is_parsed_without_raising_to_valid_values(answer: Any) -> None:
    facts = parse_response(answer)
    assert isinstance(responses.response_text(answer), str)
    assert facts.finish_reason is None or facts.finish_reason in FINISH_REASONS
    assert facts.model is None or isinstance(facts.model, str)
    assert facts.reported_cost is None or 0 <= facts.reported_cost < float("inf")
    if facts.usage:
        assert facts.usage.input_tokens >= facts.usage.cached_input_tokens + facts.usage.cache_write_tokens
        for count in (facts.usage.input_tokens, facts.usage.output_tokens, facts.usage.cached_input_tokens):
            assert isinstance(count, int)
            assert 0 <= count < 2**63


def test_usage_in_parts_is_merged() -> None:
    usage = responses.merge_usage(None, Usage(150, 1, 30, 20))
    assert responses.merge_usage(usage, Usage(0, 9)) == Usage(150, 9, 30, 20)


@pytest.mark.parametrize("counts", [(-1,), (1.5,), ("7",), (None,), (True,), (1, -1), (1, 1, 2**60)])
def test_checked_usage_refuses_what_is_not_a_count(counts: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        responses.checked_usage(*counts)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Hold", "Hold"),
        (ANSWER, "Hold it for 5 s."),
        (chunk("Hold"), "Hold"),
        ({"choices": [{"message": {"content": None, "refusal": "No."}}]}, "No."),
        (RESPONSE, "Hold it."),
        ({"content": [{"type": "text", "text": "Hold "}, {"type": "text", "text": "it."}]}, "Hold it."),
        ({"type": "content_block_delta", "delta": {"text": "Hold"}}, "Hold"),
        ({"type": "response.output_text.delta", "delta": "Hold"}, "Hold"),
        (None, ""),
    ],
)
def test_response_text_of_every_shape(answer: Any, text: str) -> None:
    assert responses.response_text(answer) == text
