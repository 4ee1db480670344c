"""Rows of the list of log lines: shown fields, unique IDs, and no data as keys."""

from __future__ import annotations

import pytest
from sample_traces import T0, line

from console.logs.lines import LogLines, row_of


def test_a_row_shows_the_fields_of_a_call() -> None:
    row = row_of(
        line(
            model="gpt-4o", latency_ms=1534.2, cost_usd=0.0042, input_tokens=1457, error_type="timeout", cache_hit=True
        )
    )
    assert row["facts"] == [
        ["timeout", "bad", "error_type"],
        ["gpt-4o", "", "model"],
        ["1.53 s", "number", "latency_ms"],
        ["in 1,457", "number", "input_tokens"],
        ["$0.0042", "number", "cost_usd"],
        ["cache hit", "good", "cache_hit"],
    ]
    assert ["cache_hit", "true"] in row["fields"]


def test_field_names_are_never_keys() -> None:
    row = row_of(line("<script>alert(1)</script>", **{":x": "alert(1)"}))
    assert set(row) == {"id", "ms", "severity", "body", "service", "trace", "span", "facts", "fields", "new"}
    assert row["fields"] == [[":x", "alert(1)"]]


@pytest.mark.parametrize("same", [1, 3])
def test_equal_lines_get_unique_ids(same: int) -> None:
    from nicegui import Client
    from nicegui.page import page

    with Client(page("")):
        rows = LogLines([line()] * same)
        assert len({row["id"] for row in rows.props["lines"]}) == same
        rows.prepend([line(), line("new", T0 + 1)], limit=10)
        assert [row["body"] for row in rows.props["lines"]] == ["new"] + ["llm_call"] * same
        rows.prepend([line("newer", T0 + 2)], limit=2)
        assert [row["body"] for row in rows.props["lines"]] == ["newer", "new"]
