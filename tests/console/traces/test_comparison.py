"""Two traces are compared span by span, with a difference of the totals."""

from __future__ import annotations

import pytest
from sample_traces import span, trace, usage

from console.traces.comparison import compare, difference, row_of, totals
from console.traces.waterfall import waterfall

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


def test_spans_are_paired_by_their_path() -> None:
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


def test_totals_show_the_difference() -> None:
    lines = {line[0]: line[1:] for line in totals(waterfall(LEFT), waterfall(RIGHT))}
    assert lines["Duration"] == ("100 ms", "200 ms", "+100 ms (+100 %)")
    assert lines["Cost"] == ("$0.10", "$0.30", "+$0.20 (+200 %)")
    assert lines["Input tokens"] == ("10", "10", "same")
    assert difference(None, 1, "ms") == "–"
    assert difference(0, 5, "ms") == "+5 ms"
    assert difference(4, 2, "locale") == "−2 (−50 %)"
