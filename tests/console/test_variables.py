"""Variables: from an address, into queries, filters and links."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from console_boards import BOARDS, shown, variable

from console.address import Address
from console.dashboards import variables
from console.dashboards.links import links_of
from console.dashboards.model import Dashboard
from console.dashboards.questions import Question
from console.dashboards.variables import Variable, with_options, written, written_plain
from console.settings import RUNBOOKS
from console.times import Span


def chosen(query: str) -> dict[str, Variable]:
    pairs = tuple((key, value) for key, _, value in (one.partition("=") for one in query.split("&") if one))
    return {one.name: one for one in variables.chosen(BOARDS[0], Address("/d/x", pairs))}


def test_an_address_chooses_one_several_or_all() -> None:
    found = chosen("var-model=gpt-4o&var-endpoint=/a&var-endpoint=/b&var-tenant=$__all")
    assert found["model"].chosen == ("gpt-4o",)
    assert found["endpoint"].chosen == ("/a", "/b")
    assert found["tenant"].is_all
    assert found["service"].is_all
    assert chosen("var-tenant=All")["tenant"].is_all


def test_the_choice_goes_back_into_the_address() -> None:
    found = chosen("var-model=gpt-4o&var-endpoint=/a&var-endpoint=/b")
    address = Address("/d/x", (("from", "now-6h"),)).with_parameters(variables.parameters(found.values()))
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
        (('x"} or up{y="',), r'{m=~"x\"\\} or up\\{y=\""}'),  # a value cannot end the quotes
    ],
)
def test_in_promql(values: Sequence[str], text: str) -> None:
    assert written('{m=~"$m"}', [variable("m", *values)]) == text
    assert written('{m=~"${m}"}', [variable("m", *values)]) == text


def test_what_nobody_knows_stays() -> None:
    assert written("$unknown ${other:pipe} $__rate_interval", [], {"__rate_interval": "1m"}) == (
        "$unknown ${other:pipe} 1m"
    )


def test_in_logsql() -> None:
    text = '"model":~"^(?:$model)$" "event":="llm_call"'
    assert written(text, [variable("model", "gpt-4.1", "o1")]) == (
        r'"model":~"^(?:(gpt-4\\.1|o1))$" "event":="llm_call"'
    )
    assert written(text, [variable("model")]) == '"model":~"^(?:.*)$" "event":="llm_call"'


def test_in_links() -> None:
    page = shown(variable("model", "a/b", "c"))
    assert written_plain("${model:queryparam}", page.variables) == "var-model=a%2Fb&var-model=c"
    assert written_plain("${tenant:queryparam}", page.variables) == "var-tenant=%24__all"
    assert written_plain("$model", page.variables) == "a/b + c"


def test_options_come_from_prometheus() -> None:
    model = chosen("")["model"]
    asked = variables.question(model, Span(30, 90), [variable("service", "demo-app")])
    assert asked == Question("values", json.dumps(["model", 'llm_requests_total{service=~"demo-app"}']), 0.0, 120.0)
    assert with_options(model, ["b", "a", "c"]).options == ("a", "b", "c")
    assert with_options(model, ["b"]).is_all


@pytest.mark.parametrize("json", [{"query": "query_result(up)"}, {"type": "custom", "query": "a,b"}])
def test_a_variable_of_another_kind_says_so(json: dict[str, str]) -> None:
    odd = replace(variable("m"), json=json, type=json.get("type", "query"))
    with pytest.raises(ValueError, match=r"label_values|query variables and constants only, not 'custom'"):
        variables.question(odd, Span(0, 60), [])


CONSTANT = {"name": "runbooks_url", "type": "constant", "hide": 2, "query": "http://sink.example:9095/runbooks"}


def test_a_constant_is_hidden_and_in_no_address() -> None:
    [constant] = variables.chosen(Dashboard.of({"uid": "x", "templating": {"list": [CONSTANT]}}), Address("/d/x"))
    assert constant.hidden
    assert variables.parameters([constant]) == {}
    assert variables.question(constant, Span(0, 60), []) is None


def test_an_address_cannot_change_a_constant() -> None:
    address = Address("/d/x", (("var-runbooks_url", "https://evil.example"),))
    [constant] = variables.chosen(Dashboard.of({"uid": "x", "templating": {"list": [CONSTANT]}}), address)
    assert constant.chosen == ("http://sink.example:9095/runbooks",)


def test_a_constant_is_filled_into_links() -> None:
    [constant] = variables.chosen(Dashboard.of({"uid": "x", "templating": {"list": [CONSTANT]}}), Address("/d/x"))
    page = shown(constant)
    [own, other] = links_of(
        [{"url": "${runbooks_url}/LLMHighErrorRate"}, {"url": "${runbooks_url}/NoSuchRunbook"}], page, RUNBOOKS
    )
    assert own.url == "/runbooks/LLMHighErrorRate"
    assert other.url == "http://sink.example:9095/runbooks/NoSuchRunbook"
