"""Every query of Prometheus parses and uses existing series, labels and windows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import promql_parser
import pytest
from dashboard_queries import ALL, RANGE, RATE_INTERVAL, SEVERAL, Panel, all_panels, board, filled, queries

from dashboards_src import config, promql, records
from dashboards_src.alerts.rules import Rule
from dashboards_src.alerts.slo import FILE as SLO_FILE
from dashboards_src.boards.queries import metric_labels, record_labels, render
from dashboards_src.records import llm
from dashboards_src.records import slo as slo_records
from llm_telemetry import names

PROMETHEUS = list(queries("prometheus"))
ANNOTATIONS = [
    (Panel(uid, {"title": one["name"]}), one["target"]["expr"])
    for uid in config.DASHBOARDS
    for one in board(uid)["annotations"]["list"]
    if "target" in one
]
EVERY = PROMETHEUS + ANNOTATIONS

# The servers' own metrics that dashboards use, seen on the versions of both profiles.
SERVERS = {
    "ALERTS",
    "alertmanager_notifications_failed_total",
    "alertmanager_notifications_total",
    "jaeger_storage_badger_key_log_bytes_available",
    "otelcol_exporter_queue_capacity",
    "otelcol_exporter_queue_size",
    "otelcol_exporter_sent_log_records_total",
    "otelcol_exporter_sent_metric_points_total",
    "otelcol_exporter_sent_spans_total",
    "otelcol_process_memory_rss_bytes",
    "otelcol_receiver_accepted_log_records_total",
    "otelcol_receiver_accepted_metric_points_total",
    "otelcol_receiver_accepted_spans_total",
    "process_resident_memory_bytes",
    "prometheus_notifications_dropped_total",
    "prometheus_notifications_errors_total",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_group_interval_seconds",
    "prometheus_rule_group_iterations_missed_total",
    "prometheus_rule_group_last_duration_seconds",
    "prometheus_tsdb_head_series",
    "prometheus_tsdb_storage_blocks_bytes",
    "prometheus_tsdb_wal_storage_size_bytes",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "up",
    "vl_data_size_bytes",
    "vl_free_disk_space_bytes",
}


def contract() -> dict[str, set[str]]:
    """Every series of the contract with its labels."""
    found: dict[str, set[str]] = {}
    for metric in names.METRICS:
        labels = {*metric_labels(metric), "job", "instance"}
        if metric.kind == "histogram":
            found |= {f"{metric.name}_{part}": labels for part in ("sum", "count")}
            found[f"{metric.name}_bucket"] = labels | {"le"}
        else:
            found[metric.name] = labels
    return found


def recorded() -> dict[str, set[str]]:
    """Every recorded series with its labels."""
    found = {record.name: {*record_labels(record.name), *record.labels} for record in records.RECORDS}
    of_slos: list[Rule] = SLO_FILE.records_at("production")
    return found | {rule["record"]: {"slo", "service", "endpoint"} for rule in of_slos}


CONTRACT, RECORDED = contract(), recorded()


def nodes(node: Any) -> Iterator[Any]:
    """An expression and all its parts."""
    yield node
    for name in ("lhs", "rhs", "expr", "vector_selector", "param"):
        inner = getattr(node, name, None)
        if inner is not None and type(inner).__module__.startswith(("promql_parser", "builtins")):
            yield from nodes(inner) if hasattr(inner, "prettify") else ()
    for inner in getattr(node, "args", None) or ():
        yield from nodes(inner)


def parsed(query: str) -> Any:
    return promql_parser.parse(filled(query))


def selectors(query: str) -> list[Any]:
    return [node for node in nodes(parsed(query)) if isinstance(node, promql_parser.VectorSelector)]


def ids(cases: list[tuple[Panel, str]]) -> list[str]:
    return [f"{panel.id} {index}" for index, (panel, _) in enumerate(cases)]


@pytest.mark.parametrize(("panel", "query"), EVERY, ids=ids(EVERY))
def test_queries_parse_with_any_choice_of_variables(panel: Panel, query: str) -> None:
    for value in (ALL, "one", SEVERAL):
        promql_parser.parse(filled(query, value))
    assert "$" not in filled(query), f"{panel.id}: unknown variable or macro"
    assert "%(" not in query


@pytest.mark.parametrize(("panel", "query"), EVERY, ids=ids(EVERY))
def test_every_series_exists_and_has_the_labels_of_its_matchers(panel: Panel, query: str) -> None:
    for selector in selectors(query):
        name = selector.name
        if name in SERVERS:
            continue
        labels = CONTRACT.get(name) or RECORDED.get(name)
        assert labels, (
            f"{panel.id}: unknown series {name}: add it to the contract, dashboards_src/records or SERVERS above"
        )
        asked = {matcher.name for matcher in selector.matchers.matchers}
        assert asked <= labels, f"{panel.id}: {name} has no label {asked - labels}"


@pytest.mark.parametrize(("panel", "query"), PROMETHEUS, ids=ids(PROMETHEUS))
def test_series_are_filtered_by_every_variable_that_they_have_a_label_for(panel: Panel, query: str) -> None:
    if panel.uid == config.STACK_BOARD or "regardless of the filters" in panel.json["description"]:
        return
    for selector in selectors(query):
        # A panel of one service must not show the numbers of another service.
        labels = CONTRACT.get(selector.name) or RECORDED.get(selector.name) or set()
        asked = {matcher.name for matcher in selector.matchers.matchers}
        if selector.name == slo_records.OBJECTIVE:
            continue
        missing = {name for name in config.VARIABLES if name in labels} - asked
        assert not missing, f"{panel.id}: {selector.name} is not filtered by {missing}"


@pytest.mark.parametrize(("panel", "query"), EVERY, ids=ids(EVERY))
def test_sums_are_by_existing_labels(panel: Panel, query: str) -> None:
    for node in nodes(parsed(query)):
        if not isinstance(node, promql_parser.AggregateExpr) or node.modifier is None:
            continue
        inside = [one for one in nodes(node.expr) if isinstance(one, promql_parser.VectorSelector)]
        known: set[str] = set()
        for one in inside:
            known |= CONTRACT.get(one.name) or RECORDED.get(one.name) or set(node.modifier.labels)
        assert set(node.modifier.labels) <= known, f"{panel.id}: no series in it has {node.modifier.labels}"


WINDOWS = {config.HOUR.production}  # the alerts' window, where data is too rare for $__rate_interval


@pytest.mark.parametrize(("panel", "query"), EVERY, ids=ids(EVERY))
def test_windows_are_macros_or_windows_of_the_config(panel: Panel, query: str) -> None:
    rate_interval, whole_range = (timedelta(seconds=int(one[:-1])) for one in (RATE_INTERVAL, RANGE))
    allowed = {timedelta(seconds=promql.seconds(one)) for one in WINDOWS}
    for node in nodes(parsed(query)):
        if not isinstance(node, promql_parser.Call) or not node.args:
            continue
        window = node.args[0]
        if isinstance(window, promql_parser.MatrixSelector):
            name, span = node.func.name, window.range
            if name == "rate":
                assert span == rate_interval, f"{panel.id}: rate over {span}, not $__rate_interval"
            elif name == "increase":
                assert span == whole_range or span in allowed, f"{panel.id}: increase over {span}"
            else:
                assert window.vector_selector.name in RECORDED, f"{panel.id}: {name} over raw samples"
        if isinstance(window, promql_parser.SubqueryExpr):
            step = timedelta(seconds=promql.seconds(config.HISTORY.production))
            assert window.expr.name.endswith(f":increase{config.HISTORY.production}"), f"{panel.id}: {window}"
            assert window.step == step, f"{panel.id}: events would count several times or not at all"


HISTORY_RECORDS = {record.name for record in records.RECORDS if record.file == llm.HISTORY_FILE}


def test_history_is_read_in_steps_that_count_every_event_once() -> None:
    windowed = {name for name in HISTORY_RECORDS if name.endswith(f":increase{config.HISTORY.production}")}
    for panel, query in PROMETHEUS:
        in_steps = [node.expr.name for node in nodes(parsed(query)) if isinstance(node, promql_parser.SubqueryExpr)]
        used = [one.name for one in selectors(query) if one.name in windowed]
        assert sorted(used) == sorted(in_steps), panel.id


def test_steps_of_history_neither_overlap_nor_leave_gaps() -> None:
    """A bar shows the events since the previous bar."""
    for panel, query in PROMETHEUS:
        for node in nodes(parsed(query)):
            if isinstance(node, promql_parser.SubqueryExpr):
                step = promql.seconds(panel.json.get("interval", RANGE))
                assert node.range == timedelta(seconds=step), panel.id


@pytest.mark.parametrize(
    "panel",
    [panel for panel in all_panels() if panel.json.get("timeFrom") in ("7d", "30d")],
    ids=lambda panel: panel.id,
)
def test_panels_over_days_read_records(panel: Panel) -> None:
    for target in panel.targets:
        for selector in selectors(target["expr"]):
            assert selector.name in RECORDED, f"{panel.id} reads {selector.name} over {panel.json['timeFrom']}"


def test_money_panels_use_the_expressions_that_promtool_tests() -> None:
    def of(title: str) -> str:
        found = [panel for panel in all_panels() if panel.title == title]
        text: str = found[0].targets[0]["expr"]
        return text

    everything = ", ".join(f'{name}=~"${name}"' for name in config.VARIABLES)
    in_range = render(llm.COST_IN_RANGE).replace(names.COST.name, f"{names.COST.name}{{{everything}}}")
    for title in ("Cost today", "Cost yesterday until this time", "Cost yesterday"):
        assert of(title) == in_range
    pace = llm.SERVICE_COST.name
    assert of("Projected monthly cost") == render(llm.COST_PROJECTED_MONTH).replace(
        pace, f'{pace}{{service=~"$service"}}'
    )
