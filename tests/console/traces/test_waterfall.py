"""Spans are laid out as a tree, tokens and cost are summed once, rows have notes and errors, and no text is a key."""

from __future__ import annotations

import pytest
from sample_traces import span, trace, usage

from console.traces.comparison import compare, row_of
from console.traces.waterfall import SpanUsage, cost_text, tokens_text, waterfall
from console.traces.waterfall import row_of as span_row


def test_spans_are_ordered_by_parent_and_start() -> None:
    shown = waterfall(
        trace(
            span("late", "3", "1", start_ms=50, ms=50),
            span("root", "1", ms=100),
            span("early", "2", "1", start_ms=10, ms=20),
            span("inner", "4", "2", start_ms=12, ms=5),
        )
    )
    assert [(row.span.name, row.depth) for row in shown.rows] == [
        ("root", 0), ("early", 1), ("inner", 2), ("late", 1),
    ]  # fmt: skip
    assert shown.duration_ms == pytest.approx(100)
    assert (shown.rows[3].offset, shown.rows[3].width) == pytest.approx((0.5, 0.5), abs=1e-4)


def test_spans_without_a_root_are_kept() -> None:
    """A span without its parent, and spans whose parents form a cycle."""
    shown = waterfall(trace(span("a", "1", "9"), span("b", "2", "3", 1), span("c", "3", "2", 2)))
    assert [(row.span.name, row.orphan) for row in shown.rows] == [("a", True), ("b", False), ("c", False)]


def test_repeated_usage_counts_once() -> None:
    """A framework span that repeats the usage of the client span below it does not count."""
    shown = waterfall(
        trace(
            span("root", "1"),
            span("chat of a framework", "2", "1", attributes=usage(100, 10, 0.5)),
            span(
                "chat gpt-4o", "3", "2", attributes={**usage(100, 10, 0.5), "gen_ai.usage.cache_read.input_tokens": 64}
            ),
            span("chat gpt-4o", "4", "2", status="error"),
            span("embeddings small", "5", "1", attributes=usage(7, 0, 2.8e-7)),
        )
    )
    assert shown.total == SpanUsage(107, 10, 64, pytest.approx(0.50000028))
    assert {row.span.span_id: row.usage is not None for row in shown.rows} == {
        "1": False, "2": False, "3": True, "4": False, "5": True,
    }  # fmt: skip
    assert shown.errors == 1


def test_unknown_usage_is_not_zero() -> None:
    unpriced = SpanUsage.of(span("chat x", "1", attributes=usage(5, 2, 0.0, "unpriced")))
    assert unpriced == SpanUsage(5, 2, None, None, 1)
    assert cost_text(unpriced) == "unpriced"
    assert cost_text(SpanUsage()) == ""
    assert cost_text(SpanUsage.total([unpriced, SpanUsage(1, 1, None, 0.25)])) == "$0.25 + unpriced"
    assert tokens_text(SpanUsage(output_tokens=3)) == "– → 3"
    foreign = span("chat x", "1", attributes={"gen_ai.usage.input_tokens": 5})
    assert SpanUsage.of(foreign) == SpanUsage(5)
    assert SpanUsage.of(span("retrieval", "1")) is None


def test_a_row_has_note_error_attributes_and_links() -> None:
    attributes = {"llm.attempt": 2, "error.type": "rate_limit", "z": [1, 2], "a": True}
    shown = waterfall(trace(span("chat gpt-4o", "1", attributes=attributes, status="error", error="429: slow down")))
    row = span_row(shown.rows[0], shown)
    assert (row["note"], row["error"]) == ("attempt 2 · rate_limit", "429: slow down")
    assert row["groups"][0]["pairs"] == [
        ["error.type", "rate_limit"],
        ["llm.attempt", "2"],
        ["a", "true"],
        ["z", "1, 2"],
    ]
    assert row["links"] == [["f" * 32, "e" * 16]]
    assert row["marks"] == [0.0]


def test_attribute_names_are_never_keys() -> None:
    """NiceGUI runs values of keys that begin with a colon as JavaScript."""
    evil = {":onclick": "alert(1)", "<script>": "<img src=x onerror=alert(1)>"}
    shown = waterfall(trace(span(":name", "1", attributes=evil)))

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {key for one in value.values() for key in keys(one)}
        return {key for one in value for key in keys(one)} if isinstance(value, list) else set()

    assert not [key for key in keys(span_row(shown.rows[0], shown)) if key.startswith((":", "<"))]
    assert not [key for key in keys(row_of(compare(shown, shown)[0])) if key.startswith((":", "<"))]
