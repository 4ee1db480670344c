"""Proves how variables get their values from an address, and how values are filled into queries and texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sample_dashboards import GENERATED, context_of, variable

from console.address import Address
from console.dashboards.model import Dashboard
from console.dashboards.queries import Query
from console.dashboards.variables import (
    Variable,
    interpolate_query,
    interpolate_text,
    options_query,
    url_parameters,
    variables_of,
    with_options,
)
from console.times import TimeSpan

OVERVIEW = next(one for one in GENERATED if one.uid == "llm-overview")  # it has all four query variables
CONSTANT = {"name": "runbooks_url", "type": "constant", "hide": 2, "query": "http://sink.example:9095/runbooks"}


def from_address(query: str, dashboard: Dashboard = OVERVIEW) -> dict[str, Variable]:
    pairs = tuple((key, value) for key, _, value in (one.partition("=") for one in query.split("&") if one))
    return {one.name: one for one in variables_of(dashboard, Address("/d/x", pairs))}


def test_an_address_selects_one_value_several_values_or_all() -> None:
    found = from_address("var-model=gpt-4o&var-endpoint=/a&var-endpoint=/b&var-tenant=$__all")
    assert found["model"].selected == ("gpt-4o",)
    assert found["endpoint"].selected == ("/a", "/b")
    assert found["tenant"].is_all
    assert found["service"].is_all
    assert from_address("var-tenant=All")["tenant"].is_all


def test_selected_values_go_back_into_the_address() -> None:
    found = from_address("var-model=gpt-4o&var-endpoint=/a&var-endpoint=/b")
    address = Address("/d/x", (("from", "now-6h"),)).with_parameters(url_parameters(found.values()))
    assert "var-endpoint=/a&var-endpoint=/b" in str(address)
    assert "var-model=gpt-4o" in str(address)
    assert "var-tenant=%24__all" in str(address)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((), '{m=~".*"}'),
        (("gpt-4o",), '{m=~"gpt-4o"}'),
        (("gpt-4.1",), r'{m=~"gpt-4\\.1"}'),
        (("a", "b.c"), r'{m=~"(a|b\\.c)"}'),
        (('x"} or up{y="',), r'{m=~"x\"\\} or up\\{y=\""}'),  # a value cannot close the quotes
    ],
)
def test_values_in_promql_are_escaped_regular_expressions(values: Sequence[str], text: str) -> None:
    assert interpolate_query('{m=~"$m"}', [variable("m", *values)]) == text
    assert interpolate_query('{m=~"${m}"}', [variable("m", *values)]) == text


def test_unknown_names_stay_in_the_query() -> None:
    text = interpolate_query("$unknown ${other:pipe} $__rate_interval", [], {"__rate_interval": "1m"})
    assert text == "$unknown ${other:pipe} 1m"


def test_values_in_logsql_are_escaped_regular_expressions() -> None:
    text = '"model":~"^(?:$model)$" "event":="llm_call"'
    assert interpolate_query(text, [variable("model", "gpt-4.1", "o1")]) == (
        r'"model":~"^(?:(gpt-4\\.1|o1))$" "event":="llm_call"'
    )
    assert interpolate_query(text, [variable("model")]) == '"model":~"^(?:.*)$" "event":="llm_call"'


def test_values_in_titles_are_readable_and_in_links_they_are_parameters() -> None:
    variables = context_of(variable("model", "a/b", "c")).variables
    assert interpolate_text("$model", variables) == "a/b + c"
    assert interpolate_text("${model:queryparam}", variables) == "var-model=a%2Fb&var-model=c"
    assert interpolate_text("${tenant:queryparam}", variables) == "var-tenant=%24__all"


def test_the_options_of_a_variable_are_label_values_in_whole_minutes() -> None:
    model = from_address("")["model"]
    query = options_query(model, TimeSpan(30, 90), [variable("service", "demo-app")])
    assert query == Query("values", json.dumps(["model", 'llm_requests_total{service=~"demo-app"}']), 0.0, 120.0)
    assert with_options(model, ["b", "a", "c"]).options == ("a", "b", "c")
    assert with_options(model, ["b"]).is_all


@pytest.mark.parametrize("json", [{"query": "query_result(up)"}, {"type": "custom", "query": "a,b"}])
def test_an_unknown_kind_of_variable_is_reported(json: dict[str, str]) -> None:
    unknown = replace(variable("m"), json=json, type=json.get("type", "query"))
    with pytest.raises(ValueError, match=r"label_values|query variables and constants only, not 'custom'"):
        options_query(unknown, TimeSpan(0, 60), [])


def test_a_constant_has_no_options_and_is_in_no_address() -> None:
    [constant] = from_address("", Dashboard.from_json({"uid": "x", "templating": {"list": [CONSTANT]}})).values()
    assert constant.is_constant
    assert url_parameters([constant]) == {}
    assert options_query(constant, TimeSpan(0, 60), []) is None


def test_an_address_cannot_change_a_constant() -> None:
    dashboard = Dashboard.from_json({"uid": "x", "templating": {"list": [CONSTANT]}})
    [constant] = from_address("var-runbooks_url=https://evil.example", dashboard).values()
    assert constant.selected == ("http://sink.example:9095/runbooks",)


def test_a_constant_is_filled_into_queries_and_texts_unchanged() -> None:
    dashboard = Dashboard.from_json({"uid": "x", "templating": {"list": [{**CONSTANT, "query": "0.5"}]}})
    constants = list(from_address("", dashboard).values())
    assert interpolate_query("x > $runbooks_url", constants) == "x > 0.5"
    assert interpolate_text("above ${runbooks_url}", constants) == "above 0.5"
