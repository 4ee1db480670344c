"""A filter of traces is written in TraceQL with every value escaped."""

from __future__ import annotations

import pytest
import store_sent as sent

from stores import TraceFilter


@pytest.mark.parametrize(
    ("which", "traceql"),
    [
        (TraceFilter("a"), '{ resource.service.name = "a" } with (most_recent=true)'),
        (TraceFilter(""), "{ true } with (most_recent=true)"),
        (
            TraceFilter(sent.NASTY, error_only=True),
            r'{ resource.service.name = "a\"b\\c\nd|e} ]`é" && status = error } with (most_recent=true)',
        ),
        (
            TraceFilter("a", attributes={"llm.cost_usd": 1.25e-05, "n": -5, "on": True, "s": "1"}),
            '{ resource.service.name = "a" && .llm.cost_usd = 0.0000125 && .n = -5 && .on = true && .s = "1" }'
            " with (most_recent=true)",
        ),
        (
            TraceFilter("a", attributes={'b c"\\} || true': "x"}),
            r'{ resource.service.name = "a" && ."b c\"\\} || true" = "x" } with (most_recent=true)',
        ),
    ],
)
def test_a_filter_in_traceql(which: TraceFilter, traceql: str) -> None:
    assert which.traceql() == traceql
