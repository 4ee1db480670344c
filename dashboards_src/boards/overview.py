"""LLM overview: health, cost, quality and infrastructure at a glance."""

from __future__ import annotations

from typing import Any, Final

from dashboards_src import config
from dashboards_src.boards import grafana, panels, queries, thresholds
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions, dashboard
from dashboards_src.boards.panels import legend
from dashboards_src.boards.targets import PrometheusQuery
from dashboards_src.boards.thresholds import red_above, red_below
from dashboards_src.records.cost import COST_IN_RANGE, COST_PROJECTED_MONTH
from llm_telemetry import names

ENDPOINT: Final = "service, endpoint"
MODEL: Final = "provider, model"
INCIDENT: Final = dashboard(config.INCIDENT_BOARD, "Incident")
COST: Final = dashboard(config.COST_BOARD, "Cost")
QUALITY: Final = dashboard(config.QUALITY_BOARD, "Quality")

# --- Real-time health -----------------------------------------------------------------------------------


def requests_per_minute() -> Panel:
    return panels.events_per_minute(
        "Requests per minute by endpoint",
        "Generations that applications asked for, successful or not. At 0 no requests arrive: check the application and"
        " its load balancer. A jump often explains other red panels.",
        "REQUESTS",
        ENDPOINT,
        links=[INCIDENT],
    )


def latency() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Latency of whole answers: p50, p95, p99",
            "Time from the call to the whole answer, including queueing and retries. The dashed line is the alert's"
            " limit for the p95. Click a dot (exemplar) to open a trace and find the slow span.",
            grafana.MS,
            thresholds=red_above(config.LATENCY_P95_MS),
            alerts=["LLMLatencyHigh"],
            links=[INCIDENT],
        ),
        PrometheusQuery(queries.quantile(0.5, "LATENCY"), "p50"),
        PrometheusQuery(queries.quantile(0.95, "LATENCY"), "p95", exemplars=True),
        PrometheusQuery(queries.quantile(0.99, "LATENCY"), "p99"),
    )


def error_rate() -> Panel:
    return panels.share_of(
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


def time_to_first_token() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Time to first token: p50, p95",
            "Time until a streamed answer starts to appear. If this is high and the latency is normal, requests wait"
            " before the model answers: check the queue, retrieval, prompt length and the provider.",
            grafana.MS,
            thresholds=red_above(config.TTFT_P95_MS),
            alerts=["LLMTimeToFirstTokenHigh"],
        ),
        PrometheusQuery(queries.quantile(0.5, "TTFT"), "p50"),
        PrometheusQuery(queries.quantile(0.95, "TTFT"), "p95", exemplars=True),
    )


def latency_by_endpoint() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Latency p95 by endpoint",
            "The values that the alert checks. A slow endpoint with few requests is visible here beside a busy fast"
            " endpoint. Open a slow endpoint in Incident.",
            grafana.MS,
            thresholds=red_above(config.LATENCY_P95_MS),
            alerts=["LLMLatencyHigh"],
        ),
        PrometheusQuery(queries.quantile(0.95, "LATENCY", ENDPOINT), legend(ENDPOINT)),
    )


def active_users() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Active users in the last 5 minutes",
            "Distinct users. `all` counts a user of several endpoints once, so do not add the endpoints up. With"
            " several processes, the busiest process is shown. If users drop but requests do not, look for a script.",
            grafana.COUNT,
        ),
        PrometheusQuery(
            f'max by ({ENDPOINT}) (%(ACTIVE_USERS)s{{service=~"$service", endpoint=~"$endpoint|%(ALL_ENDPOINTS)s"}})',
            legend(ENDPOINT),
        ),
    )


# --- Cost -----------------------------------------------------------------------------------------------


def _cost_of_day(title: str, description: str, time_shift: str | None) -> Panel:
    return panels.dollars(
        title,
        description + " Days are UTC. Correct while the dashboard's time range ends now.",
        COST_IN_RANGE.replace("%(COST)s", "%(COST.filtered)s"),
        size=(6, 4),
        time_from="now/d",
        time_shift=time_shift,
        links=[COST],
    )


def cost_today() -> Panel:
    return _cost_of_day(
        "Cost today",
        "US dollars since midnight. If this is much more than yesterday until this time, open Cost to see which tenant,"
        " model or endpoint costs more.",
        None,
    )


