"""Panels that several dashboards show, and the forms that many panels have."""

from __future__ import annotations

from typing import Any, Final

from dashboards_src import config
from dashboards_src.boards import grafana, queries, thresholds
from dashboards_src.boards.grafana import Panel
from dashboards_src.boards.queries import PrometheusQuery
from dashboards_src.boards.thresholds import red_above
from llm_telemetry import names

ENDPOINT: Final = "service, endpoint"
MODEL: Final = "provider, model"
INCIDENT: Final = grafana.dashboard(config.INCIDENT_BOARD, "Incident")


def legend(by: str) -> str:
    """`{{service}} {{endpoint}}` for `service, endpoint`."""
    return " ".join(f"{{{{{label}}}}}" for label in by.split(", "))


def events_per_minute(title: str, description: str, counter: str, by: str, **options: Any) -> Panel:
    query = PrometheusQuery(f"{queries.rate(counter, by)} {queries.PER_MINUTE}", legend(by))
    return grafana.time_series(title, description, grafana.PER_MINUTE, query, **options)


def dollars_per_hour(title: str, description: str, counter: str, by: str, **options: Any) -> Panel:
    query = PrometheusQuery(f"{queries.rate(counter, by)} {queries.PER_HOUR}", legend(by))
    return grafana.time_series(title, description, grafana.DOLLARS, query, **options)


def share_of(title: str, description: str, counter: str, by: str, part: str, **options: Any) -> Panel:
    query = PrometheusQuery(queries.ratio(counter, by, part), legend(by))
    return grafana.time_series(title, description, grafana.SHARE, query, **options)


def dollars(title: str, description: str, expr: str, **options: Any) -> Panel:
    return grafana.stat(
        title,
        description,
        grafana.DOLLARS,
        PrometheusQuery(expr),
        decimals=grafana.MONEY_DECIMALS,
        **options,
    )


def cost_per_request_of_usual(title: str, **options: Any) -> Panel:
    return grafana.time_series(
        title,
        "Cost per request divided by the usual cost at this hour (median of the previous days). Above the line the"
        " alert fires: look for longer prompts or answers, or a more expensive model. Empty in the first days.",
        grafana.TIMES,
        PrometheusQuery(
            "%(ENDPOINT_COST_PER_REQUEST.filtered)s"
            " / quantile without (day) (0.5, %(COST_PER_REQUEST_BEFORE.filtered)s)",
            legend("service, endpoint"),
        ),
        decimals=2,
        thresholds=red_above(config.COST_PER_REQUEST_OF_USUAL),
        alerts=["LLMCostPerRequestGrowing"],
        **options,
    )


ERROR_RATE: Final = share_of(
    "Error rate by endpoint",
    "Share of requests without a usable answer, after all retries and fallbacks. Above the line the alert fires:"
    " open Incident to see whether one endpoint, one model or one tenant fails.",
    "REQUESTS",
    ENDPOINT,
    'status="%(STATUS_ERROR)s"',
    thresholds=red_above(config.ERROR_RATE),
    alerts=["LLMHighErrorRate"],
    links=[INCIDENT],
)

LATENCY_BY_ENDPOINT: Final = grafana.time_series(
    "Latency p95 by endpoint",
    "The values that the alert checks. A slow endpoint with few requests is visible here beside a busy fast"
    " endpoint. Open a slow endpoint in Incident.",
    grafana.MS,
    PrometheusQuery(queries.quantile(0.95, "LATENCY", ENDPOINT), legend(ENDPOINT)),
    thresholds=red_above(config.LATENCY_P95_MS),
    alerts=["LLMLatencyHigh"],
)

PROVIDER_ERROR_RATE: Final = share_of(
    "Provider error rate by model",
    "Share of attempts that the provider failed: rate limits, server errors, timeouts, connection errors. Retries"
    " and fallbacks may still hide these from users. Check the provider's status page.",
    "PROVIDER_ATTEMPTS",
    MODEL,
    'outcome=~"%(PROVIDER_FAULTS)s"',
    thresholds=red_above(config.PROVIDER_ERROR_RATE),
    alerts=["LLMProviderErrorRateHigh"],
    links=[INCIDENT],
)

RETRY_RATE: Final = grafana.time_series(
    "Retry rate by model",
    "Retries per attempt. Above the line retries cost money and overload the provider: see Cost for the amount,"
    " and lower the retry budget.",
    grafana.SHARE,
    PrometheusQuery(f"{queries.rate('RETRIES', MODEL)} / {queries.rate('PROVIDER_ATTEMPTS', MODEL)}", legend(MODEL)),
    thresholds=red_above(config.RETRY_SHARE),
    alerts=["LLMRetryStorm"],
    links=[INCIDENT],
)

BREAKER_STATES: Final = grafana.state_timeline(
    "Circuit breakers by model",
    "Open: the model is not called; its requests go to the fallback model or fail. Half-open: the breaker tries"
    " the model again. If a breaker stays open, the provider is down: open Incident.",
    PrometheusQuery(
        "max by (service, provider, model) (%(BREAKER_STATE.filtered)s)", legend("service, provider, model")
    ),
    mappings=grafana.value_names(
        {
            names.BREAKER_CLOSED: ("closed", thresholds.GREEN),
            names.BREAKER_HALF_OPEN: ("half-open", thresholds.YELLOW),
            names.BREAKER_OPEN: ("open", thresholds.RED),
        }
    ),
    thresholds=red_above(names.BREAKER_OPEN, names.BREAKER_HALF_OPEN),
    alerts=["LLMCircuitBreakerOpen"],
    links=[INCIDENT],
)

QUEUE_USE: Final = grafana.time_series(
    "Queue use by endpoint",
    "Queue depth divided by capacity: the value that the alert checks. At 100% the queue is full and requests"
    " are rejected.",
    grafana.SHARE,
    PrometheusQuery("%(ENDPOINT_QUEUE_USE.filtered)s", legend(ENDPOINT)),
    maximum=1,
    thresholds=red_above(config.QUEUE_USE),
    alerts=["LLMQueueSaturated"],
)
