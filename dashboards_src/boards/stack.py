"""Stack health: does telemetry arrive, are all servers there, are rules run, is anyone told."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, queries, thresholds
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions
from dashboards_src.boards.targets import PrometheusQuery
from dashboards_src.boards.thresholds import red_above, red_below
from dashboards_src.records.stack import COLLECTOR, SIGNALS

COLLECTOR_ONLY: Final = f'{{job="{COLLECTOR}"}}'

# --- Telemetry ------------------------------------------------------------------------------------------


def accepted() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Accepted by the collector, per second",
            "What applications send: spans, metric points, log lines. A fall to 0 of one signal is its sender or its"
            " receiver; of all three, the collector or the network.",
            grafana.PER_SECOND,
            alerts=["StackCollectorDown", "StackApplicationsAbsent"],
        ),
        *(
            PrometheusQuery(
                f"sum(rate(otelcol_receiver_accepted_{noun}_total{COLLECTOR_ONLY}{queries.RATE_INTERVAL}))", signal
            )
            for noun, signal in SIGNALS.items()
        ),
    )


def delivered() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Delivered to the stores, per second",
            "Should follow what is accepted. Less for long means that a queue fills: see the next panels.",
            grafana.PER_SECOND,
            alerts=["StackStoreNotWritable"],
        ),
        *(
            PrometheusQuery(
                f"sum(rate(otelcol_exporter_sent_{noun}_total{COLLECTOR_ONLY}{queries.RATE_INTERVAL}))", signal
            )
            for noun, signal in SIGNALS.items()
        ),
    )


def refused() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Refused by the collector",
            "Items that it did not take in the last minutes, because it is out of memory or its queue is full. Senders"
            " try again, so nothing is lost yet: give it more memory, or find who sends so much.",
            grafana.COUNT,
            thresholds=red_above(ANY),
            alerts=["StackTelemetryRefused"],
        ),
        PrometheusQuery("sum by (signal) (%(REFUSED)s)", "{{signal}}"),
    )


ANY: Final = 1  # one is too many: these alerts fire above 0


def dropped() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Lost telemetry",
            "Items that are gone: the queue was full, or a store said that it will never take them. Its log says why;"
            " panels over this time are too low.",
            grafana.COUNT,
            thresholds=red_above(ANY),
            alerts=["StackTelemetryDropped"],
        ),
        PrometheusQuery("sum by (signal) (%(NOT_QUEUED)s or %(NOT_SENT)s)", "{{signal}}"),
    )


def queues() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Collector queue use",
            "How full the queues on disk are. One that fills belongs to a store that is down or slow; it empties by"
            " itself when the store is back.",
            grafana.SHARE,
            thresholds=red_above(config.EXPORT_QUEUE_USE.production),
            alerts=["StackExporterQueueFilling"],
        ),
        PrometheusQuery(
            f"max by (exporter) (otelcol_exporter_queue_size{COLLECTOR_ONLY})"
            f" / max by (exporter) (otelcol_exporter_queue_capacity{COLLECTOR_ONLY})",
            "{{exporter}}",
        ),
    )


def application_failures() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Telemetry failures in applications",
            "Per minute: what an application could not record. It goes on working; its log says what failed.",
            grafana.PER_MINUTE,
            alerts=["StackTelemetryDropped"],
        ),
        PrometheusQuery(
            f"{queries.rate('TELEMETRY_FAILURES', 'service, signal')} {queries.PER_MINUTE}", "{{service}} {{signal}}"
        ),
    )


# --- Servers --------------------------------------------------------------------------------------------


def targets() -> Panel:
    return grafana.state_timeline(
        PanelOptions(
            "Targets",
            "Whether each server and application answers when it is asked for its metrics. Down: start it again, then"
            " read its log (`make logs`).",
            grafana.STATE,
            size=(12, 8),
            mappings=grafana.value_names({0: ("down", thresholds.RED), 1: ("up", thresholds.GREEN)}),
            alerts=["StackTargetDown", "StackCollectorDown", "StackApplicationDown", "StackApplicationsAbsent"],
        ),
        PrometheusQuery("max by (job, instance) (up)", "{{job}} {{instance}}"),
    )


def scrape_time() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Scrape duration by target",
            "How long a target takes to answer. Near the scrape interval it will soon be missed: too many series, or a"
            " machine that is too busy.",
            grafana.SECONDS,
            size=(12, 8),
            alerts=["StackTargetDown"],
        ),
        PrometheusQuery("max by (job, instance) (scrape_duration_seconds)", "{{job}} {{instance}}"),
    )


def memory() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Memory of servers",
            "Resident memory. A line that only rises ends with the kernel's out-of-memory killer: find what grows"
            " (series for Prometheus, queries for the stores).",
            grafana.BYTES,
            size=(12, 8),
        ),
        PrometheusQuery(f'max by (job) (process_resident_memory_bytes{{job!="{COLLECTOR}"}})', "{{job}}"),
        PrometheusQuery(f"max by (job) (otelcol_process_memory_rss_bytes{COLLECTOR_ONLY})", "{{job}}"),
    )


def series() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Series in Prometheus",
            "How many series are alive. A jump is a new label with many values: see which target's samples grew.",
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
            "Above 0 records have gaps and alerts may not come. Prometheus' log names the rule; missed means that"
            " evaluation takes longer than its interval.",
            grafana.PER_MINUTE,
            alerts=["StackRuleEvaluationFailing"],
        ),
        PrometheusQuery(
            f"sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total{queries.RATE_INTERVAL})) {queries.PER_MINUTE}",
            "failed {{rule_group}}",
        ),
        PrometheusQuery(
            f"sum by (rule_group) (rate(prometheus_rule_group_iterations_missed_total{queries.RATE_INTERVAL})) {queries.PER_MINUTE}",
            "missed {{rule_group}}",
        ),
    )


def rule_time() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Rule evaluation time over its interval",
            "At 1 a group cannot keep up, and evaluations are missed.",
            grafana.SHARE,
            thresholds=red_above(1),
            alerts=["StackRuleEvaluationFailing"],
        ),
        PrometheusQuery(
            "max by (rule_group) (prometheus_rule_group_last_duration_seconds)"
            " / max by (rule_group) (prometheus_rule_group_interval_seconds)",
            "{{rule_group}}",
        ),
    )


def watchdog() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Watchdog",
            "1 as long as rules are evaluated. The sink raises its own alarm when its notifications stop.",
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
            "What waits while nothing at all of a signal is delivered: its store is down or takes nothing. Nothing is"
            " shown while all is well.",
            grafana.BYTES,
            thresholds=red_above(ANY),
            alerts=["StackStoreNotWritable"],
        ),
        PrometheusQuery("sum by (signal) (%(UNDELIVERED)s)", "{{signal}}"),
    )


def store_sizes() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Size of the stores",
            "On disk. Retention keeps them below their limits; how fast they grow says when.",
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
            "What VictoriaLogs and Jaeger (lite) have left. Below the line a store soon refuses writes: free disk, or"
            " lower retention.",
            grafana.BYTES,
            thresholds=red_below(config.STORE_FREE_BYTES),
            alerts=["StackStoreNotWritable"],
        ),
        PrometheusQuery("min by (job) (vl_free_disk_space_bytes)", "{{job}}"),
        PrometheusQuery("min by (job) (jaeger_storage_badger_key_log_bytes_available)", "{{job}}"),
    )


# --- Notifications --------------------------------------------------------------------------------------


def notifications() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Notifications per minute",
            "What Alertmanager sent. The watchdog alone keeps it above 0.",
            grafana.PER_MINUTE,
        ),
        PrometheusQuery(
            f"sum by (integration) (rate(alertmanager_notifications_total{queries.RATE_INTERVAL})) {queries.PER_MINUTE}",
            "{{integration}}",
        ),
    )


def notification_failures() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Notification failures per minute",
            "Alerts that nobody was told of: a wrong webhook, a network that is closed, a receiver that is down."
            " Alertmanager's log says which; it tries again.",
            grafana.PER_MINUTE,
            alerts=["StackNotificationFailing"],
        ),
        PrometheusQuery(
            f"sum by (integration) (rate(alertmanager_notifications_failed_total{queries.RATE_INTERVAL})) {queries.PER_MINUTE}",
            "{{integration}}",
        ),
        PrometheusQuery(
            f"sum by (alertmanager) (rate(prometheus_notifications_errors_total{queries.RATE_INTERVAL})) {queries.PER_MINUTE}",
            "Prometheus → Alertmanager",
        ),
        PrometheusQuery(
            f"sum(rate(prometheus_notifications_dropped_total{queries.RATE_INTERVAL})) {queries.PER_MINUTE}", "dropped"
        ),
    )


def alerts_firing() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Firing alerts by severity",
            "Without the watchdog. Many at once are one incident: Alertmanager groups them, Incident shows them.",
            grafana.COUNT,
            links=[grafana.dashboard(config.INCIDENT_BOARD, "Incident")],
        ),
        PrometheusQuery(
            'count by (severity) (ALERTS{alertstate="firing", severity!="info"}) or vector(0)', "{{severity}}"
        ),
        stacked=True,
    )


BOARD: Final = Board(
    config.STACK_BOARD,
    "Stack health",
    "Does telemetry arrive, are all servers there, are rules run, is anyone told.",
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
