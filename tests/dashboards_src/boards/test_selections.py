"""Log and trace panels select what `stores` selects, in both profiles' languages."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from dashboard_queries import all_panels

from dashboards_src.boards import selections
from dashboards_src.boards.selections import LogSelection, TraceSelection
from stores.log_filter import LogFilter
from stores.trace_filter import TraceFilter

LOGS = [selections.FAILED_CALLS, selections.EVALUATIONS]
TRACES = [selections.FAILED_GENERATIONS, selections.slow_generations(3000)]
CHOSEN = {"service": "shop", "endpoint": "/chat", "model": "large", "tenant": "acme"}
PERIOD = {"start": 1_000_000.0, "end": 1_003_600.0}


def chosen(which: LogFilter) -> LogFilter:
    """The filter with one value chosen for each variable."""
    fields = {name: CHOSEN[str(value)[1:]] if str(value)[:1] == "$" else value for name, value in which.fields.items()}
    return replace(which, service=CHOSEN[which.service[1:]], fields=fields, **PERIOD)


def chosen_traces(which: TraceFilter) -> TraceFilter:
    attributes = {
        name: CHOSEN[str(value)[1:]] if str(value)[:1] == "$" else value for name, value in which.attributes.items()
    }
    return replace(which, service=CHOSEN[which.service[1:]], attributes=attributes, **PERIOD)


def with_values(query: str) -> str:
    return re.sub(r"\$\{(\w+):pipe\}|\$(\w+)", lambda match: CHOSEN[match[1] or match[2]], query)


@pytest.mark.parametrize("which", LOGS)
def test_logql_is_that_of_the_stores(which: LogSelection) -> None:
    asked, _, shown = with_values(which.logql()).partition(" | line_format ")
    equal = asked.replace('{service_name=~".+", service_name=~', "{service_name=").replace(" =~ ", " = ")
    assert equal == chosen(which.which).logql()
    assert json.loads(shown) == " ".join(f"{name}={{{{.{name}}}}}" for name in which.show)


@pytest.mark.parametrize("which", LOGS)
def test_logsql_is_that_of_the_stores(which: LogSelection) -> None:
    equal = re.sub(r':~"\^\(\?:(.*?)\)\$"', r':="\1"', with_values(which.lite()["logsql"]))
    period, _, conditions = chosen(which.which).logsql().partition(") ")
    assert period.startswith("_time:[")
    assert equal == conditions


@pytest.mark.parametrize("which", TRACES)
def test_traceql_is_that_of_the_stores(which: TraceSelection) -> None:
    assert with_values(which.traceql()).replace(" =~ ", " = ") == chosen_traces(which.which).traceql()


@pytest.mark.parametrize("which", TRACES)
def test_jaeger_parameters_are_those_of_the_stores(which: TraceSelection) -> None:
    asked = json.loads(with_values(json.dumps(which.lite()["jaeger"])))
    expected = chosen_traces(which.which).jaeger_parameters()
    del expected["start"], expected["end"]
    assert {**asked, "tags": json.dumps(asked["tags"])} == expected


def test_without_variables_a_selection_is_its_filter() -> None:
    plain = LogFilter("shop", {"event": "llm_call", "latency_ms": 1200}, text="x", start=0, end=1)
    assert LogSelection(plain, ("model",)).logql() == f'{plain.logql()} | line_format "model={{{{.model}}}}"'
    assert LogSelection(plain, ()).lite()["logsql"] in plain.logsql()
    traces = TraceFilter("shop", "generate", {"llm.attempt": 2}, error_only=True)
    assert TraceSelection(traces).traceql() == traces.traceql()


def test_every_log_and_trace_panel_has_both_renderings() -> None:
    found = [target for panel in all_panels() for target in panel.targets if "lite" in target]
    assert {target["datasource"]["type"] for target in found} == {"loki", "tempo"}
    for panel in all_panels():
        for target in panel.targets:
            assert ("lite" in target) == (target["datasource"]["type"] != "prometheus"), panel.id
