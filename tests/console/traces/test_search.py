"""A search for traces converts to the page address and to the store filter; wrong values are refused."""

from __future__ import annotations

import pytest
from sample_traces import T0

from console.traces.search import TraceSearch
from stores import TraceFilter

PARAMETERS = {
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


def test_an_address_is_parsed_and_built_again() -> None:
    search = TraceSearch.read(PARAMETERS)
    assert search.parameters() == PARAMETERS
    assert TraceSearch.read({}).parameters() == {}


def test_a_search_becomes_a_filter() -> None:
    assert TraceSearch.read(PARAMETERS).filter(T0, T0 + 60) == TraceFilter(
        "demo-app",
        "generate",
        {"llm.endpoint": "/api/a", "llm.model": "gpt-4o", "llm.tenant_id": "acme", "llm.user_id": "u&1=<b>"},
        error_only=True,
        min_duration_ms=1500,
        start=T0,
        end=T0 + 60,
    )


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"min_ms": "fast"}, "number of milliseconds"),
        ({"min_ms": "nan"}, "number of milliseconds"),
        ({"min_ms": "-1"}, "number of milliseconds"),
        ({"error": "yes"}, "true or false"),
        ({"limit": "7"}, "20, 50, 100"),
    ],
)
def test_an_invalid_value_is_refused_with_valid_ones(parameters: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TraceSearch.read(parameters)
