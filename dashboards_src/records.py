"""Every recorded series: its name, and what it is made of.

Alerts use them, and dashboards over days use them; a rename upstream touches this layer alone. A name
is level:metric:operations and says its range, so the rehearsal's are other series than production's
(`…:rate30s` beside `…:rate5m`). The rehearsal's rules record both: dashboards show production's names
(`ENDPOINT_REQUESTS.name`) and stay alive at either scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from dashboards_src import config, promql
from dashboards_src.config import Scale


@dataclass(frozen=True)
class Record:
    """One recorded series. Templates are filled by `filled` below, and may name records above them."""

    file: str  # stem of the rules file
    template: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)  # that the rule adds
    seeded: bool = False  # in a rehearsal the load test writes it (loadtest/seed.py), and no rule

    def expr_at(self, scale: Scale) -> str:
        """What it is made of, at `scale`."""
        return filled(self.expr, scale)

    def at(self, scale: Scale) -> str:
        """Its name at `scale`."""
        return promql.fill(self.template, promql.vocabulary(scale))

    @property
    def name(self) -> str:
        """Its name in production, which dashboards use."""
        return self.at("production")


REQUESTS_FILE: Final = "llm-requests"
COST_FILE: Final = "llm-cost"
QUALITY_FILE: Final = "llm-quality"
PROVIDERS_FILE: Final = "llm-providers"
HISTORY_FILE: Final = "llm-history"
SLO_FILE: Final = "llm-slo"
STACK_FILE: Final = "stack"

# --- Requests, per second, by service and endpoint -----------------------------------------------

ENDPOINT_REQUESTS = Record(
    REQUESTS_FILE,
    "service_endpoint:%(REQUESTS.stem)s:rate%(RATE)s",
    "sum by (service, endpoint) (rate(%(REQUESTS)s[%(RATE)s]))",
)
ENDPOINT_ERRORS = Record(  # 0, not absent, while an endpoint has had none
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
ENDPOINT_LATENCY_P50 = _quantile(50, "LATENCY", "ENDPOINT_LATENCY_BUCKETS")
ENDPOINT_LATENCY_P95 = _quantile(95, "LATENCY", "ENDPOINT_LATENCY_BUCKETS")
ENDPOINT_LATENCY_P99 = _quantile(99, "LATENCY", "ENDPOINT_LATENCY_BUCKETS")
ENDPOINT_TTFT_BUCKETS = _buckets("TTFT")
ENDPOINT_TTFT_COUNT = _count("TTFT")
ENDPOINT_TTFT_P50 = _quantile(50, "TTFT", "ENDPOINT_TTFT_BUCKETS")
ENDPOINT_TTFT_P95 = _quantile(95, "TTFT", "ENDPOINT_TTFT_BUCKETS")
ENDPOINT_RETRIEVAL_BUCKETS = _buckets("RETRIEVAL_LATENCY")
ENDPOINT_RETRIEVAL_COUNT = _count("RETRIEVAL_LATENCY")
ENDPOINT_RETRIEVAL_P95 = _quantile(95, "RETRIEVAL_LATENCY", "ENDPOINT_RETRIEVAL_BUCKETS")
# share of the context window
ENDPOINT_CONTEXT_BUCKETS = _buckets("CONTEXT_UTILISATION")
ENDPOINT_CONTEXT_COUNT = _count("CONTEXT_UTILISATION")
ENDPOINT_CONTEXT_P95 = _quantile(95, "CONTEXT_UTILISATION", "ENDPOINT_CONTEXT_BUCKETS")


def _days_before(key: str) -> str:
    """A record's values at the same hour of the days before, told apart by the label `day`."""
    day = f'label_replace(%({key})s offset DAY, "day", "DAY", "", "")'
    return "\nor ".join(day.replace("DAY", offset) for offset in config.DAYS_BEFORE)


