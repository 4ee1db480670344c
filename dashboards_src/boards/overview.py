"""LLM overview: is it well, what does it cost, is it good, what carries it."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, queries, thresholds
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions, dashboard
from dashboards_src.boards.targets import PrometheusQuery
from dashboards_src.boards.thresholds import red_above, red_below
from dashboards_src.records import cost as cost_records
from llm_telemetry import names

WHERE: Final = "service, endpoint"
BY_ENDPOINT: Final = "{{service}} {{endpoint}}"
INCIDENT: Final = dashboard(config.INCIDENT_BOARD, "Incident")
COST: Final = dashboard(config.COST_BOARD, "Cost")
QUALITY: Final = dashboard(config.QUALITY_BOARD, "Quality")

# --- Real-time health -----------------------------------------------------------------------------------


def requests_per_minute() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Requests per minute by endpoint",
            "Generations that the application asked for, successful or not. A fall to 0 means that nothing arrives:"
            " look at the application and at what is in front of it. A jump explains most of what else is red.",
            grafana.PER_MINUTE,
            links=[INCIDENT],
        ),
        PrometheusQuery(f"{queries.rate('REQUESTS', WHERE)} {queries.PER_MINUTE}", BY_ENDPOINT),
    )


def latency() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Latency of whole answers: p50, p95, p99",
            "From the call, before queueing and retries, to the whole answer. The dashed line is the alert's limit for"
            " p95. Click a dot (exemplar) for the trace of such an answer and see which span takes the time.",
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
    return grafana.time_series(
        PanelOptions(
            "Error rate by endpoint",
            "Share of requests that got no usable answer; retries and fallbacks have been tried by then. Above the line"
            " the alert fires: open Incident to see whether it is one endpoint, one model or one tenant.",
            grafana.SHARE,
            thresholds=red_above(config.ERROR_RATE),
            alerts=["LLMHighErrorRate"],
            links=[INCIDENT],
        ),
        PrometheusQuery(queries.ratio("REQUESTS", WHERE, 'status="%(STATUS_ERROR)s"'), BY_ENDPOINT),
    )


def time_to_first_token() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Time to first token: p50, p95",
            "Streams only: how long a person waits before anything appears. When it is high and Latency is not, the"
            " wait is before the model writes: queue, retrieval, long prompts or a busy provider.",
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
            "The same as the alert looks at, so that a slow quiet endpoint is not hidden by a busy fast one.",
            grafana.MS,
            thresholds=red_above(config.LATENCY_P95_MS),
            alerts=["LLMLatencyHigh"],
        ),
        PrometheusQuery(queries.quantile(0.95, "LATENCY", WHERE), BY_ENDPOINT),
    )


def active_users() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Active users in the last 5 minutes",
            "Distinct users. `all` counts a user of several endpoints once, so endpoints do not add up to it; of"
            " several processes the busiest is shown. A fall while requests stay means that few ask much: a script?",
            grafana.COUNT,
        ),
        PrometheusQuery(
            f'max by ({WHERE}) (%(ACTIVE_USERS)s{{service=~"$service", endpoint=~"$endpoint|%(ALL_ENDPOINTS)s"}})',
            BY_ENDPOINT,
        ),
    )


# --- Cost -----------------------------------------------------------------------------------------------

COST_IN_RANGE: Final = cost_records.COST_IN_RANGE.replace("%(COST)s", "%(COST.filtered)s")
ONLY_RELATIVE: Final = " Days are UTC. It follows the clock as long as the dashboard's time range ends now."


def _cost_of_day(title: str, description: str, time_shift: str | None) -> Panel:
    return grafana.stat(
        PanelOptions(
            title,
            description + ONLY_RELATIVE,
            grafana.DOLLARS,
            size=(6, 4),
            decimals=grafana.MONEY_DECIMALS,
            time_from="now/d",
            time_shift=time_shift,
            links=[COST],
        ),
        PrometheusQuery(COST_IN_RANGE),
    )


def cost_today() -> Panel:
    return _cost_of_day(
        "Cost today",
        "US dollars since midnight. Compare with yesterday until this time; when it is much more, open Cost and see"
        " which tenant, model or endpoint it is.",
        None,
    )


def cost_yesterday_so_far() -> Panel:
    return _cost_of_day("Cost yesterday until this time", "The fair comparison for Cost today.", "1d")


def cost_yesterday() -> Panel:
    return _cost_of_day("Cost yesterday", "The whole day before, midnight to midnight.", "1d/d")


def projected_month() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Projected monthly cost",
            "What 30 days cost at the pace of the last 24 hours; on the first day, of the hours that there are. Of the"
            f" chosen services. Yellow and red are {config.BUDGET_WARNING:.0%} and 100% of the monthly budget: decide"
            " now what to save.",
            grafana.DOLLARS,
            size=(6, 4),
            decimals=grafana.MONEY_DECIMALS,
            thresholds=red_above(
                config.MONTHLY_BUDGET.production, config.MONTHLY_BUDGET.production * config.BUDGET_WARNING
            ),
            alerts=["LLMMonthlyBudget"],
            links=[COST],
        ),
        PrometheusQuery(cost_records.COST_PROJECTED_MONTH.replace("%(SERVICE_COST)s", "%(SERVICE_COST.filtered)s")),
    )


def cost_per_request() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Cost per request, 7 days",
            "Dollars per generation, hour by hour. A slow rise is a prompt or an answer that grows, a step is a"
            " deployment or another model: look at the blue marks and at tokens.",
            grafana.DOLLARS,
            size=(12, 8),
            decimals=4,
            time_from="7d",
            interval="1h",
            alerts=["LLMCostPerRequestGrowing"],
            links=[COST],
        ),
        PrometheusQuery(
            f"{queries.over_history('HISTORY_COST', '1h', WHERE)}"
            f" / ({queries.over_history('HISTORY_REQUESTS', '1h', WHERE)} > 0)",
            BY_ENDPOINT,
        ),
    )


def tokens() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Tokens per minute: input, output",
            "Of all billed attempts; cached input is a part of input, and cheaper. When input grows and requests do"
            " not, prompts grow: history, retrieved chunks, a new template.",
            grafana.COUNT,
            size=(12, 8),
            links=[COST],
        ),
        PrometheusQuery(f"sum(rate(%(INPUT_TOKENS.filtered)s{queries.RATE_INTERVAL})) {queries.PER_MINUTE}", "input"),
        PrometheusQuery(
            f"sum(rate(%(CACHED_INPUT_TOKENS.filtered)s{queries.RATE_INTERVAL})) {queries.PER_MINUTE}", "input, cached"
        ),
        PrometheusQuery(f"sum(rate(%(OUTPUT_TOKENS.filtered)s{queries.RATE_INTERVAL})) {queries.PER_MINUTE}", "output"),
    )


# --- Quality --------------------------------------------------------------------------------------------


def faithfulness() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Faithfulness by endpoint",
            "Mean score of the answers of the last hour: do they say what was retrieved, and nothing else? Below the"
            " line the alert fires: read the newest evaluations in Quality, then the traces' retrieved chunks.",
            grafana.SCORE,
            size=(6, 8),
            decimals=2,
            maximum=1,
            thresholds=red_below(config.MIN_FAITHFULNESS),
            alerts=["LLMQualityDegradation"],
            links=[QUALITY],
        ),
        PrometheusQuery(queries.mean_score("FAITHFULNESS", WHERE), BY_ENDPOINT),
    )


def answer_relevance() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Answer relevance by endpoint",
            "Mean score of the answers of the last hour: do they answer what was asked? A fall with steady"
            " faithfulness points at the prompt or the model, not at retrieval.",
            grafana.SCORE,
            size=(6, 8),
            decimals=2,
            maximum=1,
            links=[QUALITY],
        ),
        PrometheusQuery(queries.mean_score("ANSWER_RELEVANCE", WHERE), BY_ENDPOINT),
    )


def cache_hit_rate() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Cache hit rate by endpoint",
            "Share of look-ups in the answer cache that found an answer. A sudden fall after a deployment is usually a"
            " changed cache key (prompt version, model name), and every miss costs money and time.",
            grafana.SHARE,
            size=(6, 8),
            maximum=1,
            alerts=["LLMCacheHitRateCollapsed"],
        ),
        PrometheusQuery(queries.ratio("CACHE_REQUESTS", WHERE, 'result="hit"'), BY_ENDPOINT),
    )


def context_utilisation() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Context window utilisation p95 by endpoint",
            "Prompt tokens over the model's context window, of the longest 5 % of prompts. Near 1 answers are cut off"
            " or refused: shorten history and retrieved chunks, or take a model with a larger window.",
            grafana.SHARE,
            size=(6, 8),
            maximum=1,
            thresholds=red_above(config.CONTEXT_P95),
            alerts=["LLMContextNearlyFull"],
        ),
        PrometheusQuery(queries.quantile(0.95, "CONTEXT_UTILISATION", WHERE), BY_ENDPOINT),
    )


# --- Infrastructure -------------------------------------------------------------------------------------

BY_MODEL: Final = "{{provider}} {{model}}"


def provider_error_rate() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Provider error rate by model",
            "Share of attempts that failed by the provider's doing: rate limits, server errors, time-outs, connections."
            " Retries and fallbacks still hide it from users. Look at the provider's status page.",
            grafana.SHARE,
            thresholds=red_above(config.PROVIDER_ERROR_RATE),
            alerts=["LLMProviderErrorRateHigh"],
            links=[INCIDENT],
        ),
        PrometheusQuery(
            queries.ratio("PROVIDER_ATTEMPTS", "provider, model", 'outcome=~"%(PROVIDER_FAULTS)s"'), BY_MODEL
        ),
    )


def retry_rate() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Retry rate by model",
            "Retries per attempt. Above the line retries are a load of their own and cost money: see Cost for how much,"
            " and lower the retry budget when the provider is overloaded.",
            grafana.SHARE,
            thresholds=red_above(config.RETRY_SHARE),
            alerts=["LLMRetryStorm"],
            links=[INCIDENT],
        ),
        PrometheusQuery(
            f"{queries.rate('RETRIES', 'provider, model')} / {queries.rate('PROVIDER_ATTEMPTS', 'provider, model')}",
            BY_MODEL,
        ),
    )


def breaker_states() -> Panel:
    return grafana.state_timeline(
        PanelOptions(
            "Circuit breakers by model",
            "Open: the model is not called at all and its requests go to the fallback, or fail. It tries again by"
            " itself (half-open). Open for long means that the provider is down for you: see Incident.",
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
            "max by (service, provider, model) (%(BREAKER_STATE.filtered)s)", "{{service}} {{provider}} {{model}}"
        ),
    )


def retrieval_and_model() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Retrieval and LLM latency p95",
            "Where the time goes: retrieval comes before the model's latency and is not in it. When retrieval is above"
            " its limit look at the vector store and at how many chunks are asked for.",
            grafana.MS,
            thresholds=red_above(config.RETRIEVAL_P95_MS),
            alerts=["LLMRetrievalSlow"],
        ),
        PrometheusQuery(queries.quantile(0.95, "RETRIEVAL_LATENCY"), "retrieval (limit: dashed)", exemplars=True),
        PrometheusQuery(queries.quantile(0.95, "LATENCY"), "LLM"),
    )


def queue_depth() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Queue depth by endpoint",
            "Generations that wait for a place, those being answered, and how many may wait. When waiting reaches the"
            " capacity requests are turned away: add places, or find out why answers take longer.",
            grafana.COUNT,
            alerts=["LLMQueueSaturated"],
        ),
        PrometheusQuery(f"sum by ({WHERE}) (%(QUEUE_DEPTH.filtered)s)", f"{BY_ENDPOINT} waiting"),
        PrometheusQuery(f"sum by ({WHERE}) (%(IN_FLIGHT.filtered)s)", f"{BY_ENDPOINT} being answered"),
        PrometheusQuery(f"sum by ({WHERE}) (%(QUEUE_CAPACITY.filtered)s)", f"{BY_ENDPOINT} capacity"),
    )


def queue_use() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Queue use by endpoint",
            "Share of the places to wait that are taken, as the alert sees it.",
            grafana.SHARE,
            maximum=1,
            thresholds=red_above(config.QUEUE_USE),
            alerts=["LLMQueueSaturated"],
        ),
        PrometheusQuery("%(ENDPOINT_QUEUE_USE.filtered)s", BY_ENDPOINT),
    )


BOARD: Final = Board(
    config.OVERVIEW,
    "LLM overview",
    "Is it well, what does it cost, is it good, and what carries it. Begin here; panels link to where it goes on.",
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
