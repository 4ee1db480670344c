"""Searches of log and trace panels are those of `stores`, in the languages of both profiles."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from dashboard_queries import all_panels

from dashboards_src.boards import searches
from dashboards_src.boards.searches import LogSearch, TraceSearch
from stores.log_filter import LogFilter
from stores.trace_filter import TraceFilter

LOGS = [searches.FAILED_CALLS, searches.EVALUATIONS]
TRACES = [searches.FAILED_GENERATIONS, searches.slow_generations(3000)]
CHOSEN = {"service": "shop", "endpoint": "/chat", "model": "large", "tenant": "acme"}
PERIOD = {"start": 1_000_000.0, "end": 1_003_600.0}


def chosen(filter_: LogFilter) -> LogFilter:
    """The filter with one value chosen for each variable."""
    fields = {
        name: CHOSEN[str(value)[1:]] if str(value)[:1] == "$" else value for name, value in filter_.fields.items()
    }
    return replace(filter_, service=CHOSEN[filter_.service[1:]], fields=fields, **PERIOD)


def chosen_traces(filter_: TraceFilter) -> TraceFilter:
    attributes = {
        name: CHOSEN[str(value)[1:]] if str(value)[:1] == "$" else value for name, value in filter_.attributes.items()
    }
    return replace(filter_, service=CHOSEN[filter_.service[1:]], attributes=attributes, **PERIOD)


def with_values(query: str) -> str:
    return re.sub(r"\$\{(\w+):pipe\}|\$(\w+)", lambda match: CHOSEN[match[1] or match[2]], query)


@pytest.mark.parametrize("search", LOGS)
def test_logql_is_that_of_the_stores(search: LogSearch) -> None:
    asked, _, shown = with_values(search.logql()).partition(" | line_format ")
    equal = asked.replace('{service_name=~".+", service_name=~', "{service_name=").replace(" =~ ", " = ")
    assert equal == chosen(search.filter).logql()
    assert json.loads(shown) == " ".join(f"{name}={{{{.{name}}}}}" for name in search.fields)


@pytest.mark.parametrize("search", LOGS)
def test_logsql_is_that_of_the_stores(search: LogSearch) -> None:
    equal = re.sub(r':~"\^\(\?:(.*?)\)\$"', r':="\1"', with_values(search.lite()["logsql"]))
    period, _, conditions = chosen(search.filter).logsql().partition(") ")
    assert period.startswith("_time:[")
    assert equal == conditions


@pytest.mark.parametrize("search", TRACES)
def test_traceql_is_that_of_the_stores(search: TraceSearch) -> None:
    assert with_values(search.traceql()).replace(" =~ ", " = ") == chosen_traces(search.filter).traceql()


@pytest.mark.parametrize("search", TRACES)
def test_jaeger_parameters_are_those_of_the_stores(search: TraceSearch) -> None:
    asked = json.loads(with_values(json.dumps(search.lite()["jaeger"])))
    expected = chosen_traces(search.filter).jaeger_parameters()
    del expected["start"], expected["end"]
    assert {**asked, "tags": json.dumps(asked["tags"])} == expected


def test_a_search_without_variables_is_its_filter() -> None:
    plain = LogFilter("shop", {"event": "llm_call", "latency_ms": 1200}, text="x", start=0, end=1)
    assert LogSearch(plain, ("model",)).logql() == f'{plain.logql()} | line_format "model={{{{.model}}}}"'
    assert LogSearch(plain, ()).lite()["logsql"] in plain.logsql()
    traces = TraceFilter("shop", "generate", {"llm.attempt": 2}, error_only=True)
    assert TraceSearch(traces).traceql() == traces.traceql()


def test_every_log_and_trace_panel_has_a_query_for_each_profile() -> None:
    found = [target for panel in all_panels() for target in panel.targets if "lite" in target]
    assert {target["datasource"]["type"] for target in found} == {"loki", "tempo"}
    for panel in all_panels():
        for target in panel.targets:
            assert ("lite" in target) == (target["datasource"]["type"] != "prometheus"), panel.id
