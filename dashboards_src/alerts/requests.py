"""Alerts on requests: errors, latency, context, queue, safety, cache.

Every alert is per service and endpoint, so that a busy healthy endpoint does not hide a quiet broken endpoint.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from dashboards_src import config
from dashboards_src.alerts.alert import (
    CALLS,
    FAILED_CALLS,
    FAILURE_EXEMPLARS,
    LATE_STREAMS,
    SLOW_CALLS,
    Alert,
    Evidence,
)
from dashboards_src.alerts.rules import RulesFile
from dashboards_src.records.llm import REQUESTS_FILE
from llm_telemetry import names

LABELS: Final = ("service", "endpoint")
WHERE: Final = "{{ $labels.service }} {{ $labels.endpoint }}: "
ENOUGH: Final = "and %(ENDPOINT_REQUESTS)s * %(RATE.s)s >= %(MIN_REQUESTS)s"

_alert = partial(Alert, severity="warning", team="application", dashboard=config.OVERVIEW, labels=LABELS)

ALERTS: Final = (
    _alert(
        name="LLMHighErrorRate",
        expr=f"%(ENDPOINT_ERROR_RATIO)s > %(ERROR_RATE)s\n{ENOUGH}",
        for_=config.ERROR_RATE_FOR,
        severity="critical",
        dashboard=config.INCIDENT_BOARD,
        summary="Too many requests get no usable answer.",
        description=WHERE + "{{ $value | humanizePercentage }} of requests failed in the last %(RATE)s"
        " (limit %(ERROR_RATE.percent)s).",
        evidence=FAILED_CALLS,
        scenarios=("rate-limit", "outage", "timeouts", "content-filter", "deployment", "collector-down"),
    ),
    _alert(
        name="LLMLatencyHigh",
        expr="""
        %(ENDPOINT_LATENCY_P95)s > %(LATENCY_P95_MS)s
        and %(ENDPOINT_LATENCY_COUNT)s * %(RATE.s)s >= %(MIN_REQUESTS)s
        """,
        for_=config.LATENCY_FOR,
        severity="critical",
        dashboard=config.INCIDENT_BOARD,
        summary="Answers take too long.",
        description=WHERE + "p95 latency of the last %(RATE)s is {{ $value | printf `%.0f` }} ms"
        " (limit %(LATENCY_P95_MS)s ms).",
        evidence=SLOW_CALLS,
        scenarios=("latency", "deployment"),
    ),
    _alert(
        name="LLMTimeToFirstTokenHigh",
        expr="""
        %(ENDPOINT_TTFT_P95)s > %(TTFT_P95_MS)s
        and %(ENDPOINT_TTFT_COUNT)s * %(RATE.s)s >= %(MIN_REQUESTS)s
        """,
        for_=config.TTFT_FOR,
        summary="The first token arrives too late.",
        description=WHERE + "p95 time to first token of the last %(RATE)s is {{ $value | printf `%.0f` }} ms"
        " (limit %(TTFT_P95_MS)s ms).",
        evidence=LATE_STREAMS,
        scenarios=("ttft",),
    ),
    _alert(
        name="LLMRetrievalSlow",
        expr="""
        %(ENDPOINT_RETRIEVAL_P95)s > %(RETRIEVAL_P95_MS)s
        and %(ENDPOINT_RETRIEVAL_COUNT)s * %(RATE.s)s >= %(MIN_REQUESTS)s
        """,
        for_=config.RETRIEVAL_FOR,
        summary="Retrieval is slow and delays every answer.",
        description=WHERE + "p95 retrieval latency of the last %(RATE)s is {{ $value | printf `%.0f` }} ms"
        " (limit %(RETRIEVAL_P95_MS)s ms).",
        evidence=Evidence(exemplars=(names.RETRIEVAL_LATENCY,), pick="highest"),
        scenarios=("slow-retrieval",),
    ),
    _alert(
        name="LLMContextNearlyFull",
        expr="""
        %(ENDPOINT_CONTEXT_P95)s > %(CONTEXT_P95)s
        and %(ENDPOINT_CONTEXT_COUNT)s * %(RATE.s)s >= %(MIN_REQUESTS)s
        """,
        for_=config.CONTEXT_FOR,
        summary="Prompts nearly fill the model's context window.",
        description=WHERE + "p95 context window utilisation of the last %(RATE)s is {{ $value | humanizePercentage }}"
        " (limit %(CONTEXT_P95.percent)s).",
        evidence=Evidence(exemplars=(names.CONTEXT_UTILISATION,), pick="highest"),
        scenarios=("context",),
    ),
    _alert(
        name="LLMQueueSaturated",
        expr="%(ENDPOINT_QUEUE_USE)s > %(QUEUE_USE)s",
        for_=config.QUEUE_FOR,
        summary="The queue is nearly full. Requests will soon be rejected.",
        description=WHERE + "the queue is {{ $value | humanizePercentage }} full (limit %(QUEUE_USE.percent)s).",
        evidence=SLOW_CALLS,
        scenarios=("queue",),
    ),
    _alert(
        name="LLMSafetyViolations",
        expr="""
        %(ENDPOINT_VIOLATIONS)s >= %(MIN_VIOLATIONS)s
        and %(ENDPOINT_VIOLATIONS)s / on (service, endpoint) group_left () %(ENDPOINT_INCOMING)s > %(VIOLATIONS_SHARE)s
        """,
        for_=config.VIOLATIONS_FOR,
        dashboard=config.INCIDENT_BOARD,
        summary="Unusually many questions or answers violate safety rules.",
        description=WHERE + "{{ $value | humanize }} cases of {{ $labels.kind }} in the last %(RATE)s,"
        " more than %(VIOLATIONS_SHARE.percent)s of incoming requests.",
        labels=(*LABELS, "kind"),
        evidence=Evidence(exemplars=FAILURE_EXEMPLARS, pick="failed", always=False),
        scenarios=("injections", "content-filter"),
    ),
    _alert(
        name="LLMCacheHitRateCollapsed",
        expr="""
        %(ENDPOINT_CACHE_HIT_RATIO)s
        / (quantile without (day) (0.5, %(CACHE_HIT_RATIO_BEFORE)s) > %(MIN_USUAL_CACHE_HIT_RATIO)s)
        < %(CACHE_HIT_RATIO_OF_USUAL)s
        and count without (day) (%(CACHE_HIT_RATIO_BEFORE)s) >= %(MIN_DAYS_BEFORE)s
        """,
        for_=config.CACHE_FOR,
        summary="The cache hit rate is much lower than on the previous days.",
        description=WHERE + "the cache hit rate is {{ $value | humanizePercentage }} of the usual rate at this hour"
        " (limit %(CACHE_HIT_RATIO_OF_USUAL.percent)s).",
        evidence=CALLS,
        scenarios=("cache",),
    ),
)  # fmt: skip

FILE: Final = RulesFile(REQUESTS_FILE, "Requests: errors, latency, context, queue, safety, cache.", ALERTS)
