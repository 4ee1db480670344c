"""Stack health: telemetry, servers, rules, stores and notifications."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, panels, queries, thresholds
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel
from dashboards_src.boards.panels import legend
from dashboards_src.boards.queries import PrometheusQuery
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


def _signals(title: str, description: str, metric: str, alerts: list[str]) -> Panel:
    """Rate of the collector's counters of all signals; NOUN in `metric` is the word for the signal."""
    return grafana.time_series(
        title,
        description,
        grafana.PER_SECOND,
        *(
            PrometheusQuery(_rate(metric.replace("NOUN", noun) + OF_COLLECTOR), signal)
            for noun, signal in SIGNALS.items()
        ),
        alerts=alerts,
    )


TELEMETRY: Final = Row(
    "Telemetry",
    _signals(
        "Accepted by the collector, per second",
        "Spans, log lines and pushed metric points that applications send. If one signal falls to 0, check its sender"
        " and its receiver. If all fall to 0, check the collector and the network.",
        "otelcol_receiver_accepted_NOUN_total",
        ["StackCollectorDown", "StackApplicationsAbsent"],
    ),
    _signals(
        "Delivered to the stores, per second",
        "Should follow the accepted telemetry. If less is delivered for a long time, a queue fills: see the next"
        " panels.",
        "otelcol_exporter_sent_NOUN_total",
        ["StackStoreNotWritable"],
    ),
    grafana.time_series(
        "Refused by the collector",
        "Items that the collector refused in the last minutes because its memory or its queue was full. Senders"
        " retry, so nothing is lost yet. Give the collector more memory, or find the sender of the load.",
        grafana.COUNT,
        PrometheusQuery("sum by (signal) (%(REFUSED)s)", legend("signal")),
        thresholds=red_above(ANY),
        alerts=["StackTelemetryRefused"],
    ),
    grafana.time_series(
        "Lost telemetry",
        "Items that are lost because a queue was full or a store rejected them for good. The collector's log says"
        " why. All panels are too low for this time.",
        grafana.COUNT,
        PrometheusQuery("sum by (signal) (%(NOT_QUEUED)s or %(NOT_SENT)s)", legend("signal")),
        thresholds=red_above(ANY),
        alerts=["StackTelemetryDropped"],
    ),
    grafana.time_series(
        "Collector queue use",
        "How full the export queues on disk are. If a queue fills, its store is down or slow: repair the store, and"
        " the queue empties by itself.",
        grafana.SHARE,
        PrometheusQuery(
            f"max by (exporter) (otelcol_exporter_queue_size{OF_COLLECTOR})"
            f" / max by (exporter) (otelcol_exporter_queue_capacity{OF_COLLECTOR})",
            legend("exporter"),
        ),
        thresholds=red_above(config.EXPORT_QUEUE_USE.production),
        alerts=["StackExporterQueueFilling"],
    ),
    panels.events_per_minute(
        "Telemetry failures in applications",
        "Telemetry per minute that applications could not record. The applications themselves go on working; their logs"
        " say what failed.",
        "TELEMETRY_FAILURES",
        "service, signal",
        alerts=["StackTelemetryDropped"],
    ),
)

SERVERS: Final = Row(
    "Servers",
    grafana.state_timeline(
        "Targets",
        "Whether Prometheus can scrape each server and application. If a target is down, start it again and read"
        " its log (`make logs`).",
        PrometheusQuery("max by (job, instance) (up)", legend("job, instance")),
        size=(12, 8),
        mappings=grafana.value_names({0: ("down", thresholds.RED), 1: ("up", thresholds.GREEN)}),
        alerts=["StackTargetDown", "StackCollectorDown", "StackApplicationDown", "StackApplicationsAbsent"],
    ),
    grafana.time_series(
        "Scrape duration by target",
        "How long each scrape takes. Near the scrape interval, scrapes soon fail: the target has too many series or"
        " its machine is overloaded.",
        grafana.SECONDS,
        PrometheusQuery("max by (job, instance) (scrape_duration_seconds)", legend("job, instance")),
        size=(12, 8),
        alerts=["StackTargetDown"],
    ),
    grafana.time_series(
        "Memory of servers",
        "Resident memory. If a line only rises, the kernel will kill the server. Find the cause: series in"
        " Prometheus, queries in the stores.",
        grafana.BYTES,
        PrometheusQuery(f'max by (job) (process_resident_memory_bytes{{job!="{COLLECTOR}"}})', legend("job")),
        PrometheusQuery(f"max by (job) (otelcol_process_memory_rss_bytes{OF_COLLECTOR})", legend("job")),
        size=(12, 8),
    ),
    grafana.time_series(
        "Series in Prometheus",
        "Series in memory, and samples per scrape by job. A jump means a label with many new values: find the job"
        " whose samples grew.",
        grafana.COUNT,
        PrometheusQuery("sum(prometheus_tsdb_head_series)", "series"),
        PrometheusQuery("sum by (job) (scrape_samples_scraped)", "samples of {{job}}"),
        size=(12, 8),
    ),
)

