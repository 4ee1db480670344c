"""Alerts on the stack itself: servers, telemetry, rules, notifications.

The servers' own metric names are here and in records/stack.py (seen on collector 0.160, Prometheus 3.16,
Alertmanager 0.31 and 0.34, Jaeger 1.76/2, VictoriaLogs 1.52; Loki's from its documentation).
"""

from __future__ import annotations

from functools import partial
from typing import Final

from dashboards_src import config
from dashboards_src.alerts.alert import Alert
from dashboards_src.alerts.rules import RulesFile
from dashboards_src.config import PerScale
from dashboards_src.records.stack import COLLECTOR
from dashboards_src.records.stack import FILE as STEM

APPS: Final = "apps"  # job of the applications


_alert = partial(Alert, severity="critical", team="platform", dashboard=config.STACK_BOARD)

ALERTS: Final = (
    _alert(
        name="StackCollectorDown",
        expr=f'max by (job) (up{{job="{COLLECTOR}"}}) == 0 or absent(up{{job="{COLLECTOR}"}})',
        for_=config.TARGET_FOR,
        summary="The collector is down. Traces, logs and pushed metrics do not arrive.",
        description="Prometheus cannot scrape {{ $labels.job }}, or has no such target"
        " (value {{ $value | humanize }}).",
        labels=("job",),
        scenarios=("collector-down",),
    ),
    _alert(
        name="StackTargetDown",
        expr=f'up{{job!~"{COLLECTOR}|{APPS}"}} == 0',
        for_=config.TARGET_FOR,
        summary="A server of the stack is down.",
        description="Prometheus cannot scrape {{ $labels.job }} at {{ $labels.instance }}"
        " (up is {{ $value | humanize }}).",
        labels=("job", "instance"),
        scenarios=("logs-down", "traces-down"),
    ),
    _alert(
        name="StackApplicationDown",
        expr=f'up{{job="{APPS}"}} == 0',
        for_=config.APPS_FOR,
        summary="An application's metrics cannot be scraped.",
        description="Prometheus cannot scrape {{ $labels.instance }} (up is {{ $value | humanize }}).",
        labels=("job", "instance"),
    ),
    _alert(
        name="StackApplicationsAbsent",
        expr=f'absent(up{{job="{APPS}"}})',
        for_=config.APPS_FOR,
        summary="No application is scraped.",
        description="Prometheus has no target in the job {{ $labels.job }} (absent: {{ $value | humanize }}).",
        labels=("job",),
    ),
    _alert(
        name="StackTelemetryRefused",
        expr="sum by (signal) (%(REFUSED)s) > 0",
        for_=config.TELEMETRY_FOR,
        severity="warning",
        summary="The collector refuses telemetry. Senders have to retry.",
        description="{{ $value | humanize }} items of {{ $labels.signal }} were refused in the last %(RATE)s.",
        labels=("signal",),
    ),
    _alert(
        name="StackTelemetryDropped",
        # Lost between queue and store, or in an application.
        expr="""
        sum by (signal) (%(NOT_QUEUED)s or %(NOT_SENT)s) > 0
        or sum by (service, signal) (increase(%(TELEMETRY_FAILURES)s[%(RATE)s])) > 0
        """,
        for_=config.TELEMETRY_FOR,
        summary="Telemetry is lost.",
        description="{{ $value | humanize }} items of {{ $labels.signal }} were lost in the last %(RATE)s by"
        " {{ if $labels.service }}{{ $labels.service }}{{ else }}the collector{{ end }}.",
        labels=("signal", "service"),
    ),
    _alert(
        name="StackExporterQueueFilling",
        expr=f"""
        max by (exporter) (otelcol_exporter_queue_size{{job="{COLLECTOR}"}})
        / max by (exporter) (otelcol_exporter_queue_capacity{{job="{COLLECTOR}"}})
        > %(EXPORT_QUEUE_USE)s
        """,
        for_=config.EXPORT_QUEUE_FOR,
        severity="warning",
        summary="An export queue of the collector is filling up.",
        description="The queue of {{ $labels.exporter }} is {{ $value | humanizePercentage }} full"
        " (limit %(EXPORT_QUEUE_USE.percent)s). A full queue loses telemetry.",
        labels=("exporter",),
    ),
    _alert(
        name="StackStoreNotWritable",
        expr="""
        sum by (signal) (%(UNDELIVERED)s) > 0
        or max by (job) (vl_storage_is_read_only) > 0
        or min by (job) (jaeger_storage_badger_key_log_bytes_available) < %(STORE_FREE_BYTES)s
        or sum by (job) (increase(loki_ingester_wal_disk_full_failures_total[%(RATE)s])) > 0
        or sum by (job) (increase(prometheus_tsdb_wal_writes_failed_total[%(RATE)s])) > 0
        """,
        for_=config.STORE_FOR,
        summary="A store does not accept telemetry.",
        description="{{ if $labels.signal }}No {{ $labels.signal }} are delivered. {{ $value | humanize1024 }}B"
        " wait in the collector.{{ else }}{{ $labels.job }} cannot write (value {{ $value | humanize }}).{{ end }}",
        labels=("job", "signal"),
    ),
    _alert(
        name="StackRuleEvaluationFailing",
        expr="""
        sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[%(RATE)s])) > 0
        or sum by (rule_group) (increase(prometheus_rule_group_iterations_missed_total[%(RATE)s])) > 0
        """,
        for_=config.RULES_FOR,
        summary="Rules fail or are skipped. Alerts may be missing.",
        description="{{ $value | humanize }} evaluations of {{ $labels.rule_group }} failed or were missed in the"
        " last %(RATE)s.",
        labels=("rule_group",),
    ),
    _alert(
        name="StackNotificationFailing",
        # Over `reason`, which Alertmanager 0.31 and 0.34 fill differently.
        expr="""
        sum by (integration) (increase(alertmanager_notifications_failed_total[%(RATE)s])) > 0
        or label_replace(
        sum(increase(prometheus_notifications_dropped_total[%(RATE)s])) > 0
        or sum(increase(prometheus_notifications_errors_total[%(RATE)s])) > 0
        , "integration", "alertmanager", "", "")
        """,
        for_=config.NOTIFICATION_FOR,
        summary="Notifications are not delivered.",
        description="{{ $value | humanize }} notifications to {{ $labels.integration }} failed in the last %(RATE)s.",
        labels=("integration",),
    ),
    _alert(
        name="StackWatchdog",
        expr="vector(1)",
        for_=PerScale("0s", "0s"),
        severity="info",
        summary="This alert always fires. When it stops, alerting is broken.",
        description="Value {{ $value | humanize }}. The alert sink raises its own alarm when this alert stops"
        " arriving.",
        labels=(),
    ),
)  # fmt: skip

FILE: Final = RulesFile(STEM, "The stack itself.", ALERTS)
