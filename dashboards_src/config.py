"""Every threshold, window, `for`, objective, budget and least count of the rules and dashboards, once.

Prices are not here (llm_telemetry/prices.yaml). `PerScale(production, rehearsal)` has two columns: what
runs for real, and what lets a load test see the alert within two minutes (`make up REHEARSAL=1`).
The second column is written out and not computed: a rate needs 20 s to have samples (scrapes are
5 s apart then), a long window has at most 60 s, a `for` at most 10 s. A value without a second column
is the same at both scales. Durations are as PromQL writes them.
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
    """One value at the two time scales."""

    production: T
    rehearsal: T

    def at(self, scale: Scale) -> T:
        """The value at `scale`."""
        return self.production if scale == "production" else self.rehearsal


# --- Windows ------------------------------------------------------------------------------------

RATE: Final = PerScale("5m", "30s")  # of rates, ratios and quantiles: 20 scrapes of 15 s, 6 of 5 s
TREND: Final = PerScale("1h", "30s")  # "the same hour" of the days before
HOUR: Final = PerScale("1h", "60s")  # scores are few: the window that collects enough of them
DAY: Final = PerScale("1d", "60s")  # rolling, not a calendar day
MONTH: Final = PerScale("30d", "60s")  # rolling, not a calendar month
GAUGE_WINDOW: Final = PerScale("1m", "20s")  # a gauge read at scrape: its highest or mean value over this
DELIVERY_WINDOW: Final = PerScale("2m", "30s")  # a signal that is not delivered for this long is stuck; 8 and 6 scrapes
EVALUATED: Final = PerScale("7d", "10m")  # how long ago evaluation must have worked to be missed

# How far back "the days before" are. A median over them, so that yesterday's incident does not become
# the norm, and a whole week, so that a Monday is not only compared with a weekend.
# A rehearsal has no such past: what it did minutes ago were other faults. There the load test writes the days.
DAYS_BEFORE: Final = ("1d", "2d", "3d", "4d", "5d", "6d", "7d")
MIN_DAYS_BEFORE: Final = 3  # days with enough traffic; fewer is no trend: silent in the first days

# The history for dashboards over weeks: increases over HISTORY, read back at steps of HISTORY, so that
# every request counts once. Not longer than Prometheus' lookback (5 min).
HISTORY: Final = PerScale("5m", "20s")

# --- Least counts: no alert without traffic -------------------------------------------------------

# In the window of the alert, per service and endpoint. Below it a single request moves a ratio by
# more than 5 %, and a p95 is the slowest request. The same in a rehearsal: chance does not know scales.
MIN_REQUESTS: Final = 20
MIN_ATTEMPTS: Final = 20  # at a provider, per model
MIN_SCORES: Final = PerScale(20, 10)  # scored answers in HOUR; the mean of fewer says little
MIN_FALLBACKS: Final = 5  # generations in RATE: one may be a hiccup
MIN_VIOLATIONS: Final = 10  # per kind in RATE: a few curious users are no flood

# --- Requests -----------------------------------------------------------------------------------

ERROR_RATE: Final = 0.05  # share of requests without a usable answer (mission)
ERROR_RATE_FOR: Final = PerScale("2m", "10s")  # (mission)
LATENCY_P95_MS: Final = 3000  # ms, p95 of whole answers (mission)
LATENCY_FOR: Final = PerScale("3m", "10s")  # (mission)
TTFT_P95_MS: Final = 1500  # ms, p95; a person who sees nothing for longer thinks that it is broken
TTFT_FOR: Final = PerScale("3m", "10s")
RETRIEVAL_P95_MS: Final = 500  # ms, p95; usually below 200, and it comes before every answer
RETRIEVAL_FOR: Final = PerScale("3m", "10s")
CONTEXT_P95: Final = 0.8  # share of the context window, p95 of prompts (mission); above it answers get cut off
CONTEXT_FOR: Final = PerScale("5m", "10s")
QUEUE_USE: Final = 0.8  # share of the places to wait; at 1 requests are turned away
QUEUE_FOR: Final = PerScale("1m", "10s")
VIOLATIONS_SHARE: Final = 0.05  # of what came in (answered and refused), per kind
VIOLATIONS_FOR: Final = PerScale("1m", "10s")
CACHE_HIT_RATIO_OF_USUAL: Final = 0.5  # of the hit rate of the days before: half the hits gone doubles the misses' cost
MIN_USUAL_CACHE_HIT_RATIO: Final = 0.1  # hit rate; a cache that never helped cannot collapse
CACHE_FOR: Final = PerScale("10m", "10s")

# --- Cost ---------------------------------------------------------------------------------------

# US dollars an hour, all services together (mission). Rehearsal: 7 requests a second of the demo cost 126 $/h.
COST_PER_HOUR: Final = PerScale(50, 400)
COST_PER_HOUR_FOR: Final = PerScale("5m", "10s")  # (mission)
COST_PER_REQUEST_OF_USUAL: Final = 1.3  # times the days before; a prompt or answer a third longer
COST_PER_REQUEST_FOR: Final = PerScale("30m", "10s")
# Budgets in US dollars, all services together. Rehearsal: of a minute, in which usual traffic costs 2.10.
DAILY_BUDGET: Final = PerScale(300, 25)  # a quarter of 50 $/h around the clock
MONTHLY_BUDGET: Final = PerScale(6000, 30)  # 20 days as expensive as the daily budget allows
BUDGET_WARNING: Final = 0.8  # share of a budget at which someone can still act
BUDGET_FOR: Final = PerScale("5m", "10s")  # a price corrected or a wrong sample is no reason to call
UNPRICED_FOR: Final = PerScale("1m", "10s")  # < RATE, the time for which one call is seen
PRICE_TABLE_AGE: Final = 90 * 24 * 3600  # s; providers change prices a few times a year
PRICE_TABLE_FOR: Final = PerScale("1h", "10s")

# --- Quality ------------------------------------------------------------------------------------

MIN_FAITHFULNESS: Final = 0.75  # mean score over HOUR (mission)
FAITHFULNESS_FOR: Final = PerScale("30m", "10s")  # (mission)
WEEKLY_DROP: Final = 0.05  # share of the week before's mean score (mission)
WEEKLY_DROP_FOR: Final = PerScale("1h", "10s")  # the report is written once a week, a rewrite must settle
EVAL_SILENT_FOR: Final = PerScale("15m", "10s")  # a worker's restart is no silence

# --- Providers ----------------------------------------------------------------------------------

PROVIDER_ERROR_RATE: Final = 0.1  # share of attempts; retries still hide it from users
PROVIDER_FOR: Final = PerScale("2m", "10s")
# What is the provider's doing: a refused prompt or an invalid request is not.
PROVIDER_FAULTS: Final = (names.RATE_LIMIT, names.SERVER_ERROR, names.TIMEOUT, names.CONNECTION)
RETRY_SHARE: Final = 0.25  # retries per attempt; the application's retry budget allows 0.2 per request: 0.17
RETRY_FOR: Final = PerScale("2m", "10s")
BREAKER_FOR: Final = PerScale("1m", "10s")
FALLBACK_FOR: Final = PerScale("5m", "10s")

# --- Stack --------------------------------------------------------------------------------------

TARGET_FOR: Final = PerScale("1m", "10s")  # a restart takes seconds
APPS_FOR: Final = PerScale("2m", "10s")  # a deployment takes a minute
TELEMETRY_FOR: Final = PerScale("1m", "10s")  # one refused batch is sent again
EXPORT_QUEUE_USE: Final = PerScale(0.5, 0.001)  # of 256 MiB per signal; a rehearsal cannot wait until it is half full
EXPORT_QUEUE_FOR: Final = PerScale("5m", "10s")
STORE_FOR: Final = PerScale("2m", "10s")  # a store's restart takes seconds, the collector's longest retry wait 10 s
RULES_FOR: Final = PerScale("5m", "10s")
NOTIFICATION_FOR: Final = PerScale("5m", "10s")  # Alertmanager tries again meanwhile
STORE_FREE_BYTES: Final = 1 << 30  # of disk; below it a store soon refuses writes

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
        """The share of events that may be bad."""
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
    """Alert when the budget burns `factor` times too fast, over a long and (it still does) a short window."""

    severity: Literal["critical", "warning"]
    long: PerScale[str]
    short: PerScale[str]
    factor: PerScale[float]
    for_: PerScale[str]

    @property
    def name(self) -> str:
        """Label `window`: the same at both scales."""
        return self.long.production


# Google's SRE workbook, chapter 5: 2 %, 5 % of a month's budget gone call someone; 10 % make a ticket.
# A pair whose factor exceeds what an objective can reach (1 in 10 burns at most 10 times too fast)
# is left out for it. Rehearsal: a minute sees too few requests for small factors.
BURNS: Final = (
    Burn("critical", PerScale("1h", "40s"), PerScale("5m", "20s"), PerScale(14.4, 14.4), PerScale("2m", "5s")),
    Burn("critical", PerScale("6h", "60s"), PerScale("30m", "30s"), PerScale(6.0, 6.0), PerScale("5m", "10s")),
    Burn("warning", PerScale("1d", "60s"), PerScale("2h", "30s"), PerScale(3.0, 6.0), PerScale("30m", "10s")),
    Burn("warning", PerScale("3d", "60s"), PerScale("6h", "30s"), PerScale(1.0, 6.0), PerScale("1h", "10s")),
)
# Events are counted over BURN_RATE, and longer windows add that up at the steps beside them: an alert
# over 3 days reads 864 samples and not 17,280 of every series.
BURN_RATE: Final = PerScale("5m", "20s")
SLO_WINDOWS: Final = PerScale(
    {"30m": "1m", "1h": "1m", "2h": "1m", "6h": "5m", "1d": "5m", "3d": "5m", "30d": "5m"},
    {"30s": "10s", "40s": "10s", "60s": "10s"},
)
MIN_EVENTS: Final = 20  # in the long window, as MIN_REQUESTS

# --- How often rules are evaluated, where it is not at every scrape --------------------------------

SLOW_INTERVAL: Final = "1m"  # rules that read hours or days, and production's records during a rehearsal

# --- Who acts, and where alerts point -------------------------------------------------------------

Severity = Literal["critical", "warning", "info"]  # wakes someone; in working hours; for the record
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
# Variables of the dashboards that an alert's labels fill in: `var-<name>`.
VARIABLES: Final = ("service", "endpoint", "model", "tenant")