def cost_yesterday_so_far() -> Panel:
    return _cost_of_day(
        "Cost yesterday until this time", "US dollars from midnight to this time. Compare it with Cost today.", "1d"
    )


def cost_yesterday() -> Panel:
    return _cost_of_day("Cost yesterday", "US dollars of the whole day, from midnight to midnight.", "1d/d")


def projected_month() -> Panel:
    budget = config.MONTHLY_BUDGET.production
    return panels.dollars(
        "Projected monthly cost",
        "Cost of 30 days at the rate of the last 24 hours (on the first day: of the hours so far), for the chosen"
        f" services. Yellow is {config.BUDGET_WARNING:.0%} of the monthly budget, red is 100%: reduce cost now.",
        COST_PROJECTED_MONTH.replace("%(SERVICE_COST)s", "%(SERVICE_COST.filtered)s"),
        size=(6, 4),
        thresholds=red_above(budget, budget * config.BUDGET_WARNING),
        alerts=["LLMMonthlyBudget"],
        links=[COST],
    )


def cost_per_request() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Cost per request, 7 days",
            "US dollars per generation, hour by hour. A slow rise means that prompts or answers grow. A step means a"
            " deployment (blue mark) or another model. Compare it with the tokens.",
            grafana.DOLLARS,
            size=(12, 8),
            decimals=4,
            time_from="7d",
            interval="1h",
            alerts=["LLMCostPerRequestGrowing"],
            links=[COST],
        ),
        PrometheusQuery(
            f"{queries.over_history('HISTORY_COST', '1h', ENDPOINT)}"
            f" / ({queries.over_history('HISTORY_REQUESTS', '1h', ENDPOINT)} > 0)",
            legend(ENDPOINT),
        ),
    )


def tokens() -> Panel:
    series = {"INPUT_TOKENS": "input", "CACHED_INPUT_TOKENS": "input, cached", "OUTPUT_TOKENS": "output"}
    return grafana.time_series(
        PanelOptions(
            "Tokens per minute: input, output",
            "Tokens of all billed attempts. Cached input is part of input and cheaper. If input grows and requests do"
            " not, prompts got longer: check history, retrieved chunks and the prompt template.",
            grafana.COUNT,
            size=(12, 8),
            links=[COST],
        ),
        *(
            PrometheusQuery(f"sum(rate(%({key}.filtered)s{queries.RATE_INTERVAL})) {queries.PER_MINUTE}", name)
            for key, name in series.items()
        ),
    )


# --- Quality --------------------------------------------------------------------------------------------


def _score(title: str, description: str, score: str, **options: Any) -> Panel:
    return grafana.time_series(
        PanelOptions(
            title,
            description,
            grafana.SCORE,
            size=(6, 8),
            decimals=2,
            maximum=1,
            links=[QUALITY],
            **options,
        ),
        PrometheusQuery(queries.mean_score(score, ENDPOINT), legend(ENDPOINT)),
    )


def faithfulness() -> Panel:
    return _score(
        "Faithfulness by endpoint",
        "Mean score of the last hour: do answers say only what the retrieved context says? Below the line the alert"
        " fires: read the newest evaluations in Quality and the retrieved chunks in their traces.",
        "FAITHFULNESS",
        thresholds=red_below(config.MIN_FAITHFULNESS),
        alerts=["LLMQualityDegradation"],
    )


def answer_relevance() -> Panel:
    return _score(
        "Answer relevance by endpoint",
        "Mean score of the last hour: do answers address the question? If relevance falls and faithfulness does not,"
        " check the prompt and the model, not retrieval.",
        "ANSWER_RELEVANCE",
    )


def cache_hit_rate() -> Panel:
    return panels.share_of(
        "Cache hit rate by endpoint",
        "Share of look-ups in the answer cache that found an answer. Every miss costs money and time. After a sudden"
        " drop, check whether a deployment changed the cache key (prompt version, model name).",
        "CACHE_REQUESTS",
        ENDPOINT,
        'result="hit"',
        size=(6, 8),
        maximum=1,
        alerts=["LLMCacheHitRateCollapsed"],
    )


