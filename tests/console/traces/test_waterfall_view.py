"""Rows of the waterfall: notes, errors, attributes in order, and no data as keys."""

from __future__ import annotations

from sample_traces import span, trace

from console.traces.comparison import compare
from console.traces.comparison_page import row_of
from console.traces.waterfall import waterfall
from console.traces.waterfall_view import row_of as span_row


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
