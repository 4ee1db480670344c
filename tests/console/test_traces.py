"""Questions for traces, the waterfall's numbers, and the comparison, without a browser."""

from __future__ import annotations

import pytest
from trace_made import T0, span, trace, usage

from console.traces.comparison import compare
from console.traces.comparison_page import difference, row_of, totals
from console.traces.search import TraceSearch, page_of, page_of_comparison, page_of_trace
from console.traces.waterfall import SpanUsage, waterfall
from console.traces.waterfall_view import cost, tokens
from console.traces.waterfall_view import row_of as span_row
from stores import TraceFilter

ASKED = {
    "service": "demo-app",
    "operation": "generate",
    "endpoint": "/api/a",
    "model": "gpt-4o",
    "tenant": "acme",
    "attribute.llm.user_id": "u&1=<b>",
    "error": "true",
    "min_ms": "1500",
    "limit": "50",
}


def test_an_address_is_a_question_and_back() -> None:
    question = TraceSearch.read(ASKED)
    assert question.parameters() == ASKED
    assert TraceSearch.read({}).parameters() == {}


def test_a_question_is_a_filter() -> None:
    assert TraceSearch.read(ASKED).filter(T0, T0 + 60) == TraceFilter(
        "demo-app",
        "generate",
        {"llm.endpoint": "/api/a", "llm.model": "gpt-4o", "llm.tenant_id": "acme", "llm.user_id": "u&1=<b>"},
        error_only=True,
        min_duration_ms=1500,
        start=T0,
        end=T0 + 60,
    )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"min_ms": "fast"}, "number of milliseconds"),
        ({"min_ms": "nan"}, "number of milliseconds"),
        ({"min_ms": "-1"}, "number of milliseconds"),
        ({"error": "yes"}, "true or false"),
        ({"limit": "7"}, "20, 50, 100"),
    ],
)
def test_what_cannot_be_asked_says_what_can(asked: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TraceSearch.read(asked)


def test_pages_have_addresses() -> None:
    which = TraceFilter("demo-app", attributes={"llm.model": "a b", "x": True}, start=T0, end=T0 + 1)
    assert page_of(which) == ("/traces?service=demo-app&model=a+b&attribute.x=true&from=1795600000000&to=1795600001000")
    assert page_of_trace("../etc", "a&b") == "/traces/..%2Fetc?span=a%26b"
    assert page_of_comparison("1", "2") == "/traces/compare?a=1&b=2"


def test_spans_stand_below_their_parents_by_their_start() -> None:
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


def test_no_span_is_lost() -> None:
    """Neither one whose parent has not arrived, nor those whose parents form a ring."""
    shown = waterfall(trace(span("a", "1", "9"), span("b", "2", "3", 1), span("c", "3", "2", 2)))
    assert [(row.span.name, row.orphan) for row in shown.rows] == [("a", True), ("b", False), ("c", False)]


def test_usage_is_summed_once() -> None:
    """A framework's span that repeats what its client's span says does not count; a failed attempt has none."""
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


def test_unknown_is_not_zero() -> None:
    unpriced = SpanUsage.of(span("chat x", "1", attributes=usage(5, 2, 0.0, "unpriced")))
    assert unpriced == SpanUsage(5, 2, None, None, 1)
    assert cost(unpriced) == "unpriced"
    assert cost(SpanUsage()) == ""
    assert cost(SpanUsage.total([unpriced, SpanUsage(1, 1, None, 0.25)])) == "$0.25 + unpriced"
    assert tokens(SpanUsage(output_tokens=3)) == "– → 3"
    foreign = span("chat x", "1", attributes={"gen_ai.usage.input_tokens": 5})
    assert SpanUsage.of(foreign) == SpanUsage(5)
    assert SpanUsage.of(span("retrieval", "1")) is None


def test_a_row_says_what_happened() -> None:
    said = {"llm.attempt": 2, "error.type": "rate_limit", "z": [1, 2], "a": True}
    shown = waterfall(trace(span("chat gpt-4o", "1", attributes=said, status="error", error="429: slow down")))
    row = span_row(shown.rows[0], shown)
    assert (row["about"], row["error"]) == ("attempt 2 · rate_limit", "429: slow down")
    assert row["groups"][0]["pairs"] == [
        ["error.type", "rate_limit"],
        ["llm.attempt", "2"],
        ["a", "true"],
        ["z", "1, 2"],
    ]
    assert row["links"] == [["f" * 32, "e" * 16]]
    assert row["marks"] == [0.0]


def test_what_comes_from_outside_is_never_a_key() -> None:
    """The browser side of NiceGUI runs what stands under a key that begins with a colon."""
    evil = {":onclick": "alert(1)", "<script>": "<img src=x onerror=alert(1)>"}
    shown = waterfall(trace(span(":name", "1", attributes=evil)))

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {key for one in value.values() for key in keys(one)}
        return {key for one in value for key in keys(one)} if isinstance(value, list) else set()

    assert not [key for key in keys(span_row(shown.rows[0], shown)) if key.startswith((":", "<"))]
    assert not [key for key in keys(row_of(compare(shown, shown)[0])) if key.startswith((":", "<"))]


LEFT = trace(
    span("root", "1", ms=100, attributes={"v": "1", "net.peer.port": 1}),
    span("chat", "2", "1", 10, 30, attributes=usage(10, 5, 0.1)),
    span("post", "3", "2", 11, 20),
    span("end", "4", "1", 90, 5),
)
RIGHT = trace(
    span("root", "1", ms=200, attributes={"v": "2", "net.peer.port": 2}),
    span("chat", "2", "1", 10, 30, status="error"),
    span("chat", "5", "1", 50, 40, attributes=usage(10, 8, 0.3)),
    span("post", "6", "5", 51, 20),
)


def test_two_traces_are_compared_place_by_place() -> None:
    pairs = compare(waterfall(LEFT), waterfall(RIGHT))
    assert [(pair.name, pair.depth, bool(pair.left), bool(pair.right)) for pair in pairs] == [
        ("root", 0, True, True),
        ("chat", 1, True, True),
        ("post", 2, True, False),
        ("chat", 1, False, True),
        ("post", 2, False, True),
        ("end", 1, True, False),
    ]
    assert pairs[0].longer_ms == pytest.approx(100)
    assert pairs[0].differences == {"v": ("1", "2")}
    assert pairs[1].differences["status"] == ("unset", "error")
    assert [row_of(pair)["only"] for pair in pairs] == ["", "", "A", "B", "B", "A"]


def test_totals_say_the_difference() -> None:
    lines = {line[0]: line[1:] for line in totals(waterfall(LEFT), waterfall(RIGHT))}
    assert lines["duration"] == ("100 ms", "200 ms", "+100 ms (+100 %)")
    assert lines["cost"] == ("$0.10", "$0.30", "+$0.20 (+200 %)")
    assert lines["input tokens"] == ("10", "10", "the same")
    assert difference(None, 1, "ms") == "–"
    assert difference(0, 5, "ms") == "+5 ms"
    assert difference(4, 2, "locale") == "−2 (−50 %)"
