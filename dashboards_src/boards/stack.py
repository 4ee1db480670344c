"""Stack health: telemetry, servers, rules, stores and notifications."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, panels, queries, thresholds
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions
from dashboards_src.boards.panels import legend
from dashboards_src.boards.targets import PrometheusQuery
from dashboards_src.boards.thresholds import red_above, red_below
from dashboards_src.records.stack import COLLECTOR, SIGNALS

OF_COLLECTOR: Final = f'{{job="{COLLECTOR}"}}'
ANY: Final = 1  # these alerts fire above 0


def _rate(counter: str, by: str = "") -> str:
    """Rate per second of a counter of a server."""
    total = f"sum by ({by}) " if by else "sum"
    return f"{total}(rate({counter}{queries.RATE_INTERVAL}))"


def _per_minute(counter: str, by: str = "") -> str:
    return f"{_rate(counter, by)} {queries.PER_MINUTE}"


# --- Telemetry ------------------------------------------------------------------------------------------


def _signals(title: str, description: str, metric: str, alerts: list[str]) -> Panel:
    """Rate of the collector's counters of all signals; NOUN in `metric` is the word for the signal."""
    return grafana.time_series(
        PanelOptions(title, description, grafana.PER_SECOND, alerts=alerts),
        *(
            PrometheusQuery(_rate(metric.replace("NOUN", noun) + OF_COLLECTOR), signal)
            for noun, signal in SIGNALS.items()
        ),
    )


def accepted() -> Panel:
    return _signals(
        "Accepted by the collector, per second",
        "Spans, log lines and pushed metric points that applications send. If one signal falls to 0, check its sender"
        " and its receiver. If all fall to 0, check the collector and the network.",
        "otelcol_receiver_accepted_NOUN_total",
        ["StackCollectorDown", "StackApplicationsAbsent"],
    )


def delivered() -> Panel:
    return _signals(
        "Delivered to the stores, per second",
        "Should follow the accepted telemetry. If less is delivered for a long time, a queue fills: see the next"
        " panels.",
        "otelcol_exporter_sent_NOUN_total",
        ["StackStoreNotWritable"],
    )


def refused() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Refused by the collector",
            "Items that the collector refused in the last minutes because its memory or its queue was full. Senders"
            " retry, so nothing is lost yet. Give the collector more memory, or find the sender of the load.",
            grafana.COUNT,
            thresholds=red_above(ANY),
            alerts=["StackTelemetryRefused"],
        ),
        PrometheusQuery("sum by (signal) (%(REFUSED)s)", legend("signal")),
    )


def dropped() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Lost telemetry",
            "Items that are lost because a queue was full or a store rejected them for good. The collector's log says"
            " why. All panels are too low for this time.",
            grafana.COUNT,
            thresholds=red_above(ANY),
            alerts=["StackTelemetryDropped"],
        ),
        PrometheusQuery("sum by (signal) (%(NOT_QUEUED)s or %(NOT_SENT)s)", legend("signal")),
    )


def queues() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Collector queue use",
            "How full the export queues on disk are. If a queue fills, its store is down or slow: repair the store, and"
            " the queue empties by itself.",
            grafana.SHARE,
            thresholds=red_above(config.EXPORT_QUEUE_USE.production),
            alerts=["StackExporterQueueFilling"],
        ),
        PrometheusQuery(
            f"max by (exporter) (otelcol_exporter_queue_size{OF_COLLECTOR})"
            f" / max by (exporter) (otelcol_exporter_queue_capacity{OF_COLLECTOR})",
            legend("exporter"),
        ),
    )


def application_failures() -> Panel:
    return panels.events_per_minute(
        "Telemetry failures in applications",
        "Telemetry per minute that applications could not record. The applications themselves go on working; their logs"
        " say what failed.",
        "TELEMETRY_FAILURES",
        "service, signal",
        alerts=["StackTelemetryDropped"],
    )


# --- Servers --------------------------------------------------------------------------------------------


def targets() -> Panel:
    return grafana.state_timeline(
        PanelOptions(
            "Targets",
            "Whether Prometheus can scrape each server and application. If a target is down, start it again and read"
            " its log (`make logs`).",
            grafana.STATE,
            size=(12, 8),
            mappings=grafana.value_names({0: ("down", thresholds.RED), 1: ("up", thresholds.GREEN)}),
            alerts=["StackTargetDown", "StackCollectorDown", "StackApplicationDown", "StackApplicationsAbsent"],
        ),
        PrometheusQuery("max by (job, instance) (up)", legend("job, instance")),
    )


def scrape_time() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Scrape duration by target",
            "How long each scrape takes. Near the scrape interval, scrapes soon fail: the target has too many series or"
            " its machine is overloaded.",
            grafana.SECONDS,
            size=(12, 8),
            alerts=["StackTargetDown"],
        ),
        PrometheusQuery("max by (job, instance) (scrape_duration_seconds)", legend("job, instance")),
    )


def memory() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Memory of servers",
            "Resident memory. If a line only rises, the kernel will kill the server. Find the cause: series in"
            " Prometheus, queries in the stores.",
            grafana.BYTES,
            size=(12, 8),
        ),
        PrometheusQuery(f'max by (job) (process_resident_memory_bytes{{job!="{COLLECTOR}"}})', legend("job")),
        PrometheusQuery(f"max by (job) (otelcol_process_memory_rss_bytes{OF_COLLECTOR})", legend("job")),
    )