ENDPOINT_QUEUE_USE = Record(  # share of the places to wait, of all processes together
    REQUESTS_FILE,
    "service_endpoint:%(QUEUE_DEPTH)s:ratio_avg%(FLAP)s",
    """
    sum by (service, endpoint) (avg_over_time(%(QUEUE_DEPTH)s[%(FLAP)s]))
    / (sum by (service, endpoint) (avg_over_time(%(QUEUE_CAPACITY)s[%(FLAP)s])) > 0)
    """,
)
ENDPOINT_VIOLATIONS = Record(
    REQUESTS_FILE,
    "service_endpoint_kind:%(SAFETY_VIOLATIONS.stem)s:increase%(RATE)s",
    "sum by (service, endpoint, kind) (increase(%(SAFETY_VIOLATIONS)s[%(RATE)s]))",
)
ENDPOINT_INCOMING = Record(  # answered, answered from the cache, and turned away
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
ENDPOINT_CACHE_HIT_RATIO = Record(  # only where there were enough look-ups to say
    REQUESTS_FILE,
    "service_endpoint:%(CACHE_REQUESTS.stem)s_hit:ratio_rate%(TREND)s",
    """
    sum by (service, endpoint) (rate(%(CACHE_REQUESTS)s{result="hit"}[%(TREND)s]))
    / (sum by (service, endpoint) (rate(%(CACHE_REQUESTS)s[%(TREND)s])) >= %(LEAST_REQUESTS)s / %(TREND.s)s)
    """,
)
CACHE_HIT_RATIO_BEFORE = Record(
    REQUESTS_FILE,
    "service_endpoint_day:%(CACHE_REQUESTS.stem)s_hit:ratio_rate%(TREND)s_before",
    _days_before("ENDPOINT_CACHE_HIT_RATIO"),
    seeded=True,
)

# --- Cost, in US dollars ---------------------------------------------------------------------------

SERVICE_COST = Record(  # per second; times 3600 is $/h
    COST_FILE,
    "service:%(COST.stem)s:rate%(RATE)s",
    "sum by (service) (rate(%(COST)s[%(RATE)s]))",
)
ENDPOINT_COST_PER_REQUEST = Record(  # only where there were enough requests to say
    COST_FILE,
    "service_endpoint:%(COST.stem)s_per_request:ratio_rate%(TREND)s",
    """
    sum by (service, endpoint) (rate(%(COST)s[%(TREND)s]))
    / (sum by (service, endpoint) (rate(%(REQUESTS)s[%(TREND)s])) >= %(LEAST_REQUESTS)s / %(TREND.s)s)
    """,
)
COST_PER_REQUEST_BEFORE = Record(
    COST_FILE,
    "service_endpoint_day:%(COST.stem)s_per_request:ratio_rate%(TREND)s_before",
    _days_before("ENDPOINT_COST_PER_REQUEST"),
    seeded=True,
)
SERVICE_COST_DAY = Record(  # the last 24 hours
    COST_FILE,
    "service:%(COST.stem)s:increase%(DAY)s",
    "sum by (service) (increase(%(COST)s[%(DAY)s]))",
)

# --- History, by everything that dashboards filter by ------------------------------------------------
# Sum it up with `over_history` below.


def _history(metric: str) -> Record:
    return Record(
        HISTORY_FILE,
        f"service_endpoint_model_tenant:%({metric}.stem)s:increase%(HISTORY)s",
        f"sum by (service, endpoint, model, tenant) (increase(%({metric})s[%(HISTORY)s]))",
    )


HISTORY_COST = _history("COST")
HISTORY_REQUESTS = _history("REQUESTS")
HISTORY_INPUT_TOKENS = _history("INPUT_TOKENS")
HISTORY_OUTPUT_TOKENS = _history("OUTPUT_TOKENS")
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

# --- Quality -------------------------------------------------------------------------------------

ENDPOINT_SCORES = Record(  # how many
    QUALITY_FILE,
    "service_endpoint_metric:%(EVAL_SCORE)s_count:increase%(HOUR)s",
    "sum by (service, endpoint, metric) (increase(%(EVAL_SCORE)s_count[%(HOUR)s]))",
)
ENDPOINT_MEAN_SCORE = Record(
    QUALITY_FILE,
    "service_endpoint_metric:%(EVAL_SCORE)s:mean_increase%(HOUR)s",
    "sum by (service, endpoint, metric) (increase(%(EVAL_SCORE)s_sum[%(HOUR)s])) / (%(ENDPOINT_SCORES)s > 0)",
)
SERVICE_REQUESTS = Record(  # that could have been evaluated
    QUALITY_FILE,
    "service:%(REQUESTS.stem)s:increase%(HOUR)s",
    "sum by (service) (increase(%(REQUESTS)s[%(HOUR)s]))",
)
SERVICE_SCORED = Record(
    QUALITY_FILE,
    "service:%(EVAL_SAMPLES.stem)s_scored:increase%(HOUR)s",
    'sum by (service) (increase(%(EVAL_SAMPLES)s{result="scored"}[%(HOUR)s]))',
)

# --- Providers, per second, over all services --------------------------------------------------------

PROVIDER_ATTEMPT_RATE = Record(
    PROVIDERS_FILE,
    "provider_model:%(PROVIDER_ATTEMPTS.stem)s:rate%(RATE)s",
    "sum by (provider, model) (rate(%(PROVIDER_ATTEMPTS)s[%(RATE)s]))",
)
PROVIDER_ERROR_RATIO = Record(  # of attempts, what failed by the provider's doing
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

# --- The collector, by signal --------------------------------------------------------------------------

COLLECTOR: Final = "otel-collector"  # job of the collector's own metrics
# What the collector calls the three signals in metric names, and what people (and its labels) call them.
SIGNALS: Final = {"spans": "traces", "metric_points": "metrics", "log_records": "logs"}


def _increase(series: str) -> str:
    """The increase of a counter of the collector, with the first value of a counter that did not exist before.

    Such a counter appears with its first event and without a creation time, so `increase` alone misses this event.
    `up` tells a new counter from a gap in the data.
    """
    return f"""
    (increase({series}[%(RATE)s]) > 0)
    or ({series} unless {series} offset %(RATE)s and on (job, instance) up offset %(RATE)s)
    """


def _by_signal(name: str, expr: str) -> tuple[Record, ...]:
    """One series per signal; in `expr`, NOUN is the collector's word for it and SIGNAL is people's."""
    return tuple(
        Record(STACK_FILE, name, expr.replace("NOUN", noun).replace("SIGNAL", signal), {"signal": signal})
        for noun, signal in SIGNALS.items()
    )


_SELF: Final = f'{{job="{COLLECTOR}"}}'
REFUSED: Final = _by_signal(  # senders try again
    "signal:telemetry_refused_items:increase%(RATE)s",
    f"""
    sum(increase(otelcol_receiver_refused_NOUN_total{_SELF}[%(RATE)s]))
    + sum(increase(otelcol_receiver_failed_NOUN_total{_SELF}[%(RATE)s]))
    """,
)
NOT_QUEUED: Final = _by_signal(  # the queue was full
    "signal:telemetry_not_queued_items:increase%(RATE)s",
    f"sum({_increase('otelcol_exporter_enqueue_failed_NOUN_total' + _SELF)})",
)
NOT_SENT: Final = _by_signal(  # the store said that it will never take it
    "signal:telemetry_not_sent_items:increase%(RATE)s",
    f"sum({_increase('otelcol_exporter_send_failed_NOUN_total' + _SELF)})",
)
UNDELIVERED: Final = _by_signal(  # what waits while nothing at all is delivered; trying again is no failure
    "signal:telemetry_undelivered_bytes:min%(LIVE)s",
    f"""
    max(min_over_time(otelcol_exporter_queue_size{{job="{COLLECTOR}", data_type="SIGNAL"}}[%(LIVE)s])) > 0
    unless sum(rate(otelcol_exporter_sent_NOUN_total{_SELF}[%(LIVE)s])) > 0
    """,
)

# --- Objectives: one set of names, told apart by the label `slo` ---------------------------------------
# slo.py makes their expressions from the table in the config, for every window of it. All carry
# slo, service and endpoint.

SLO_EVENTS: Final = "slo:llm_events:rate%(BURN_RATE)s"
SLO_BAD_EVENTS: Final = "slo:llm_events_bad:rate%(BURN_RATE)s"


def slo_events(window: str) -> str:
    """How many events an objective had in `window` (`30d`)."""
    return f"slo:llm_events:increase{window}"


def slo_bad_ratio(window: str) -> str:
    """Which share of them was bad."""
    return f"slo:llm_events_bad:ratio_increase{window}"


SLO_OBJECTIVE: Final = "slo:objective:ratio"  # 0.99; label slo only
SLO_BUDGET_LEFT: Final = "slo:error_budget_left:ratio_increase30d"  # 1 untouched, 0 spent, below 0 overspent
SLO_BURN_RATE: Final = "slo:error_budget_burn:ratio_increase1h"  # times too fast; 1 spends it in 30 days

# --- Expressions for dashboards, which are unit-tested with the rules ----------------------------------

# Money in a panel's time range; with a time override of now/d it is today so far, with now-1d/d to
# now-1d/d yesterday (days are UTC). 0 in the first seconds of a day, and nothing where nothing reports.
COST_IN_RANGE: Final = "sum(increase(%(COST)s[$__range])) or sum(%(COST)s) * 0"
# US dollars in 30 days, at the pace of the last 24 hours, or of what there is of them on the first day.
COST_PROJECTED_MONTH: Final = "sum(avg_over_time(%(SERVICE_COST)s[%(DAY)s])) * %(MONTH.s)s"


def over_history(record: Record, window: str) -> str:
    """What a record of the history adds up to over `window` (`7d`, `$__range`): every event once."""
    return f"sum_over_time({record.name}[{window}:{config.HISTORY.production}])"


def _named() -> dict[str, tuple[Record, ...]]:
    """Records by the names of their constants; several where the rules add labels."""
    found: dict[str, tuple[Record, ...]] = {}
    for key, value in globals().items():
        if isinstance(value, Record):
            found[key] = (value,)
        elif isinstance(value, tuple) and value and all(isinstance(item, Record) for item in value):
            found[key] = value
    return found


NAMED: Final = _named()
RECORDS: Final = tuple(record for several in NAMED.values() for record in several)


@cache
def vocabulary(scale: Scale) -> dict[str, str]:
    """What a template of a rule may name."""
    return {**promql.vocabulary(scale), **{key: several[0].at(scale) for key, several in NAMED.items()}}


def filled(template: str, scale: Scale) -> str:
    """A template of PromQL at `scale`."""
    return promql.fill(template, vocabulary(scale))
