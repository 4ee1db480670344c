"""Records of applications, for alerts and for dashboards over days."""

from __future__ import annotations

from typing import Final

from dashboards_src.records.record import Record, days_before

# --- Requests, per service and endpoint. Rates are per second ---------------------------------------

REQUESTS_FILE: Final = "llm-requests"

ENDPOINT_REQUESTS = Record(
    REQUESTS_FILE,
    "service_endpoint:%(REQUESTS.stem)s:rate%(RATE)s",
    "sum by (service, endpoint) (rate(%(REQUESTS)s[%(RATE)s]))",
)
ENDPOINT_ERRORS = Record(  # 0, not absent, while an endpoint has no errors
    REQUESTS_FILE,
    "service_endpoint:%(REQUESTS.stem)s_error:rate%(RATE)s",
    """
    sum by (service, endpoint) (rate(%(REQUESTS)s{status="%(STATUS_ERROR)s"}[%(RATE)s]))
    or %(ENDPOINT_REQUESTS)s * 0
    """,
)
ENDPOINT_ERROR_RATIO = Record(
    REQUESTS_FILE,
    "service_endpoint:%(REQUESTS.stem)s_error:ratio_rate%(RATE)s",
    "%(ENDPOINT_ERRORS)s / %(ENDPOINT_REQUESTS)s",
)


def _buckets(metric: str) -> Record:
    return Record(
        REQUESTS_FILE,
        f"service_endpoint_le:%({metric})s_bucket:rate%(RATE)s",
        f"sum by (service, endpoint, le) (rate(%({metric})s_bucket[%(RATE)s]))",
    )


def _count(metric: str) -> Record:
    return Record(
        REQUESTS_FILE,
        f"service_endpoint:%({metric})s_count:rate%(RATE)s",
        f"sum by (service, endpoint) (rate(%({metric})s_count[%(RATE)s]))",
    )


def _quantile(percent: int, metric: str, buckets: str) -> Record:
    return Record(
        REQUESTS_FILE,
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
    REQUESTS_FILE,
    "service_endpoint:%(QUEUE_DEPTH)s:ratio_avg%(GAUGE_WINDOW)s",
    """
    sum by (service, endpoint) (avg_over_time(%(QUEUE_DEPTH)s[%(GAUGE_WINDOW)s]))
    / (sum by (service, endpoint) (avg_over_time(%(QUEUE_CAPACITY)s[%(GAUGE_WINDOW)s])) > 0)
    """,
)
ENDPOINT_VIOLATIONS = Record(
    REQUESTS_FILE,
    "service_endpoint_kind:%(SAFETY_VIOLATIONS.stem)s:increase%(RATE)s",
    "sum by (service, endpoint, kind) (increase(%(SAFETY_VIOLATIONS)s[%(RATE)s]))",
)
ENDPOINT_INCOMING = Record(  # answered by a model, answered from the cache, and rejected
    REQUESTS_FILE,
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
    REQUESTS_FILE,
    "service_endpoint:%(CACHE_REQUESTS.stem)s_hit:ratio_rate%(TREND)s",
    """
    sum by (service, endpoint) (rate(%(CACHE_REQUESTS)s{result="hit"}[%(TREND)s]))
    / (sum by (service, endpoint) (rate(%(CACHE_REQUESTS)s[%(TREND)s])) >= %(MIN_REQUESTS)s / %(TREND.s)s)
    """,
)
CACHE_HIT_RATIO_BEFORE = Record(
    REQUESTS_FILE,
    "service_endpoint_day:%(CACHE_REQUESTS.stem)s_hit:ratio_rate%(TREND)s_before",
    days_before("ENDPOINT_CACHE_HIT_RATIO"),
    seeded=True,
)


# --- Providers, over all services. Rates are per second ---------------------------------------------

PROVIDERS_FILE: Final = "llm-providers"

PROVIDER_ATTEMPT_RATE = Record(
    PROVIDERS_FILE,
    "provider_model:%(PROVIDER_ATTEMPTS.stem)s:rate%(RATE)s",
    "sum by (provider, model) (rate(%(PROVIDER_ATTEMPTS)s[%(RATE)s]))",
)
PROVIDER_ERROR_RATIO = Record(  # share of attempts that the provider failed
    PROVIDERS_FILE,
    "provider_model:%(PROVIDER_ATTEMPTS.stem)s_failed:ratio_rate%(RATE)s",
    """
    sum by (provider, model) (rate(%(PROVIDER_ATTEMPTS)s{outcome=~"%(PROVIDER_FAULTS)s"}[%(RATE)s]))
    / %(PROVIDER_ATTEMPT_RATE)s
    """,
)
PROVIDER_RETRY_RATIO = Record(
    PROVIDERS_FILE,
    "provider_model:%(RETRIES.stem)s:ratio_rate%(RATE)s",
    "sum by (provider, model) (rate(%(RETRIES)s[%(RATE)s])) / %(PROVIDER_ATTEMPT_RATE)s",
)