def series() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Series in Prometheus",
            "Series in memory, and samples per scrape by job. A jump means a label with many new values: find the job"
            " whose samples grew.",
            grafana.COUNT,
            size=(12, 8),
        ),
        PrometheusQuery("sum(prometheus_tsdb_head_series)", "series"),
        PrometheusQuery("sum by (job) (scrape_samples_scraped)", "samples of {{job}}"),
    )


# --- Rules ----------------------------------------------------------------------------------------------


def rule_failures() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Rules that failed or were missed, per minute",
            "Above 0, recorded series have gaps and alerts may be missing. Failed: the log of Prometheus names the"
            " rule. Missed: the evaluation takes longer than its interval.",
            grafana.PER_MINUTE,
            alerts=["StackRuleEvaluationFailing"],
        ),
        PrometheusQuery(
            _per_minute("prometheus_rule_evaluation_failures_total", "rule_group"), "failed {{rule_group}}"
        ),
        PrometheusQuery(
            _per_minute("prometheus_rule_group_iterations_missed_total", "rule_group"), "missed {{rule_group}}"
        ),
    )


def rule_time() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Rule evaluation time over its interval",
            "At 100% a rule group is too slow and evaluations are missed: simplify its rules or give Prometheus more"
            " CPU.",
            grafana.SHARE,
            thresholds=red_above(1),
            alerts=["StackRuleEvaluationFailing"],
        ),
        PrometheusQuery(
            "max by (rule_group) (prometheus_rule_group_last_duration_seconds)"
            " / max by (rule_group) (prometheus_rule_group_interval_seconds)",
            legend("rule_group"),
        ),
    )


def watchdog() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Watchdog",
            "1 while rules are evaluated. The alert sink raises its own alarm when the watchdog's notifications stop.",
            grafana.COUNT,
            no_value="not firing",
            alerts=["StackWatchdog"],
        ),
        PrometheusQuery('count(ALERTS{alertname="StackWatchdog", alertstate="firing"})', "firing"),
    )


# --- Stores ---------------------------------------------------------------------------------------------


def waiting() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Undelivered telemetry",
            "Telemetry that waits while nothing of its signal is delivered: the store is down or rejects everything."
            " Empty while all stores work.",
            grafana.BYTES,
            thresholds=red_above(ANY),
            alerts=["StackStoreNotWritable"],
        ),
        PrometheusQuery("sum by (signal) (%(UNDELIVERED)s)", legend("signal")),
    )


def store_sizes() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Size of the stores",
            "Size on disk. Retention limits it; extend the lines to see when the limit is reached.",
            grafana.BYTES,
            alerts=["StackStoreNotWritable"],
        ),
        PrometheusQuery(
            "sum(prometheus_tsdb_storage_blocks_bytes) + sum(prometheus_tsdb_wal_storage_size_bytes)", "metrics"
        ),
        PrometheusQuery("sum(vl_data_size_bytes)", "logs (VictoriaLogs)"),
    )


def free_disk() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Free disk of the stores",
            "Free space of VictoriaLogs and Jaeger (lite). Below the line, a store soon refuses writes: free disk"
            " space, or shorten retention.",
            grafana.BYTES,
            thresholds=red_below(config.STORE_FREE_BYTES),
            alerts=["StackStoreNotWritable"],
        ),
        PrometheusQuery("min by (job) (vl_free_disk_space_bytes)", legend("job")),
        PrometheusQuery("min by (job) (jaeger_storage_badger_key_log_bytes_available)", legend("job")),
    )


# --- Notifications --------------------------------------------------------------------------------------


def notifications() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Notifications per minute",
            "Notifications that Alertmanager sent. The watchdog alone keeps the rate above 0: at 0, check"
            " Alertmanager.",
            grafana.PER_MINUTE,
        ),
        PrometheusQuery(_per_minute("alertmanager_notifications_total", "integration"), legend("integration")),
    )


def notification_failures() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Notification failures per minute",
            "Alerts that nobody received: a wrong webhook, a blocked network, or a receiver that is down. The log of"
            " Alertmanager names the cause; Alertmanager retries.",
            grafana.PER_MINUTE,
            alerts=["StackNotificationFailing"],
        ),
        PrometheusQuery(_per_minute("alertmanager_notifications_failed_total", "integration"), legend("integration")),
        PrometheusQuery(
            _per_minute("prometheus_notifications_errors_total", "alertmanager"), "Prometheus → Alertmanager"
        ),
        PrometheusQuery(_per_minute("prometheus_notifications_dropped_total"), "dropped"),
    )


def alerts_firing() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Firing alerts by severity",
            "All alerts except the watchdog. Many alerts at once are usually one incident: open Incident.",
            grafana.COUNT,
            links=[grafana.dashboard(config.INCIDENT_BOARD, "Incident")],
        ),
        PrometheusQuery(
            'count by (severity) (ALERTS{alertstate="firing", severity!="info"}) or vector(0)', legend("severity")
        ),
        stacked=True,
    )


BOARD: Final = Board(
    config.STACK_BOARD,
    "Stack health",
    "The stack itself: telemetry, servers, rules, stores and notifications.",
    "dashboards_src/boards/stack.py",
    variables=("service",),
    rows=[
        Row("Telemetry", [accepted, delivered, refused, dropped, queues, application_failures]),
        Row("Servers", [targets, scrape_time, memory, series]),
        Row("Rules", [rule_failures, rule_time, watchdog]),
        Row("Stores", [waiting, store_sizes, free_disk]),
        Row("Notifications", [notifications, notification_failures, alerts_firing]),
    ],
)
