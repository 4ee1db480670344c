"""Every threshold, window, `for`, objective and budget of rules and dashboards, each with its unit and its reason.

Prices are in llm_telemetry/prices.yaml. Durations are written as in PromQL. Money is in US dollars, latency in ms.

`PerScale(production, rehearsal)` holds a value for both time scales. Production is what runs for real. Rehearsal
(`make up REHEARSAL=1`) is for load tests: every alert must fire within two minutes. Rehearsal values are not computed
from production values, because a load test has its own limits: scrapes are 5 s apart, so a rate needs at least 20 s; a
long window is at most 60 s, and a `for` is at most 10 s. A value without PerScale is the same at both scales.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from llm_telemetry import names

Scale = Literal["production", "rehearsal"]
SCALES: Final[tuple[Scale, ...]] = ("production", "rehearsal")

T = TypeVar("T")


@dataclass(frozen=True)
class PerScale(Generic[T]):
    production: T
    rehearsal: T

    def at(self, scale: Scale) -> T:
        return self.production if scale == "production" else self.rehearsal


# --- Windows ------------------------------------------------------------------------------------

RATE: Final = PerScale("5m", "30s")  # of rates, ratios and quantiles: 20 scrapes of 15 s, 6 of 5 s
TREND: Final = PerScale("1h", "30s")  # of comparisons with the same hour of the previous days
HOUR: Final = PerScale("1h", "60s")  # of evaluation scores: scores are few, so their window is long
DAY: Final = PerScale("1d", "60s")  # the last 24 hours, not a calendar day
MONTH: Final = PerScale("30d", "60s")  # the last 30 days, not a calendar month
GAUGE_WINDOW: Final = PerScale("1m", "20s")  # highest or mean value of a gauge: one scrape is only a snapshot
DELIVERY_WINDOW: Final = PerScale("2m", "30s")  # a signal that is not delivered for this long is stuck
EVALUATED: Final = PerScale("7d", "10m")  # a service that was scored within this window has evaluation

# The previous days that alerts compare with. The median of a whole week: yesterday's incident does not become the
# norm, and a Monday is not only compared with a weekend. In a rehearsal the load test writes these days
# (loadtest/seed.py), because a few minutes ago other faults were active.
DAYS_BEFORE: Final = ("1d", "2d", "3d", "4d", "5d", "6d", "7d")
MIN_DAYS_BEFORE: Final = 3  # days with enough traffic; fewer days are no trend, so new services do not alert

# Dashboards over weeks add up increases over HISTORY at steps of HISTORY, so that every event counts once.
# At most Prometheus' lookback of 5 min.
HISTORY: Final = PerScale("5m", "20s")

# --- Minimum counts: no alert without traffic -----------------------------------------------------

# In the alert's window, per service and endpoint. With fewer requests, a single request moves a ratio by more than
# 5 %, and the p95 is the slowest request. The same at both scales: statistics need the same count.
MIN_REQUESTS: Final = 20
MIN_ATTEMPTS: Final = 20  # at a provider, per model
MIN_SCORES: Final = PerScale(20, 10)  # scored answers in HOUR; the mean of fewer scores says little
MIN_FALLBACKS: Final = 5  # generations in RATE; a single fallback is normal
MIN_VIOLATIONS: Final = 10  # per kind in RATE; a few curious users are no attack

# --- Requests -----------------------------------------------------------------------------------

ERROR_RATE: Final = 0.05  # share of requests without a usable answer: 1 user in 20 sees a failure
ERROR_RATE_FOR: Final = PerScale("2m", "10s")  # a provider's hiccup of seconds is over by then
LATENCY_P95_MS: Final = 3000  # ms, p95 of whole answers; people stop waiting
LATENCY_FOR: Final = PerScale("3m", "10s")  # a few long answers pass
TTFT_P95_MS: Final = 1500  # ms, p95; a person who sees no text for longer thinks that the application is broken
TTFT_FOR: Final = PerScale("3m", "10s")
RETRIEVAL_P95_MS: Final = 500  # ms, p95; usually below 200 ms, and every answer waits for retrieval
RETRIEVAL_FOR: Final = PerScale("3m", "10s")
CONTEXT_P95: Final = 0.8  # share of the context window, p95 of prompts; above it answers are cut off
CONTEXT_FOR: Final = PerScale("5m", "10s")
QUEUE_USE: Final = 0.8  # share of the queue's capacity; a full queue rejects requests
QUEUE_FOR: Final = PerScale("1m", "10s")
VIOLATIONS_SHARE: Final = 0.05  # share of incoming requests, per kind of violation
VIOLATIONS_FOR: Final = PerScale("1m", "10s")
CACHE_HIT_RATIO_OF_USUAL: Final = 0.5  # of the previous days' hit rate; below it every miss costs a model call
MIN_USUAL_CACHE_HIT_RATIO: Final = 0.1  # below it the cache is of little use anyway
CACHE_FOR: Final = PerScale("10m", "10s")

# --- Cost ---------------------------------------------------------------------------------------

# US dollars per hour, all services together: 24 such hours cost four times the daily budget. The demo application's
# usual 7 requests per second cost 126 dollars per hour in a rehearsal.
COST_PER_HOUR: Final = PerScale(50, 400)
COST_PER_HOUR_FOR: Final = PerScale("5m", "10s")  # a batch job of a minute passes
COST_PER_REQUEST_OF_USUAL: Final = 1.3  # times the previous days' cost; prompts or answers are a third longer
COST_PER_REQUEST_FOR: Final = PerScale("30m", "10s")
# Budgets in US dollars, all services together. A rehearsal's day and month are a minute, which usually costs 2.10.
DAILY_BUDGET: Final = PerScale(300, 25)  # a quarter of COST_PER_HOUR for 24 hours
MONTHLY_BUDGET: Final = PerScale(6000, 30)  # 20 days at the full daily budget
BUDGET_WARNING: Final = 0.8  # share of a budget; there is still time to act
BUDGET_FOR: Final = PerScale("5m", "10s")  # a corrected price or a wrong sample does not alert
UNPRICED_FOR: Final = PerScale("1m", "10s")
PRICE_TABLE_AGE: Final = 90 * 24 * 3600  # s; providers change prices a few times a year
PRICE_TABLE_FOR: Final = PerScale("1h", "10s")

# --- Quality ------------------------------------------------------------------------------------

MIN_FAITHFULNESS: Final = 0.75  # mean score over HOUR; below it one claim in four is not in the sources
FAITHFULNESS_FOR: Final = PerScale("30m", "10s")  # scores are few and noisy
WEEKLY_DROP: Final = 0.05  # share of last week's mean score; a smaller change is noise of the judge
WEEKLY_DROP_FOR: Final = PerScale("1h", "10s")  # the report is written once a week; a rewrite needs time to settle
EVAL_SILENT_FOR: Final = PerScale("15m", "10s")  # a restart of the evaluation worker does not alert

# --- Providers ----------------------------------------------------------------------------------

PROVIDER_ERROR_RATE: Final = 0.1  # share of attempts; retries still hide the failures from users
PROVIDER_FOR: Final = PerScale("2m", "10s")
# Errors that the provider causes. A rejected prompt or an invalid request is not among them.
PROVIDER_FAULTS: Final = (names.RATE_LIMIT, names.SERVER_ERROR, names.TIMEOUT, names.CONNECTION)
RETRY_SHARE: Final = 0.25  # retries per attempt; the retry budget of 0.2 per request allows 0.17
RETRY_FOR: Final = PerScale("2m", "10s")
BREAKER_FOR: Final = PerScale("1m", "10s")
FALLBACK_FOR: Final = PerScale("5m", "10s")

# --- Stack --------------------------------------------------------------------------------------

TARGET_FOR: Final = PerScale("1m", "10s")  # a restart takes seconds
APPS_FOR: Final = PerScale("2m", "10s")  # a deployment takes a minute
TELEMETRY_FOR: Final = PerScale("1m", "10s")  # a single refused batch is sent again
EXPORT_QUEUE_USE: Final = PerScale(0.5, 0.001)  # share of 256 MiB per signal; a rehearsal cannot fill half of it
EXPORT_QUEUE_FOR: Final = PerScale("5m", "10s")
STORE_FOR: Final = PerScale("2m", "10s")  # a store restarts in seconds; the collector retries after 10 s at most
RULES_FOR: Final = PerScale("5m", "10s")
NOTIFICATION_FOR: Final = PerScale("5m", "10s")  # Alertmanager retries meanwhile
STORE_FREE_BYTES: Final = 1 << 30  # bytes of disk; with less, a store soon refuses writes

# --- Service level objectives --------------------------------------------------------------------


@dataclass(frozen=True)
class Slo:
    """The share of good events that every service and endpoint must reach over MONTH."""

    name: str  # label `slo`
    alert: str
    objective: float  # share of good events
    metric: names.Metric
    threshold: float | None  # bucket boundary between good and bad; None: the label `status` tells good from bad
    events: str  # plural, for texts
    failure: str  # what a bad event did, for texts

    @property
    def error_budget(self) -> float:
        return round(1 - self.objective, 6)  # without the noise of floating point


SLOS: Final = (
    # We allow failing 1 request in 100: model providers promise 99.9 % at best, and they limit rates.
    Slo("availability", "LLMAvailabilityBudgetBurn", 0.99, names.REQUESTS, None, "requests", "got no usable answer"),
    # We allow 1 answer in 20 to take longer than the limit of LLMLatencyHigh: its p95 as an objective.
    Slo(
        "latency", "LLMLatencyBudgetBurn", 0.95, names.LATENCY, LATENCY_P95_MS,
        "answers", f"took longer than {LATENCY_P95_MS / 1000:g} s",
    ),
    # We allow 1 stream in 20 to begin later than the limit of LLMTimeToFirstTokenHigh: its p95 as an objective.
    Slo(
        "ttft", "LLMTimeToFirstTokenBudgetBurn", 0.95, names.TTFT, TTFT_P95_MS,
        "streams", f"took longer than {TTFT_P95_MS / 1000:g} s to begin",
    ),
    # We allow 1 scored answer in 10 to have a low faithfulness: the judge itself is wrong about as often.
    Slo(
        "quality", "LLMQualityBudgetBurn", 0.9, names.EVAL_SCORE, MIN_FAITHFULNESS,
        "scored answers", f"had a faithfulness of {MIN_FAITHFULNESS} or less",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Burn:
    """An alert when the error budget burns `factor` times too fast, over a long window and over a short one.

    The short window resolves the alert soon after the cause is gone.
    """

    severity: Literal["critical", "warning"]
    long: PerScale[str]
    short: PerScale[str]
    factor: PerScale[float]
    for_: PerScale[str]

    @property
    def name(self) -> str:
        """The value of the label `window`, the same at both scales."""
        return self.long.production


# From Google's SRE workbook, chapter 5: 2 % or 5 % of a month's error budget spent wakes someone, 10 % makes a ticket.
# An objective skips a burn rate that it cannot reach: at 90 %, the budget burns at most 10 times too fast.
# A minute of a rehearsal has too few requests for small factors.
BURNS: Final = (
    Burn("critical", PerScale("1h", "40s"), PerScale("5m", "20s"), PerScale(14.4, 14.4), PerScale("2m", "5s")),
    Burn("critical", PerScale("6h", "60s"), PerScale("30m", "30s"), PerScale(6.0, 6.0), PerScale("5m", "10s")),
    Burn("warning", PerScale("1d", "60s"), PerScale("2h", "30s"), PerScale(3.0, 6.0), PerScale("30m", "10s")),
    Burn("warning", PerScale("3d", "60s"), PerScale("6h", "30s"), PerScale(1.0, 6.0), PerScale("1h", "10s")),
)
# Events are counted over BURN_RATE. Longer windows (left) add these counts up at steps (right): an alert over 3 days
# reads 864 samples of a series instead of 17,280.
BURN_RATE: Final = PerScale("5m", "20s")
SLO_WINDOWS: Final = PerScale(
    {"30m": "1m", "1h": "1m", "2h": "1m", "6h": "5m", "1d": "5m", "3d": "5m", "30d": "5m"},
    {"30s": "10s", "40s": "10s", "60s": "10s"},
)
MIN_EVENTS: Final = 20  # in the long window; see MIN_REQUESTS

# --- Evaluation interval of rules, where it is not the scrape interval ------------------------------

SLOW_INTERVAL: Final = "1m"  # of rules that read hours or days, and of production records during a rehearsal

# --- Severities, teams, dashboards ----------------------------------------------------------------

Severity = Literal["critical", "warning", "info"]  # wakes someone; for working hours; needs no action
Team = Literal["application", "cost", "quality", "platform"]

# Base addresses of Grafana and of the runbooks, with the ports of .env. A running stack replaces them: in alerts by
# the external labels of Prometheus, in dashboards by the variable `runbooks_url`.
DASHBOARDS_URL: Final = "http://localhost:3000"
RUNBOOKS_URL: Final = "http://localhost:9095/runbooks"

# uids of the dashboards
OVERVIEW: Final = "llm-overview"
COST_BOARD: Final = "llm-cost"
QUALITY_BOARD: Final = "llm-quality"
SLO_BOARD: Final = "llm-slo"
INCIDENT_BOARD: Final = "llm-incident"
STACK_BOARD: Final = "stack-health"
DASHBOARDS: Final = (OVERVIEW, COST_BOARD, QUALITY_BOARD, SLO_BOARD, INCIDENT_BOARD, STACK_BOARD)
# Variables of the dashboards. A link of an alert sets them from the alert's labels: `var-<name>`.
VARIABLES: Final = ("service", "endpoint", "model", "tenant")