# --- Evaluation scores ------------------------------------------------------------------------------

QUALITY_FILE: Final = "llm-quality"

ENDPOINT_SCORES = Record(  # number of scores
    QUALITY_FILE,
    "service_endpoint_metric:%(EVAL_SCORE)s_count:increase%(HOUR)s",
    "sum by (service, endpoint, metric) (increase(%(EVAL_SCORE)s_count[%(HOUR)s]))",
)
ENDPOINT_MEAN_SCORE = Record(
    QUALITY_FILE,
    "service_endpoint_metric:%(EVAL_SCORE)s:mean_increase%(HOUR)s",
    "sum by (service, endpoint, metric) (increase(%(EVAL_SCORE)s_sum[%(HOUR)s])) / (%(ENDPOINT_SCORES)s > 0)",
)
SERVICE_REQUESTS = Record(  # that evaluation can score
    QUALITY_FILE,
    "service:%(REQUESTS.stem)s:increase%(HOUR)s",
    "sum by (service) (increase(%(REQUESTS)s[%(HOUR)s]))",
)
SERVICE_SCORED = Record(
    QUALITY_FILE,
    "service:%(EVAL_SAMPLES.stem)s_scored:increase%(HOUR)s",
    'sum by (service) (increase(%(EVAL_SAMPLES)s{result="scored"}[%(HOUR)s]))',
)


# --- Cost, in US dollars ----------------------------------------------------------------------------

COST_FILE: Final = "llm-cost"

SERVICE_COST = Record(  # per second; times 3600 is $/h
    COST_FILE,
    "service:%(COST.stem)s:rate%(RATE)s",
    "sum by (service) (rate(%(COST)s[%(RATE)s]))",
)
ENDPOINT_COST_PER_REQUEST = Record(  # only with enough requests
    COST_FILE,
    "service_endpoint:%(COST.stem)s_per_request:ratio_rate%(TREND)s",
    """
    sum by (service, endpoint) (rate(%(COST)s[%(TREND)s]))
    / (sum by (service, endpoint) (rate(%(REQUESTS)s[%(TREND)s])) >= %(MIN_REQUESTS)s / %(TREND.s)s)
    """,
)
COST_PER_REQUEST_BEFORE = Record(
    COST_FILE,
    "service_endpoint_day:%(COST.stem)s_per_request:ratio_rate%(TREND)s_before",
    days_before("ENDPOINT_COST_PER_REQUEST"),
    seeded=True,
)
SERVICE_COST_DAY = Record(  # the last 24 hours
    COST_FILE,
    "service:%(COST.stem)s:increase%(DAY)s",
    "sum by (service) (increase(%(COST)s[%(DAY)s]))",
)

# Expressions of dashboard panels, unit-tested together with the rules.
# Cost in a panel's time range: today with the time override now/d, yesterday with now-1d/d (days are UTC).
# 0 in the first seconds of a day, and no value where no service reports.
COST_IN_RANGE: Final = "sum(increase(%(COST)s[$__range])) or sum(%(COST)s) * 0"
# US dollars in 30 days at the rate of the last 24 hours, or of as many hours as there are on the first day.
COST_PROJECTED_MONTH: Final = "sum(avg_over_time(%(SERVICE_COST)s[%(DAY)s])) * %(MONTH.s)s"


# --- Weeks: increases by every label that dashboards filter by --------------------------------------

HISTORY_FILE: Final = "llm-history"


def _history(metric: str) -> Record:
    return Record(
        HISTORY_FILE,
        f"service_endpoint_model_tenant:%({metric}.stem)s:increase%(HISTORY)s",
        f"sum by (service, endpoint, model, tenant) (increase(%({metric})s[%(HISTORY)s]))",
    )


HISTORY_COST = _history("COST")
HISTORY_REQUESTS = _history("REQUESTS")
HISTORY_ERRORS = Record(
    HISTORY_FILE,
    "service_endpoint_model_tenant:%(REQUESTS.stem)s_error:increase%(HISTORY)s",
    'sum by (service, endpoint, model, tenant) (increase(%(REQUESTS)s{status="%(STATUS_ERROR)s"}[%(HISTORY)s]))',
)
SERVICE_COST_MONTH = Record(  # the last 30 days, at most HISTORY late
    HISTORY_FILE,
    "service:%(COST.stem)s:sum_increase%(MONTH)s",
    "sum by (service) (sum_over_time(%(HISTORY_COST)s[%(MONTH)s:%(HISTORY)s]))",
)
