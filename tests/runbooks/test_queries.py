"""Every query of every runbook can be read, and asks for what somebody makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import promql_parser as pp
import pytest
import yaml
from runbook_texts import Query, queries

import dashboards_src
from alert_sink.runbook_queries import log_filter, trace_filter
from dashboards_src.alerts.rules import FOLDERS
from llm_telemetry import names
from stores.log_fields import TYPES

# The servers' own metrics, as seen on their /metrics (collector 0.160, Prometheus 3.16, Alertmanager 0.31,
# Jaeger 1.76, VictoriaLogs 1.52), what every scrape adds, and the sink's.
SERVERS = {
    "ALERTS", "up", "scrape_duration_seconds", "scrape_samples_scraped", "process_start_time_seconds",
    "alert_sink_watchdog_age_seconds",
    "alertmanager_notifications_failed_total",
    "jaeger_storage_badger_key_log_bytes_available", "vl_storage_is_read_only",
    "otelcol_exporter_queue_capacity", "otelcol_exporter_queue_size", "otelcol_exporter_send_failed_log_records_total",
    "otelcol_exporter_send_failed_metric_points_total", "otelcol_exporter_sent_log_records_total",
    "otelcol_exporter_sent_metric_points_total", "otelcol_exporter_sent_spans_total",
    "otelcol_process_memory_rss_bytes",
    "otelcol_receiver_accepted_metric_points_total", "otelcol_receiver_accepted_spans_total",
    "otelcol_receiver_refused_spans_total",
    "prometheus_config_last_reload_success_timestamp_seconds", "prometheus_notifications_alertmanagers_discovered",
    "prometheus_notifications_dropped_total", "prometheus_notifications_errors_total",
    "prometheus_notifications_queue_capacity", "prometheus_notifications_queue_length",
    "prometheus_rule_evaluation_failures_total", "prometheus_rule_group_interval_seconds",
    "prometheus_rule_group_iterations_missed_total", "prometheus_rule_group_last_duration_seconds",
    "prometheus_tsdb_head_series", "prometheus_tsdb_wal_writes_failed_total",
}  # fmt: skip
EVERYWHERE = {"service", "job", "instance", "le"}


def contract() -> dict[str, set[str]]:
    """Series of the contract, and their labels."""
    known: dict[str, set[str]] = {}
    for metric in names.METRICS:
        parts = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        known |= {metric.name + part: set(metric.labels) for part in parts}
    return known


def recorded() -> set[str]:
    """Series that production's rules record."""
    folder = Path(dashboards_src.__file__).resolve().parent.parent / FOLDERS["production"]
    return {
        rule["record"]
        for file in folder.glob("*.yaml")
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    }


def walk(expression: pp.Expr) -> Iterator[pp.Expr]:
    """Every part of an expression."""
    found: list[pp.Expr] = []

    def visit(node: pp.Expr) -> bool:
        found.append(node)
        return True

    pp.walk(expression, visit)
    return iter(found)


def selectors(expression: pp.Expr) -> Iterator[pp.VectorSelector]:
    for node in walk(expression):
        if isinstance(node, pp.VectorSelector):
            yield node
        elif isinstance(node, pp.MatrixSelector):
            yield node.vector_selector


def shown(query: Query) -> str:
    return f"{query.runbook}-{query.text[:40]}"


@pytest.mark.parametrize("query", queries("promql"), ids=shown)
def test_promql(query: Query) -> None:
    known, records = contract(), recorded()
    expression = pp.parse(query.text)
    seen = list(selectors(expression))
    assert seen
    for selector in seen:
        name = selector.name
        if name is None:  # by a pattern of names
            assert '__name__=~"llm_' in query.text
            continue
        assert name in known or name in records or name in SERVERS, f"nobody makes {name}"
        if name in known:
            unknown = {matcher.name for matcher in selector.matchers.matchers} - known[name] - EVERYWHERE
            assert not unknown, f"{name} has no label {unknown}"
    for node in walk(expression):
        if isinstance(node, pp.AggregateExpr) and node.modifier and node.modifier.type == pp.AggModifierType.By:
            for inner in selectors(node):
                if inner.name in known:
                    unknown = set(node.modifier.labels) - known[inner.name] - EVERYWHERE
                    assert not unknown, f"{inner.name} has no label {unknown}"


@pytest.mark.parametrize("query", queries("logsql"), ids=shown)
def test_logsql(query: Query) -> None:
    """It is a filter that both log stores are asked, on fields that lines have."""
    which = log_filter(query.text)
    assert set(which.fields) <= set(TYPES)
    assert which.logql()
    assert which.logsql()
    events = {names.EVENT_CALL, names.EVENT_EVALUATION, names.EVENT_FEEDBACK}
    assert which.fields.get("event", names.EVENT_CALL) in events
    assert which.fields.get("status", names.STATUS_OK) in names.STATUSES
    assert which.fields.get("error_type", names.TIMEOUT) in names.ERROR_TYPES


@pytest.mark.parametrize("query", queries("traceql"), ids=shown)
def test_traceql(query: Query) -> None:
    """It is a filter that both trace stores are asked, on attributes that spans have."""
    which = trace_filter(query.text)
    assert which.traceql()
    assert which.jaeger_parameters()
    attributes = {value for value in vars(names).values() if isinstance(value, str)}
    assert set(which.attributes) <= attributes
    kinds = ("", names.SPAN_GENERATE, names.SPAN_RETRIEVAL, names.SPAN_EVALUATE)
    assert which.operation in kinds or which.operation.split()[0] in (names.OPERATION_CHAT, names.OPERATION_EMBEDDINGS)


def test_no_block_is_in_a_language_that_nobody_checks() -> None:
    checked = {"promql", "logsql", "traceql", "bash", "yaml"}
    assert not [query for query in queries("") if query.text]
    languages = {query.language for query in queries(*checked)}
    assert languages == checked


def test_the_servers_list_has_nothing_unused() -> None:
    used = {selector.name for query in queries("promql") for selector in selectors(pp.parse(query.text))}
    assert used >= SERVERS, f"not used any more: {SERVERS - used}"
