"""Every query of every runbook parses and names metrics, labels, fields and attributes that exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import promql_parser as pp
import pytest
import yaml
from runbook_texts import FencedBlock, blocks

import dashboards_src
from alert_sink.runbook_queries import log_filter, trace_filter
from dashboards_src.alerts.rules import FOLDERS
from llm_telemetry import names
from stores.log_fields import TYPES

# Metrics of the servers, as seen on their /metrics (collector 0.160, Prometheus 3.16, Alertmanager 0.31, Jaeger 1.76,
# VictoriaLogs 1.52), metrics that every scrape adds, and the sink's.
SERVER_METRICS = {
    "ALERTS", "up", "scrape_duration_seconds", "scrape_samples_scraped", "process_start_time_seconds",
    "alert_sink_watchdog_age_seconds",
    "alertmanager_notifications_failed_total",
    "jaeger_storage_badger_key_log_bytes_available", "vl_storage_is_read_only",
    "otelcol_exporter_queue_capacity", "otelcol_exporter_queue_size", "otelcol_exporter_send_failed_log_records_total",
    "otelcol_exporter_sent_log_records_total", "otelcol_exporter_sent_spans_total",
    "otelcol_process_memory_rss_bytes",
    "otelcol_receiver_accepted_spans_total", "otelcol_receiver_refused_spans_total",
    "prometheus_config_last_reload_success_timestamp_seconds", "prometheus_notifications_alertmanagers_discovered",
    "prometheus_notifications_dropped_total", "prometheus_notifications_errors_total",
    "prometheus_notifications_queue_capacity", "prometheus_notifications_queue_length",
    "prometheus_rule_evaluation_failures_total", "prometheus_rule_group_interval_seconds",
    "prometheus_rule_group_iterations_missed_total", "prometheus_rule_group_last_duration_seconds",
    "prometheus_tsdb_head_series", "prometheus_tsdb_wal_writes_failed_total",
}  # fmt: skip
COMMON_LABELS = {"service", "job", "instance", "le"}


def contract_series() -> dict[str, set[str]]:
    """Labels by name of each series of our metrics; a histogram has three series."""
    known: dict[str, set[str]] = {}
    for metric in names.METRICS:
        parts = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        known |= {metric.name + part: set(metric.labels) for part in parts}
    return known


def recorded_series() -> set[str]:
    folder = Path(dashboards_src.__file__).resolve().parent.parent / FOLDERS["production"]
    return {
        rule["record"]
        for file in folder.glob("*.yaml")
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    }


def nodes(expression: pp.Expr) -> Iterator[pp.Expr]:
    found: list[pp.Expr] = []

    def visit(node: pp.Expr) -> bool:
        found.append(node)
        return True

    pp.walk(expression, visit)
    return iter(found)


def selectors(expression: pp.Expr) -> Iterator[pp.VectorSelector]:
    for node in nodes(expression):
        if isinstance(node, pp.VectorSelector):
            yield node
        elif isinstance(node, pp.MatrixSelector):
            yield node.vector_selector


def readable_id(query: FencedBlock) -> str:
    return f"{query.runbook}-{query.text[:40]}"


@pytest.mark.parametrize("query", blocks("promql"), ids=readable_id)
def test_promql_names_metrics_and_labels_that_exist(query: FencedBlock) -> None:
    known, records = contract_series(), recorded_series()
    expression = pp.parse(query.text)
    found = list(selectors(expression))
    assert found
    for selector in found:
        name = selector.name
        if name is None:  # a pattern of names
            assert '__name__=~"llm_' in query.text
            continue
        assert name in known or name in records or name in SERVER_METRICS, f"there is no metric {name}"
        if name in known:
            unknown = {matcher.name for matcher in selector.matchers.matchers} - known[name] - COMMON_LABELS
            assert not unknown, f"{name} has no label {unknown}"
    for node in nodes(expression):
        if isinstance(node, pp.AggregateExpr) and node.modifier and node.modifier.type == pp.AggModifierType.By:
            for inner in selectors(node):
                if inner.name in known:
                    unknown = set(node.modifier.labels) - known[inner.name] - COMMON_LABELS
                    assert not unknown, f"{inner.name} has no label {unknown}"


@pytest.mark.parametrize("query", blocks("logsql"), ids=readable_id)
def test_logsql_works_in_both_log_stores_and_names_fields_that_exist(query: FencedBlock) -> None:
    filter_ = log_filter(query.text)
    assert set(filter_.fields) <= set(TYPES)
    assert filter_.logql()
    assert filter_.logsql()
    events = {names.EVENT_CALL, names.EVENT_EVALUATION, names.EVENT_FEEDBACK}
    assert filter_.fields.get("event", names.EVENT_CALL) in events
    assert filter_.fields.get("status", names.STATUS_OK) in names.STATUSES
    assert filter_.fields.get("error_type", names.TIMEOUT) in names.ERROR_TYPES


@pytest.mark.parametrize("query", blocks("traceql"), ids=readable_id)
def test_traceql_works_in_both_trace_stores_and_names_attributes_that_exist(query: FencedBlock) -> None:
    filter_ = trace_filter(query.text)
    assert filter_.traceql()
    assert filter_.jaeger_parameters()
    attributes = {value for value in vars(names).values() if isinstance(value, str)}
    assert set(filter_.attributes) <= attributes
    kinds = ("", names.SPAN_GENERATE, names.SPAN_RETRIEVAL, names.SPAN_EVALUATE)
    assert filter_.operation in kinds or filter_.operation.split()[0] in (
        names.OPERATION_CHAT,
        names.OPERATION_EMBEDDINGS,
    )


def test_every_fenced_block_is_in_a_language_that_a_test_checks() -> None:
    checked = {"promql", "logsql", "traceql", "bash", "yaml"}
    assert not [query for query in blocks("") if query.text]
    languages = {query.language for query in blocks(*checked)}
    assert languages == checked


def test_every_server_metric_of_the_list_is_used() -> None:
    used = {selector.name for query in blocks("promql") for selector in selectors(pp.parse(query.text))}
    assert used >= SERVER_METRICS, f"not used any more: {SERVER_METRICS - used}"
