"""Every metric and label in rules exists, so no alert is silent because of a wrong name."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser as pp
import pytest
from rule_files import rules, scales

from dashboards_src import records
from dashboards_src.config import Scale
from dashboards_src.records.stack import SIGNALS
from llm_telemetry import names

# The servers' own metrics, seen on their /metrics, and the labels that rules use.
SERVERS: dict[str, set[str]] = {
    "up": set(),
    **{
        f"otelcol_{what}_{noun}_total": {"receiver", "exporter"}
        for noun in SIGNALS
        for what in (
            "receiver_refused",
            "receiver_failed",
            "exporter_enqueue_failed",
            "exporter_send_failed",
            "exporter_sent",
        )
    },
    "otelcol_exporter_queue_size": {"exporter", "data_type"},
    "otelcol_exporter_queue_capacity": {"exporter", "data_type"},
    "prometheus_rule_evaluation_failures_total": {"rule_group"},
    "prometheus_rule_group_iterations_missed_total": {"rule_group"},
    "prometheus_notifications_dropped_total": {"alertmanager"},
    "prometheus_notifications_errors_total": {"alertmanager"},
    "prometheus_tsdb_wal_writes_failed_total": set(),
    "alertmanager_notifications_failed_total": {"integration"},  # and reason, which 0.31 and 0.34 fill differently
    "vl_storage_is_read_only": {"path"},
    "jaeger_storage_badger_key_log_bytes_available": {"name"},
    "loki_ingester_wal_disk_full_failures_total": set(),
}
EVERYWHERE = {"job", "instance", "service"}


def contract() -> dict[str, set[str]]:
    """The series of the contract with their labels."""
    known: dict[str, set[str]] = {}
    for metric in names.METRICS:
        if metric.kind == "histogram":
            known |= {f"{metric.name}_{part}": {*metric.labels, "le"} for part in ("bucket", "sum", "count")}
        else:
            known[metric.name] = set(metric.labels)
    return known


def recorded(scale: Scale) -> dict[str, set[str]]:
    """Recorded series with their labels: the level in the name, and the labels that the rule adds."""
    words = {label for metric in names.METRICS for label in metric.labels} | {"service", "le", "day", "signal"}
    known: dict[str, set[str]] = {}
    for rule in rules(scale):
        if "record" in rule:
            level = rule["record"].split(":")[0]
            own = {"slo", "service", "endpoint"} if level == "slo" else set(level.split("_"))
            assert own - {"slo"} <= words, f"{rule['record']}: its level {level} has words that are no labels"
            known.setdefault(rule["record"], set()).update(own, rule.get("labels", {}))
    if scale == "rehearsal":  # the load test writes these
        known |= {
            record.at(scale): set(record.at(scale).split(":")[0].split("_"))
            for record in records.RECORDS
            if record.seeded
        }
    return known


def selectors(expr: pp.Expr) -> Iterator[pp.VectorSelector]:
    found: list[pp.VectorSelector] = []

    def visit(node: pp.Expr) -> bool:
        if isinstance(node, pp.VectorSelector):
            found.append(node)
        elif isinstance(node, pp.MatrixSelector):
            found.append(node.vector_selector)
        return True

    pp.walk(expr, visit)
    return iter(found)


@pytest.mark.parametrize("scale", scales())
def test_every_metric_and_label_is_known(scale: Scale) -> None:
    known = {**contract(), **recorded(scale), **SERVERS}
    for rule in rules(scale):
        what = rule.get("record") or rule["alert"]
        seen = list(selectors(pp.parse(rule["expr"])))
        for selector in seen:
            assert selector.name in known, f"{what}: unknown series {selector.name}"
            labels = {matcher.name for matcher in selector.matchers.matchers}
            unknown = labels - known[selector.name] - EVERYWHERE
            assert not unknown, f"{what}: {selector.name} has no label {unknown}"
        assert seen or "vector(" in rule["expr"], what


@pytest.mark.parametrize("scale", scales())
def test_aggregations_are_by_existing_labels(scale: Scale) -> None:
    known = {**contract(), **recorded(scale), **SERVERS}

    def visit(node: pp.Expr) -> bool:
        if isinstance(node, pp.AggregateExpr) and node.modifier and node.modifier.type == pp.AggModifierType.By:
            for selector in selectors(node):
                unknown = set(node.modifier.labels) - known[str(selector.name)] - EVERYWHERE
                assert selector.name == "up" or not unknown, f"{selector.name} has no label {unknown}: {node}"
        return True

    for rule in rules(scale):
        pp.walk(pp.parse(rule["expr"]), visit)


def test_every_server_metric_of_this_file_is_used() -> None:
    used = {selector.name for rule in rules("production") for selector in selectors(pp.parse(rule["expr"]))}
    assert set(SERVERS) <= used, f"unused: {set(SERVERS) - used}"


def test_no_rule_adds_up_active_users() -> None:
    """`endpoint="all"` already counts every user once."""
    assert not [rule for scale in scales() for rule in rules(scale) if names.ACTIVE_USERS.name in rule["expr"]]