def context_utilisation() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Context window utilisation p95 by endpoint",
            "Prompt tokens divided by the model's context window. Near 1, answers are cut off or rejected: shorten"
            " history and retrieved chunks, or use a model with a larger window.",
            grafana.SHARE,
            size=(6, 8),
            maximum=1,
            thresholds=red_above(config.CONTEXT_P95),
            alerts=["LLMContextNearlyFull"],
        ),
        PrometheusQuery(queries.quantile(0.95, "CONTEXT_UTILISATION", ENDPOINT), legend(ENDPOINT)),
    )


# --- Infrastructure -------------------------------------------------------------------------------------


def provider_error_rate() -> Panel:
    return panels.share_of(
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


def retry_rate() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Retry rate by model",
            "Retries per attempt. Above the line retries cost money and overload the provider: see Cost for the amount,"
            " and lower the retry budget.",
            grafana.SHARE,
            thresholds=red_above(config.RETRY_SHARE),
            alerts=["LLMRetryStorm"],
            links=[INCIDENT],
        ),
        PrometheusQuery(
            f"{queries.rate('RETRIES', MODEL)} / {queries.rate('PROVIDER_ATTEMPTS', MODEL)}", legend(MODEL)
        ),
    )


def breaker_states() -> Panel:
    return grafana.state_timeline(
        PanelOptions(
            "Circuit breakers by model",
            "Open: the model is not called; its requests go to the fallback model or fail. Half-open: the breaker tries"
            " the model again. If a breaker stays open, the provider is down: open Incident.",
            grafana.STATE,
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
        ),
        PrometheusQuery(
            "max by (service, provider, model) (%(BREAKER_STATE.filtered)s)", legend("service, provider, model")
        ),
    )


def retrieval_and_model() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Retrieval and LLM latency p95",
            "Retrieval comes before the model call and is not part of LLM latency. If retrieval is above its limit,"
            " check the vector store and the number of chunks per question.",
            grafana.MS,
            thresholds=red_above(config.RETRIEVAL_P95_MS),
            alerts=["LLMRetrievalSlow"],
        ),
        PrometheusQuery(queries.quantile(0.95, "RETRIEVAL_LATENCY"), "retrieval (limit: dashed)", exemplars=True),
        PrometheusQuery(queries.quantile(0.95, "LATENCY"), "LLM"),
    )


def queue_depth() -> Panel:
    series = {"QUEUE_DEPTH": "waiting", "IN_FLIGHT": "being answered", "QUEUE_CAPACITY": "capacity"}
    return grafana.time_series(
        PanelOptions(
            "Queue depth by endpoint",
            "Generations that wait, generations that are being answered, and the capacity of the queue. A full queue"
            " rejects requests: allow more concurrent generations, or find out why answers take longer.",
            grafana.COUNT,
            alerts=["LLMQueueSaturated"],
        ),
        *(
            PrometheusQuery(f"sum by ({ENDPOINT}) (%({key}.filtered)s)", f"{legend(ENDPOINT)} {name}")
            for key, name in series.items()
        ),
    )


def queue_use() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Queue use by endpoint",
            "Queue depth divided by capacity: the value that the alert checks. At 100% the queue is full and requests"
            " are rejected.",
            grafana.SHARE,
            maximum=1,
            thresholds=red_above(config.QUEUE_USE),
            alerts=["LLMQueueSaturated"],
        ),
        PrometheusQuery("%(ENDPOINT_QUEUE_USE.filtered)s", legend(ENDPOINT)),
    )


BOARD: Final = Board(
    config.OVERVIEW,
    "LLM overview",
    "Health, cost, quality and infrastructure at a glance. Start here; each panel links to details.",
    "dashboards_src/boards/overview.py",
    rows=[
        Row(
            "Real-time health",
            [requests_per_minute, latency, error_rate, active_users, time_to_first_token, latency_by_endpoint],
        ),
        Row(
            "Cost",
            [cost_today, cost_yesterday_so_far, cost_yesterday, projected_month, cost_per_request, tokens],
        ),
        Row("Quality", [faithfulness, answer_relevance, cache_hit_rate, context_utilisation]),
        Row(
            "Infrastructure",
            [provider_error_rate, retry_rate, breaker_states, retrieval_and_model, queue_depth, queue_use],
        ),
    ],
)
