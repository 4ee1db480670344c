"""Records of requests, per service and endpoint. Rates are per second."""

from __future__ import annotations

from typing import Final

from dashboards_src.records.record import Record, days_before

FILE: Final = "llm-requests"

ENDPOINT_REQUESTS = Record(
    FILE,
    "service_endpoint:%(REQUESTS.stem)s:rate%(RATE)s",
    "sum by (service, endpoint) (rate(%(REQUESTS)s[%(RATE)s]))",
)
ENDPOINT_ERRORS = Record(  # 0, not absent, while an endpoint has no errors
    FILE,
    "service_endpoint:%(REQUESTS.stem)s_error:rate%(RATE)s",
    """
    sum by (service, endpoint) (rate(%(REQUESTS)s{status="%(STATUS_ERROR)s"}[%(RATE)s]))
    or %(ENDPOINT_REQUESTS)s * 0
    """,
)
ENDPOINT_ERROR_RATIO = Record(
    FILE,
    "service_endpoint:%(REQUESTS.stem)s_error:ratio_rate%(RATE)s",
    "%(ENDPOINT_ERRORS)s / %(ENDPOINT_REQUESTS)s",
)


def _buckets(metric: str) -> Record:
    return Record(
        FILE,
        f"service_endpoint_le:%({metric})s_bucket:rate%(RATE)s",
        f"sum by (service, endpoint, le) (rate(%({metric})s_bucket[%(RATE)s]))",
    )


def _count(metric: str) -> Record:
    return Record(
        FILE,
        f"service_endpoint:%({metric})s_count:rate%(RATE)s",
        f"sum by (service, endpoint) (rate(%({metric})s_count[%(RATE)s]))",
    )


def _quantile(percent: int, metric: str, buckets: str) -> Record:
    return Record(
        FILE,
        f"service_endpoint:%({metric})s:p{percent}_rate%(RATE)s",
        f"histogram_quantile({percent / 100:g}, %({buckets})s)",
    )


# ms
ENDPOINT_LATENCY_BUCKETS = _buckets("LATENCY")
ENDPOINT_LATENCY_COUNT = _count("LATENCY")
ENDPOINT_LATENCY_P95 = _quantile(95, "LATENCY", "ENDPOINT_LATENCY_BUCKETS")
ENDPOINT_TTFT_BUCKETS = _buckets("TTFT")
ENDPOINT_TTFT_COUNT = _count("TTFT")
ENDPOINT_TTFT_P95 = _quantile(95, "TTFT", "ENDPOINT_TTFT_BUCKETS")
ENDPOINT_RETRIEVAL_BUCKETS = _buckets("RETRIEVAL_LATENCY")
ENDPOINT_RETRIEVAL_COUNT = _count("RETRIEVAL_LATENCY")
ENDPOINT_RETRIEVAL_P95 = _quantile(95, "RETRIEVAL_LATENCY", "ENDPOINT_RETRIEVAL_BUCKETS")
# share of the context window
ENDPOINT_CONTEXT_BUCKETS = _buckets("CONTEXT_UTILISATION")
ENDPOINT_CONTEXT_COUNT = _count("CONTEXT_UTILISATION")
ENDPOINT_CONTEXT_P95 = _quantile(95, "CONTEXT_UTILISATION", "ENDPOINT_CONTEXT_BUCKETS")


ENDPOINT_QUEUE_USE = Record(  # share of the capacity, of all processes together
    FILE,
    "service_endpoint:%(QUEUE_DEPTH)s:ratio_avg%(GAUGE_WINDOW)s",
    """
    sum by (service, endpoint) (avg_over_time(%(QUEUE_DEPTH)s[%(GAUGE_WINDOW)s]))
    / (sum by (service, endpoint) (avg_over_time(%(QUEUE_CAPACITY)s[%(GAUGE_WINDOW)s])) > 0)
    """,
)
ENDPOINT_VIOLATIONS = Record(
    FILE,
    "service_endpoint_kind:%(SAFETY_VIOLATIONS.stem)s:increase%(RATE)s",
    "sum by (service, endpoint, kind) (increase(%(SAFETY_VIOLATIONS)s[%(RATE)s]))",
)
ENDPOINT_INCOMING = Record(  # answered by a model, answered from the cache, and rejected
    FILE,
    "service_endpoint:llm_incoming_requests:increase%(RATE)s",
    """
    sum by (service, endpoint) (
    increase(%(REQUESTS)s[%(RATE)s])
    or increase(%(CACHE_REQUESTS)s{result="hit"}[%(RATE)s])
    or increase(%(REJECTED)s[%(RATE)s])
    )
    """,
)
ENDPOINT_CACHE_HIT_RATIO = Record(  # only with enough look-ups
    FILE,
    "service_endpoint:%(CACHE_REQUESTS.stem)s_hit:ratio_rate%(TREND)s",
    """
    sum by (service, endpoint) (rate(%(CACHE_REQUESTS)s{result="hit"}[%(TREND)s]))
    / (sum by (service, endpoint) (rate(%(CACHE_REQUESTS)s[%(TREND)s])) >= %(MIN_REQUESTS)s / %(TREND.s)s)
    """,
)
CACHE_HIT_RATIO_BEFORE = Record(
    FILE,
    "service_endpoint_day:%(CACHE_REQUESTS.stem)s_hit:ratio_rate%(TREND)s_before",
    days_before("ENDPOINT_CACHE_HIT_RATIO"),
    seeded=True,
)
