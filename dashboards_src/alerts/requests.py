"""Alerts on requests: errors, latency, context, queue, safety, cache. Per service and endpoint, so that
a quiet broken endpoint is not hidden by a busy healthy one."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.alerts.rules import Alert, RulesFile
from dashboards_src.config import PerScale, Severity
from dashboards_src.records import REQUESTS_FILE

WHERE: Final = "{{ $labels.service }} {{ $labels.endpoint }}"
ENOUGH: Final = "and %(ENDPOINT_REQUESTS)s * %(RATE.s)s >= %(LEAST_REQUESTS)s"


def _alert(
    name: str,
    expr: str,
    wait: PerScale[str],
    severity: Severity,
    summary: str,
    description: str,
    dashboard: str = config.OVERVIEW,
    more_labels: tuple[str, ...] = (),
) -> Alert:
    labels = ("service", "endpoint", *more_labels)
    return Alert(
        REQUESTS_FILE, name, expr, wait, severity, "application", dashboard, summary, f"{WHERE}: {description}", labels
    )


ALERTS: Final = (
    _alert(
        "LLMHighErrorRate",
        f"%(ENDPOINT_ERROR_RATIO)s > %(ERROR_RATE)s\n{ENOUGH}",
        config.ERROR_RATE_FOR,
        "critical",
        "Too many requests get no usable answer.",
        "{{ $value | humanizePercentage }} of the requests of the last %(RATE)s failed"
        " (more than %(ERROR_RATE.percent)s).",
        config.INCIDENT_BOARD,
    ),
    _alert(
        "LLMLatencyHigh",
        """
        %(ENDPOINT_LATENCY_P95)s > %(LATENCY_P95_MS)s
        and %(ENDPOINT_LATENCY_COUNT)s * %(RATE.s)s >= %(LEAST_REQUESTS)s
        """,
        config.LATENCY_FOR,
        "critical",
        "Answers take too long.",
        "1 answer in 20 of the last %(RATE)s took longer than {{ $value | printf `%.0f` }} ms"
        " (limit %(LATENCY_P95_MS)s ms).",
        config.INCIDENT_BOARD,
    ),
    _alert(
        "LLMTimeToFirstTokenHigh",
        """
        %(ENDPOINT_TTFT_P95)s > %(TTFT_P95_MS)s
        and %(ENDPOINT_TTFT_COUNT)s * %(RATE.s)s >= %(LEAST_REQUESTS)s
        """,
        config.TTFT_FOR,
        "warning",
        "Streams begin too late.",
        "1 stream in 20 of the last %(RATE)s began after more than {{ $value | printf `%.0f` }} ms"
        " (limit %(TTFT_P95_MS)s ms).",
    ),
    _alert(
        "LLMRetrievalSlow",
        """
        %(ENDPOINT_RETRIEVAL_P95)s > %(RETRIEVAL_P95_MS)s
        and %(ENDPOINT_RETRIEVAL_COUNT)s * %(RATE.s)s >= %(LEAST_REQUESTS)s
        """,
        config.RETRIEVAL_FOR,
        "warning",
        "Retrieval is slow, and every answer waits for it.",
        "1 retrieval in 20 of the last %(RATE)s took longer than {{ $value | printf `%.0f` }} ms"
        " (limit %(RETRIEVAL_P95_MS)s ms).",
    ),
    _alert(
        "LLMContextNearlyFull",
        """
        %(ENDPOINT_CONTEXT_P95)s > %(CONTEXT_P95)s
        and %(ENDPOINT_CONTEXT_COUNT)s * %(RATE.s)s >= %(LEAST_REQUESTS)s
        """,
        config.CONTEXT_FOR,
        "warning",
        "Prompts nearly fill the model's context window.",
        "1 prompt in 20 of the last %(RATE)s filled more than {{ $value | humanizePercentage }} of the context window"
        " (limit %(CONTEXT_P95.percent)s).",
    ),
    _alert(
        "LLMQueueSaturated",
        "%(ENDPOINT_QUEUE_USE)s > %(QUEUE_USE)s",
        config.QUEUE_FOR,
        "warning",
        "The queue is nearly full; requests are about to be turned away.",
        "{{ $value | humanizePercentage }} of the places to wait are taken (limit %(QUEUE_USE.percent)s).",
    ),
    _alert(
        "LLMSafetyViolations",
        """
        %(ENDPOINT_VIOLATIONS)s >= %(LEAST_VIOLATIONS)s
        and %(ENDPOINT_VIOLATIONS)s / on (service, endpoint) group_left () %(ENDPOINT_INCOMING)s > %(VIOLATIONS_SHARE)s
        """,
        config.VIOLATIONS_FOR,
        "warning",
        "Unusually many questions or answers are refused for safety.",
        "{{ $value | humanize }} cases of {{ $labels.kind }} in the last %(RATE)s,"
        " more than %(VIOLATIONS_SHARE.percent)s of what came in.",
        config.INCIDENT_BOARD,
        ("kind",),
    ),
    _alert(
        "LLMCacheHitRateCollapsed",
        """
        %(ENDPOINT_CACHE_HIT_RATIO)s
        / (quantile without (day) (0.5, %(CACHE_HIT_RATIO_BEFORE)s) > %(CACHE_HIT_USUAL_LEAST)s)
        < %(CACHE_HIT_LEFT)s
        and count without (day) (%(CACHE_HIT_RATIO_BEFORE)s) >= %(DAYS_BEFORE_LEAST)s
        """,
        config.CACHE_FOR,
        "warning",
        "The answer cache helps much less than on the days before.",
        "the hit rate is {{ $value | humanizePercentage }} of what it was at this hour of the days before"
        " (limit %(CACHE_HIT_LEFT.percent)s).",
    ),
)  # fmt: skip

FILE: Final = RulesFile(REQUESTS_FILE, "Requests: errors, latency, context, queue, safety, cache.", ALERTS)
