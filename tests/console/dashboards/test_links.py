"""Proves that links have variables and time range filled in, and that only addresses of pages become links."""

from __future__ import annotations

import pytest
from sample_dashboards import context_of, variable

from console.address import Address
from console.dashboards.links import dashboard_links, page_address
from console.dashboards.model import Dashboard
from console.dashboards.variables import Variable, variables_of
from console.settings import RUNBOOKS

SINK = "http://sink.example:9095/runbooks"


def runbooks_url() -> Variable:
    constant = {"name": "runbooks_url", "type": "constant", "hide": 2, "query": SINK}
    [variable] = variables_of(Dashboard.from_json({"uid": "x", "templating": {"list": [constant]}}), Address("/d/x"))
    return variable


def test_a_link_has_the_time_range_and_the_selected_values() -> None:
    [link] = dashboard_links(
        [{"title": "Incident", "url": "/d/llm-incident?${__url_time_range}&${model:queryparam}"}],
        context_of(variable("model", "a&b")),
        RUNBOOKS,
    )
    assert link.url == "/d/llm-incident?from=now-6h&to=now&var-model=a%26b"


def test_a_link_has_the_values_of_constants() -> None:
    links = [{"url": "${runbooks_url}/LLMHighErrorRate"}, {"url": "${runbooks_url}/NoSuchRunbook"}]
    [own, other] = dashboard_links(links, context_of(runbooks_url()), RUNBOOKS)
    assert own.url == "/runbooks/LLMHighErrorRate"
    assert other.url == f"{SINK}/NoSuchRunbook"


def test_the_value_of_a_cell_cannot_add_parameters_to_an_address() -> None:
    [link] = dashboard_links(
        [{"title": "Only ${__value.raw}", "url": "/d/x?var-endpoint=${__value.raw}"}],
        context_of(),
        RUNBOOKS,
        "/a?b&var-model=c#$model",
    )
    assert link.url == "/d/x?var-endpoint=%2Fa%3Fb%26var-model%3Dc%23%24model"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "x", "", "http://[x"]
)
def test_what_is_not_the_address_of_a_page_is_no_link(url: str) -> None:
    assert page_address(url, RUNBOOKS) == ""


def test_a_runbook_of_this_repository_opens_in_the_console() -> None:
    assert page_address("http://localhost:9095/runbooks/LLMHighErrorRate", RUNBOOKS) == "/runbooks/LLMHighErrorRate"
    assert page_address("http://localhost:9095/runbooks", RUNBOOKS) == "/runbooks"
    assert page_address("https://example.com/runbooks/Nobody", RUNBOOKS) == "https://example.com/runbooks/Nobody"
