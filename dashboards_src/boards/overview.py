"""LLM overview: health, cost, quality and infrastructure at a glance."""

from __future__ import annotations

from typing import Any, Final

from dashboards_src import config
from dashboards_src.boards import grafana, panels, queries
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, dashboard
from dashboards_src.boards.panels import ENDPOINT, INCIDENT, legend
from dashboards_src.boards.queries import PrometheusQuery
from dashboards_src.boards.thresholds import red_above, red_below
from dashboards_src.records.llm import COST_IN_RANGE, COST_PROJECTED_MONTH

COST: Final = dashboard(config.COST_BOARD, "Cost")
MONTH_BUDGET: Final = config.MONTHLY_BUDGET.production
QUALITY: Final = dashboard(config.QUALITY_BOARD, "Quality")


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


def _score(title: str, description: str, score: str, **options: Any) -> Panel:
    return grafana.time_series(
        title,
        description,
        grafana.SCORE,
        PrometheusQuery(queries.mean_score(score, ENDPOINT), legend(ENDPOINT)),
        size=(6, 8),
        decimals=2,
        maximum=1,
        links=[QUALITY],
        **options,
    )


HEALTH: Final = Row(
    "Real-time health",
    panels.events_per_minute(
        "Requests per minute by endpoint",
        "Generations that applications asked for, successful or not. At 0 no requests arrive: check the application and"
        " its load balancer. A jump often explains other red panels.",
        "REQUESTS",
        ENDPOINT,
        links=[INCIDENT],
    ),
    grafana.time_series(
        "Latency of whole answers: p50, p95, p99",
        "Time from the call to the whole answer, including queueing and retries. The dashed line is the alert's"
        " limit for the p95. Click a dot (exemplar) to open a trace and find the slow span.",
        grafana.MS,
        PrometheusQuery(queries.quantile(0.5, "LATENCY"), "p50"),
        PrometheusQuery(queries.quantile(0.95, "LATENCY"), "p95", exemplars=True),
        PrometheusQuery(queries.quantile(0.99, "LATENCY"), "p99"),
        thresholds=red_above(config.LATENCY_P95_MS),
        alerts=["LLMLatencyHigh"],
        links=[INCIDENT],
    ),
    panels.ERROR_RATE,
    grafana.time_series(
        "Active users in the last 5 minutes",
        "Distinct users. `all` counts a user of several endpoints once, so do not add the endpoints up. With"
        " several processes, the busiest process is shown. If users drop but requests do not, look for a script.",
        grafana.COUNT,
        PrometheusQuery(
            f'max by ({ENDPOINT}) (%(ACTIVE_USERS)s{{service=~"$service", endpoint=~"$endpoint|%(ALL_ENDPOINTS)s"}})',
            legend(ENDPOINT),
        ),
    ),
    grafana.time_series(
        "Time to first token: p50, p95",
        "Time until a streamed answer starts to appear. If this is high and the latency is normal, requests wait"
        " before the model answers: check the queue, retrieval, prompt length and the provider.",
        grafana.MS,
        PrometheusQuery(queries.quantile(0.5, "TTFT"), "p50"),
        PrometheusQuery(queries.quantile(0.95, "TTFT"), "p95", exemplars=True),
        thresholds=red_above(config.TTFT_P95_MS),
        alerts=["LLMTimeToFirstTokenHigh"],
    ),
    panels.LATENCY_BY_ENDPOINT,
)

COST_ROW: Final = Row(
    "Cost",
    _cost_of_day(
        "Cost today",
        "US dollars since midnight. If this is much more than yesterday until this time, open Cost to see which tenant,"
        " model or endpoint costs more.",
        None,
    ),
    _cost_of_day(
        "Cost yesterday until this time", "US dollars from midnight to this time. Compare it with Cost today.", "1d"
    ),
    _cost_of_day("Cost yesterday", "US dollars of the whole day, from midnight to midnight.", "1d/d"),
    panels.dollars(
        "Projected monthly cost",
        "Cost of 30 days at the rate of the last 24 hours (on the first day: of the hours so far), for the chosen"
        f" services. Yellow is {config.BUDGET_WARNING:.0%} of the monthly budget, red is 100%: reduce cost now.",
        COST_PROJECTED_MONTH.replace("%(SERVICE_COST)s", "%(SERVICE_COST.filtered)s"),
        size=(6, 4),
        thresholds=red_above(MONTH_BUDGET, MONTH_BUDGET * config.BUDGET_WARNING),
        alerts=["LLMMonthlyBudget"],
        links=[COST],
    ),
    grafana.time_series(
        "Cost per request, 7 days",
        "US dollars per generation, hour by hour. A slow rise means that prompts or answers grow. A step means a"
        " deployment (blue mark) or another model. Compare it with the tokens.",
        grafana.DOLLARS,
        PrometheusQuery(
            f"{queries.over_history('HISTORY_COST', '1h', ENDPOINT)}"
            f" / ({queries.over_history('HISTORY_REQUESTS', '1h', ENDPOINT)} > 0)",
            legend(ENDPOINT),
        ),
        size=(12, 8),
        decimals=4,
        time_from="7d",
        interval="1h",
        alerts=["LLMCostPerRequestGrowing"],
        links=[COST],
    ),
    grafana.time_series(
        "Tokens per minute: input, output",
        "Tokens of all billed attempts. Cached input is part of input and cheaper. If input grows and requests do"
        " not, prompts got longer: check history, retrieved chunks and the prompt template.",
        grafana.COUNT,
        *(
            PrometheusQuery(f"sum(rate(%({key}.filtered)s{queries.RATE_INTERVAL})) {queries.PER_MINUTE}", name)
            for key, name in {
                "INPUT_TOKENS": "input",
                "CACHED_INPUT_TOKENS": "input, cached",
                "OUTPUT_TOKENS": "output",
            }.items()
        ),
        size=(12, 8),
        links=[COST],
    ),
)

