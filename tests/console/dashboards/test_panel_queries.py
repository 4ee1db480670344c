"""Proves which queries a panel runs in the log store and the trace store, and that unknown settings are reported."""

from __future__ import annotations

import json

from sample_dashboards import context_of, panel_of, variable

from console.dashboards.panel_queries import panel_queries

LOKI = {"type": "loki", "uid": "loki"}
TEMPO = {"type": "tempo", "uid": "tempo"}
LINES = {
    "datasource": LOKI,
    "expr": '{service_name=~"$service"} | model =~ "$model"',
    "lite": {"logsql": '"model":~"^(?:$model)$" "tenant_id":~"^(?:$tenant)$"', "fields": ["model"]},
}
SEARCH = {"service": "$service", "operation": "generate", "tags": {"llm.model": "$model", "error": "true"}}


def test_a_logs_panel_speaks_the_language_of_the_log_store() -> None:
    panel = panel_of("logs", LINES)
    [logsql] = panel_queries(panel, context_of(variable("model", "gpt-4o"))).queries
    assert logsql.kind == "logs"
    assert r'"model":~"^(?:gpt-4o)$"' in logsql.text
    assert r'"tenant_id":~"^(?:.*)$"' in logsql.text
    [logql] = panel_queries(panel, context_of(log_store="loki")).queries
    assert logql.text.startswith("{service_name=~")


def test_a_trace_search_runs_once_per_combination_of_selected_values() -> None:
    panel = panel_of("table", {"datasource": TEMPO, "lite": {"jaeger": SEARCH}})
    selected = context_of(variable("model", "a", "b"), variable("service", "demo-app"))
    [query] = panel_queries(panel, selected).queries
    searches = json.loads(query.text)
    assert [one["attributes"] for one in searches] == [{"llm.model": "a"}, {"llm.model": "b"}]
    assert all(one["service"] == "demo-app" and one["error_only"] for one in searches)


def test_a_variable_with_all_selected_is_no_condition_of_a_trace_search() -> None:
    panel = panel_of("table", {"datasource": TEMPO, "lite": {"jaeger": SEARCH}})
    [search] = json.loads(panel_queries(panel, context_of()).queries[0].text)
    assert (search["service"], search["attributes"]) == ("", {})


def test_a_trace_search_has_a_minimum_duration() -> None:
    slow = {"service": "$service", "minDuration": "3000000us"}
    panel = panel_of("table", {"datasource": TEMPO, "lite": {"jaeger": slow}})
    [search] = json.loads(panel_queries(panel, context_of()).queries[0].text)
    assert (search["min_duration_ms"], search["error_only"]) == (3000.0, False)


def test_an_unknown_data_source_is_reported() -> None:
    [target] = panel_queries(
        panel_of("timeseries", {"datasource": {"type": "influxdb"}, "query": "SELECT 1"}), context_of()
    ).targets
    assert "influxdb" in target.problem


def test_an_invalid_time_override_is_reported() -> None:
    assert "soon" in panel_queries(panel_of("timeseries", {"expr": "x"}, timeFrom="soon"), context_of()).problem
