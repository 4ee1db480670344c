"""A click on a facet value sets or removes the filter."""

from __future__ import annotations

from console.logs import facets
from console.logs.search import LogSearch


def test_a_value_is_toggled() -> None:
    search = facets.toggled(LogSearch(), "model", "gpt-4o")
    assert search.fields == {"model": "gpt-4o"}
    assert facets.toggled(search, "model", "small").fields == {"model": "small"}
    assert facets.toggled(search, "model", "gpt-4o") == LogSearch()
    assert facets.toggled(LogSearch(), facets.SERVICE, "demo-app").service == "demo-app"
    assert facets.without(search, "model") == LogSearch()