QUALITY_ROW: Final = Row(
    "Quality",
    _score(
        "Faithfulness by endpoint",
        "Mean score of the last hour: do answers say only what the retrieved context says? Below the line the alert"
        " fires: read the newest evaluations in Quality and the retrieved chunks in their traces.",
        "FAITHFULNESS",
        thresholds=red_below(config.MIN_FAITHFULNESS),
        alerts=["LLMQualityDegradation"],
    ),
    _score(
        "Answer relevance by endpoint",
        "Mean score of the last hour: do answers address the question? If relevance falls and faithfulness does not,"
        " check the prompt and the model, not retrieval.",
        "ANSWER_RELEVANCE",
    ),
    panels.share_of(
        "Cache hit rate by endpoint",
        "Share of look-ups in the answer cache that found an answer. Every miss costs money and time. After a sudden"
        " drop, check whether a deployment changed the cache key (prompt version, model name).",
        "CACHE_REQUESTS",
        ENDPOINT,
        'result="hit"',
        size=(6, 8),
        maximum=1,
        alerts=["LLMCacheHitRateCollapsed"],
    ),
    grafana.time_series(
        "Context window utilisation p95 by endpoint",
        "Prompt tokens divided by the model's context window. Near 1, answers are cut off or rejected: shorten"
        " history and retrieved chunks, or use a model with a larger window.",
        grafana.SHARE,
        PrometheusQuery(queries.quantile(0.95, "CONTEXT_UTILISATION", ENDPOINT), legend(ENDPOINT)),
        size=(6, 8),
        maximum=1,
        thresholds=red_above(config.CONTEXT_P95),
        alerts=["LLMContextNearlyFull"],
    ),
)

INFRASTRUCTURE: Final = Row(
    "Infrastructure",
    panels.PROVIDER_ERROR_RATE,
    panels.RETRY_RATE,
    panels.BREAKER_STATES,
    grafana.time_series(
        "Retrieval and LLM latency p95",
        "Retrieval comes before the model call and is not part of LLM latency. If retrieval is above its limit,"
        " check the vector store and the number of chunks per question.",
        grafana.MS,
        PrometheusQuery(queries.quantile(0.95, "RETRIEVAL_LATENCY"), "retrieval (limit: dashed)", exemplars=True),
        PrometheusQuery(queries.quantile(0.95, "LATENCY"), "LLM"),
        thresholds=red_above(config.RETRIEVAL_P95_MS),
        alerts=["LLMRetrievalSlow"],
    ),
    grafana.time_series(
        "Queue depth by endpoint",
        "Generations that wait, generations that are being answered, and the capacity of the queue. A full queue"
        " rejects requests: allow more concurrent generations, or find out why answers take longer.",
        grafana.COUNT,
        *(
            PrometheusQuery(f"sum by ({ENDPOINT}) (%({key}.filtered)s)", f"{legend(ENDPOINT)} {name}")
            for key, name in {
                "QUEUE_DEPTH": "waiting",
                "IN_FLIGHT": "being answered",
                "QUEUE_CAPACITY": "capacity",
            }.items()
        ),
        alerts=["LLMQueueSaturated"],
    ),
    panels.QUEUE_USE,
)


BOARD: Final = Board(
    config.OVERVIEW,
    "LLM overview",
    "Health, cost, quality and infrastructure at a glance. Start here; each panel links to details.",
    "dashboards_src/boards/overview.py",
    rows=[HEALTH, COST_ROW, QUALITY_ROW, INFRASTRUCTURE],
)
