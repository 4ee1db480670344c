"""Alerts on the stack itself: is everything there, does telemetry arrive, are rules run, is anyone told.

The servers' own metric names stand here and in the last part of records.py (seen on collector 0.160, Prometheus 3.16,
Alertmanager 0.31 and 0.34, Jaeger 1.76/2, VictoriaLogs 1.52; Loki's from its documentation).
"""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.alerts.rules import Alert, RulesFile
from dashboards_src.config import PerScale, Severity
from dashboards_src.records import COLLECTOR, STACK_FILE, increased

APPS: Final = "apps"  # job of what the collector scrapes


def _alert(
    name: str,
    expr: str,
    wait: PerScale[str],
    severity: Severity,
    summary: str,
    description: str,
    labels: tuple[str, ...] = (),
) -> Alert:
    return Alert(STACK_FILE, name, expr, wait, severity, "platform", config.STACK_BOARD, summary, description, labels)


ALERTS: Final = (
    _alert(
        "StackCollectorDown",
        f'max by (job) (up{{job="{COLLECTOR}"}}) == 0 or absent(up{{job="{COLLECTOR}"}})',
        config.TARGET_FOR,
        "critical",
        "The collector is down: no telemetry of applications arrives.",
        "{{ $labels.job }} does not answer, or is not scraped at all (value {{ $value | humanize }}).",
        ("job",),
    ),
    _alert(
        "StackTargetDown",
        f'up{{job!~"{COLLECTOR}|{APPS}"}} == 0',
        config.TARGET_FOR,
        "critical",
        "A server of the stack is down.",
        "{{ $labels.job }} at {{ $labels.instance }} does not answer (up is {{ $value | humanize }}).",
        ("job", "instance"),
    ),
    _alert(
        "StackApplicationDown",
        f'max by (job, instance) (up{{job="{APPS}"}}) == 0',
        config.APPS_FOR,
        "critical",
        "An application's metrics cannot be read.",
        "The collector cannot scrape {{ $labels.instance }} (up is {{ $value | humanize }}).",
        ("job", "instance"),
    ),
    _alert(
        "StackApplicationsAbsent",
        # What comes by OTLP has no staleness marks when its sender is gone: look at a window, not at 5 minutes.
        f'absent_over_time(up{{job="{APPS}"}}[%(LIVE)s])',
        config.APPS_FOR,
        "critical",
        "No application reports at all.",
        "The collector has sent nothing about {{ $labels.job }} for %(LIVE)s (absent: {{ $value | humanize }}).",
        ("job",),
    ),
    _alert(
        "StackTelemetryRefused",
        "sum by (signal) (%(REFUSED)s) > 0",
        config.TELEMETRY_FOR,
        "warning",
        "The collector refuses telemetry; senders have to try again.",
        "{{ $value | humanize }} items of {{ $labels.signal }} were refused in the last %(RATE)s.",
        ("signal",),
    ),
    _alert(
        "StackTelemetryDropped",
        # Lost between queue and store, or in an application.
        f"""
        sum by (signal) (%(NOT_QUEUED)s or %(NOT_SENT)s) > 0
        or sum by (service, signal) ({increased("%(TELEMETRY_FAILURES)s")}) > 0
        """,
        config.TELEMETRY_FOR,
        "critical",
        "Telemetry is lost.",
        "{{ $value | humanize }} items of {{ $labels.signal }} were lost in the last %(RATE)s, by"
        " {{ if $labels.service }}{{ $labels.service }}{{ else }}the collector{{ end }}.",
        ("signal", "service"),
    ),
    _alert(
        "StackExporterQueueFilling",
        f"""
        max by (exporter) (otelcol_exporter_queue_size{{job="{COLLECTOR}"}})
        / max by (exporter) (otelcol_exporter_queue_capacity{{job="{COLLECTOR}"}})
        > %(EXPORT_QUEUE_USE)s
        """,
        config.EXPORT_QUEUE_FOR,
        "warning",
        "Telemetry waits in the collector's queue.",
        "The queue of {{ $labels.exporter }} is {{ $value | humanizePercentage }} full"
        " (limit %(EXPORT_QUEUE_USE.percent)s); what does not fit is refused.",
        ("exporter",),
    ),
    _alert(
        "StackStoreNotWritable",
        """
        sum by (signal) (%(UNDELIVERED)s) > 0
        or max by (job) (vl_storage_is_read_only) > 0
        or min by (job) (jaeger_storage_badger_key_log_bytes_available) < %(STORE_FREE_BYTES)s
        or sum by (job) (increase(loki_ingester_wal_disk_full_failures_total[%(RATE)s])) > 0
        or sum by (job) (increase(prometheus_tsdb_wal_writes_failed_total[%(RATE)s])) > 0
        """,
        config.STORE_FOR,
        "critical",
        "A store takes no telemetry.",
        "{{ if $labels.signal }}Nothing of {{ $labels.signal }} is delivered; {{ $value | humanize1024 }}B wait in"
        " the collector.{{ else }}{{ $labels.job }} cannot write (value {{ $value | humanize }}).{{ end }}",
        ("job", "signal"),
    ),
    _alert(
        "StackRuleEvaluationFailing",
        """
        sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[%(RATE)s])) > 0
        or sum by (rule_group) (increase(prometheus_rule_group_iterations_missed_total[%(RATE)s])) > 0
        """,
        config.RULES_FOR,
        "critical",
        "Rules fail or are skipped: alerts may not come.",
        "{{ $value | humanize }} evaluations of {{ $labels.rule_group }} failed or were missed in the last %(RATE)s.",
        ("rule_group",),
    ),
    _alert(
        "StackNotificationFailing",
        # Over `reason`, which Alertmanager 0.31 and 0.34 fill differently.
        """
        sum by (integration) (increase(alertmanager_notifications_failed_total[%(RATE)s])) > 0
        or label_replace(
        sum(increase(prometheus_notifications_dropped_total[%(RATE)s])) > 0
        or sum(increase(prometheus_notifications_errors_total[%(RATE)s])) > 0
        , "integration", "alertmanager", "", "")
        """,
        config.NOTIFICATION_FOR,
        "critical",
        "Notifications are not delivered.",
        "{{ $value | humanize }} notifications to {{ $labels.integration }} failed in the last %(RATE)s.",
        ("integration",),
    ),
    _alert(
        "StackWatchdog",
        "vector(1)",
        PerScale("0s", "0s"),
        "info",
        "Always fires: when it stops, alerting is broken.",
        "Value {{ $value | humanize }}; the sink raises an alarm of its own when this stops arriving.",
    ),
)  # fmt: skip

FILE: Final = RulesFile(STACK_FILE, "The stack itself.", ALERTS)
