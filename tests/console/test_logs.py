"""Questions for log lines, their rows, the histogram's steps and the facets, without a browser."""

from __future__ import annotations

import pytest
from trace_made import T0, line

from console.logs import facets
from console.logs.histogram import rows_of, step_for
from console.logs.lines import LogLines, shown
from console.logs.search import LogSearch, page_of
from stores import LogFilter
from stores.logs import Histogram

ASKED = {
    "service": "demo-app",
    "text": 'a "quoted" <b>',
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "field.model": "gpt-4o",
    "field.error_type": "",
    "field.input_tokens": "12",
    "by": "model",
    "live": "true",
}


def test_an_address_is_a_question_and_back() -> None:
    assert LogSearch.read(ASKED).parameters() == ASKED
    assert LogSearch.read({"by": "what nobody offers", "field.": "x"}) == LogSearch()


def test_a_question_is_a_filter() -> None:
    """A number of the contract is compared as one; an empty value finds lines without the field."""
    assert LogSearch.read(ASKED).filter(T0, T0 + 60) == LogFilter(
        "demo-app",
        {"model": "gpt-4o", "error_type": "", "input_tokens": 12},
        'a "quoted" <b>',
        "0af7651916cd43dd8448eb211c80319c",
        T0,
        T0 + 60,
    )


def test_the_page_of_a_filter() -> None:
    which = LogFilter("a b", {"cache_hit": True, "cost_usd": 0.5}, start=T0, end=T0 + 1)
    assert page_of(which) == (
        "/logs?service=a+b&field.cache_hit=true&field.cost_usd=0.5&from=1795600000000&to=1795600001000"
    )


def test_a_row_says_what_a_person_looks_for() -> None:
    row = shown(
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


def test_what_comes_from_outside_is_never_a_key() -> None:
    row = shown(line("<script>alert(1)</script>", **{":x": "alert(1)"}))
    assert set(row) == {"id", "ms", "severity", "body", "service", "trace", "span", "facts", "fields", "new"}
    assert row["fields"] == [[":x", "alert(1)"]]


def test_steps_fit_the_range() -> None:
    for length in (1, 60, 900, 3600, 6 * 3600, 86_400, 7 * 86_400, 70 * 86_400):
        step = step_for(length)
        assert length / step <= 80
        assert length / step >= 8 or length == 1


def test_the_histogram_has_its_greatest_values_first_and_the_rest_as_one() -> None:
    counts = Histogram(
        1.0, (0.0, 1.0), {"": (1, 1), "error": (0, 9), "nothing": (0, 0), **{f"m{i}": (i, 0) for i in range(3, 11)}}
    )
    rows = rows_of(counts)
    assert [row["name"] for row in rows] == ["m10", "error", "m9", "m8", "m7", "m6", "m5", "4 more"]
    assert rows[1]["tone"] == "bad"
    assert rows[-1]["counts"] == [8, 1]
    assert sum(sum(row["counts"]) for row in rows) == counts.total  # type: ignore[arg-type]


def test_facets_toggle() -> None:
    question = facets.toggled(LogSearch(), "model", "gpt-4o")
    assert question.fields == {"model": "gpt-4o"}
    assert facets.toggled(question, "model", "small").fields == {"model": "small"}
    assert facets.toggled(question, "model", "gpt-4o") == LogSearch()
    assert facets.toggled(LogSearch(), facets.SERVICE, "demo-app").service == "demo-app"
    assert facets.without(question, "model") == LogSearch()


@pytest.mark.parametrize("same", [1, 3])
def test_lines_that_are_the_same_in_everything_are_told_apart(same: int) -> None:
    from nicegui import Client
    from nicegui.page import page

    with Client(page("")):
        rows = LogLines([line()] * same)
        assert len({row["id"] for row in rows.props["lines"]}) == same
        rows.put_first([line(), line("new", T0 + 1)], most=10)
        assert [row["body"] for row in rows.props["lines"]] == ["new"] + ["llm_call"] * same
        rows.put_first([line("newer", T0 + 2)], most=2)
        assert [row["body"] for row in rows.props["lines"]] == ["newer", "new"]
