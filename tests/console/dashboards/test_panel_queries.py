"""Proves which queries a panel runs, that unknown settings are reported, and that steps are those of Grafana."""

from __future__ import annotations

import json

import pytest
from sample_dashboards import context_of, panel_of, variable

from console.dashboards.panel_queries import MAX_POINTS, Intervals, panel_queries, round_interval
from console.times import TimeSpan

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


HOUR = 3600.0


@pytest.mark.parametrize(
    ("interval", "step"),
    [(0.4, 0.5), (1.4, 1), (9, 10), (16, 15), (26, 30), (54, 60), (90, 120), (400, 300), (1000, 900), (3000, 3600),
     (86_399, 43_200), (100_000, 86_400)],
)  # fmt: skip
def test_an_interval_is_rounded_to_a_readable_length(interval: float, step: float) -> None:
    assert round_interval(interval) == step


@pytest.mark.parametrize(
    ("length", "points", "scrape", "minimum", "step", "rate_interval"),
    [
        (6 * HOUR, 400, 15, 0, 60, 75),  # 54 s is rounded to one minute; plus one scrape interval
        (1 * HOUR, 400, 15, 0, 15, 60),  # at least the scrape interval; four scrape intervals
        (24 * HOUR, 1000, 15, 0, 60, 75),
        (5 * 60, 1000, 1, 0, 1, 4),
        (7 * 24 * HOUR, 700, 15, HOUR, HOUR, HOUR + 15),  # the panel's minimum interval
        (30 * 24 * HOUR, 1000, 15, 24 * HOUR, 24 * HOUR, 24 * HOUR + 15),
    ],
)
def test_step_and_rate_interval(
    length: float, points: int, scrape: float, minimum: float, step: float, rate_interval: float
) -> None:
    found = Intervals.of(TimeSpan(0, length), points, scrape, minimum)
    assert (found.step, found.rate_interval) == (step, rate_interval)


def test_a_range_has_at_most_as_many_points_as_prometheus_allows() -> None:
    found = Intervals.of(TimeSpan(0, 365 * 24 * HOUR), 100_000, 0.1, 1)
    assert found.span.length / found.step <= MAX_POINTS == 11_000


def test_a_later_refresh_gets_the_same_points() -> None:
    earlier = Intervals.of(TimeSpan(1000, 1000 + 6 * HOUR), 400, 15)
    later = Intervals.of(TimeSpan(1030, 1030 + 6 * HOUR), 400, 15)
    assert earlier.aligned.start % 60 == later.aligned.start % 60 == 0
    assert later.aligned.end - earlier.aligned.end in (0, 60)
    assert earlier.aligned.end <= earlier.span.end


def test_macros_have_the_intervals_and_the_range() -> None:
    macros = Intervals.of(TimeSpan(0, 6 * HOUR), 400, 15).macros()
    assert macros == {"__interval": "1m", "__rate_interval": "75s", "__range": "21600s"}