RULES: Final = Row(
    "Rules",
    grafana.time_series(
        "Rules that failed or were missed, per minute",
        "Above 0, recorded series have gaps and alerts may be missing. Failed: the log of Prometheus names the"
        " rule. Missed: the evaluation takes longer than its interval.",
        grafana.PER_MINUTE,
        PrometheusQuery(
            _per_minute("prometheus_rule_evaluation_failures_total", "rule_group"), "failed {{rule_group}}"
        ),
        PrometheusQuery(
            _per_minute("prometheus_rule_group_iterations_missed_total", "rule_group"), "missed {{rule_group}}"
        ),
        alerts=["StackRuleEvaluationFailing"],
    ),
    grafana.time_series(
        "Rule evaluation time over its interval",
        "At 100% a rule group is too slow and evaluations are missed: simplify its rules or give Prometheus more CPU.",
        grafana.SHARE,
        PrometheusQuery(
            "max by (rule_group) (prometheus_rule_group_last_duration_seconds)"
            " / max by (rule_group) (prometheus_rule_group_interval_seconds)",
            legend("rule_group"),
        ),
        thresholds=red_above(1),
        alerts=["StackRuleEvaluationFailing"],
    ),
    grafana.stat(
        "Watchdog",
        "1 while rules are evaluated. The alert sink raises its own alarm when the watchdog's notifications stop.",
        grafana.COUNT,
        PrometheusQuery('count(ALERTS{alertname="StackWatchdog", alertstate="firing"})', "firing"),
        no_value="not firing",
        alerts=["StackWatchdog"],
    ),
)

STORES: Final = Row(
    "Stores",
    grafana.time_series(
        "Undelivered telemetry",
        "Telemetry that waits while nothing of its signal is delivered: the store is down or rejects everything."
        " Empty while all stores work.",
        grafana.BYTES,
        PrometheusQuery("sum by (signal) (%(UNDELIVERED)s)", legend("signal")),
        thresholds=red_above(ANY),
        alerts=["StackStoreNotWritable"],
    ),
    grafana.time_series(
        "Size of the stores",
        "Size on disk. Retention limits it; extend the lines to see when the limit is reached.",
        grafana.BYTES,
        PrometheusQuery(
            "sum(prometheus_tsdb_storage_blocks_bytes) + sum(prometheus_tsdb_wal_storage_size_bytes)", "metrics"
        ),
        PrometheusQuery("sum(vl_data_size_bytes)", "logs (VictoriaLogs)"),
        alerts=["StackStoreNotWritable"],
    ),
    grafana.time_series(
        "Free disk of the stores",
        "Free space of VictoriaLogs and Jaeger (lite). Below the line, a store soon refuses writes: free disk"
        " space, or shorten retention.",
        grafana.BYTES,
        PrometheusQuery("min by (job) (vl_free_disk_space_bytes)", legend("job")),
        PrometheusQuery("min by (job) (jaeger_storage_badger_key_log_bytes_available)", legend("job")),
        thresholds=red_below(config.STORE_FREE_BYTES),
        alerts=["StackStoreNotWritable"],
    ),
)

NOTIFICATIONS: Final = Row(
    "Notifications",
    grafana.time_series(
        "Notifications per minute",
        "Notifications that Alertmanager sent. The watchdog alone keeps the rate above 0: at 0, check Alertmanager.",
        grafana.PER_MINUTE,
        PrometheusQuery(_per_minute("alertmanager_notifications_total", "integration"), legend("integration")),
    ),
    grafana.time_series(
        "Notification failures per minute",
        "Alerts that nobody received: a wrong webhook, a blocked network, or a receiver that is down. The log of"
        " Alertmanager names the cause; Alertmanager retries.",
        grafana.PER_MINUTE,
        PrometheusQuery(_per_minute("alertmanager_notifications_failed_total", "integration"), legend("integration")),
        PrometheusQuery(
            _per_minute("prometheus_notifications_errors_total", "alertmanager"), "Prometheus → Alertmanager"
        ),
        PrometheusQuery(_per_minute("prometheus_notifications_dropped_total"), "dropped"),
        alerts=["StackNotificationFailing"],
    ),
    grafana.time_series(
        "Firing alerts by severity",
        "All alerts except the watchdog. Many alerts at once are usually one incident: open Incident.",
        grafana.COUNT,
        PrometheusQuery(
            'count by (severity) (ALERTS{alertstate="firing", severity!="info"}) or vector(0)', legend("severity")
        ),
        links=[grafana.dashboard(config.INCIDENT_BOARD, "Incident")],
        stacked=True,
    ),
)


BOARD: Final = Board(
    config.STACK_BOARD,
    "Stack health",
    "The stack itself: telemetry, servers, rules, stores and notifications.",
    "dashboards_src/boards/stack.py",
    variables=("service",),
    rows=[TELEMETRY, SERVERS, RULES, STORES, NOTIFICATIONS],
)
