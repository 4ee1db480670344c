"""A search for log lines converts to the page address and to the store filter."""

from __future__ import annotations

from sample_traces import T0

from console.logs.search import LogSearch
from stores import LogFilter

PARAMETERS = {
    "service": "demo-app",
    "text": 'a "quoted" <b>',
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "field.model": "gpt-4o",
    "field.error_type": "",
    "field.input_tokens": "12",
    "by": "model",
    "live": "true",
}


def test_an_address_is_parsed_and_built_again() -> None:
    assert LogSearch.read(PARAMETERS).parameters() == PARAMETERS
    assert LogSearch.read({"by": "what nobody offers", "field.": "x"}) == LogSearch()


def test_a_search_becomes_a_filter_with_typed_values() -> None:
    """Numeric fields become numbers; an empty value finds lines without the field."""
    assert LogSearch.read(PARAMETERS).filter(T0, T0 + 60) == LogFilter(
        "demo-app",
        {"model": "gpt-4o", "error_type": "", "input_tokens": 12},
        'a "quoted" <b>',
        "0af7651916cd43dd8448eb211c80319c",
        T0,
        T0 + 60,
    )
