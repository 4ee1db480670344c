"""LLM cost: budgets, cost by tenant, model and endpoint, and the quality of the numbers."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, panels, queries
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, dashboard
from dashboards_src.boards.panels import legend
from dashboards_src.boards.queries import PrometheusQuery
from dashboards_src.boards.thresholds import red_above

DAY_BUDGET: Final = config.DAILY_BUDGET.production
MONTH_BUDGET: Final = config.MONTHLY_BUDGET.production
ALL_SERVICES: Final = " All services together, regardless of the filters, because they share the budget."


DAY_SPENT: Final = PrometheusQuery("sum(%(SERVICE_COST_DAY)s) / %(DAILY_BUDGET.production)s", "24 hours")
MONTH_SPENT: Final = PrometheusQuery("sum(%(SERVICE_COST_MONTH)s) / %(MONTHLY_BUDGET.production)s", "30 days")


def _budget(title: str, description: str, spent: PrometheusQuery, alert: str) -> Panel:
    return grafana.bar_gauge(
        title,
        f"{description} Yellow: reduce cost while some budget is left.{ALL_SERVICES}",
        grafana.SHARE,
        spent,
        size=(5, 5),
        minimum=0,
        maximum=1,
        decimals=1,
        thresholds=red_above(1, config.BUDGET_WARNING),
        alerts=[alert],
    )


def spent_by(label: str, advice: str) -> Panel:
    return grafana.bar_gauge(
        f"Cost by {label}",
        f"The 20 most expensive in the time range. {advice}",
        grafana.DOLLARS,
        PrometheusQuery(f"topk(20, {queries.over_history('HISTORY_COST', '$__range', label)})", legend(label)),
        decimals=grafana.MONEY_DECIMALS,
        minimum=0,
    )


def tokens_per_request() -> Panel:
    requests = f"({queries.rate('REQUESTS', 'endpoint')} > 0)"
    return grafana.time_series(
        "Tokens per request by endpoint",
        "Explains most changes in cost. Input grows with prompts, history and retrieved chunks; output grows with"
        " longer answers.",
        grafana.COUNT,
        PrometheusQuery(f"{queries.rate('INPUT_TOKENS', 'endpoint')} / {requests}", "{{endpoint}} input"),
        PrometheusQuery(f"{queries.rate('OUTPUT_TOKENS', 'endpoint')} / {requests}", "{{endpoint}} output"),
    )


BUDGET: Final = Row(
    "Budget",
    grafana.stat(
        "Cost per hour now",
        "Cost per hour at the rate of the last minutes. Red is the alert's limit: find the cause in the row below,"
        " then lower that tenant's limits or move the endpoint to a cheaper model." + ALL_SERVICES,
        grafana.DOLLARS,
        PrometheusQuery(f"sum(%(SERVICE_COST)s) {queries.PER_HOUR}"),
        size=(5, 5),
        decimals=grafana.MONEY_DECIMALS,
        thresholds=red_above(config.COST_PER_HOUR),
        alerts=["LLMCostSpike"],
        sparkline=True,
    ),
    _budget(
        "24-hour budget", f"Share of {DAY_BUDGET} dollars spent in the last 24 hours.", DAY_SPENT, "LLMDailyBudget"
    ),
    _budget(
        "30-day budget", f"Share of {MONTH_BUDGET} dollars spent in the last 30 days.", MONTH_SPENT, "LLMMonthlyBudget"
    ),
    panels.dollars(
        "Cost in the time range",
        "Cost of the chosen services, endpoints, models and tenants in the dashboard's time range. Up to"
        f" {config.HISTORY.production} late.",
        queries.over_history("HISTORY_COST", "$__range"),
        size=(5, 5),
        links=[dashboard(config.OVERVIEW, "Overview")],
    ),
    panels.dollars(
        "Cost of the last 30 days",
        "Cost of the chosen services in the last 30 days. Compare it with the monthly budget.",
        "sum(%(SERVICE_COST_MONTH.filtered)s)",
        size=(4, 5),
    ),
    grafana.time_series(
        "Budget burn",
        "Share of both budgets spent over time. Extend a rising line to 1 to see how much time is left to reduce"
        " cost." + ALL_SERVICES,
        grafana.SHARE,
        DAY_SPENT,
        MONTH_SPENT,
        size=(24, 7),
        thresholds=red_above(1, config.BUDGET_WARNING),
        alerts=["LLMDailyBudget", "LLMMonthlyBudget"],
        time_from="7d",
        interval="15m",
    ),
)

SPENDERS: Final = Row(
    "Cost by tenant, model and endpoint",
    spent_by("tenant", "`other` adds up the tenants that the telemetry settings do not list."),
    spent_by("model", "If an expensive model is unexpected, check for fallbacks."),
    spent_by("endpoint", "Compare with the endpoint's requests: many requests, or expensive ones?"),
    panels.dollars_per_hour(
        "Cost per hour by model",
        "The dashed line is the alert's limit for all models together. A step is a deployment (blue mark), a new"
        " tenant, or a loop that calls the model again and again.",
        "COST",
        "model",
        size=(12, 8),
        thresholds=red_above(config.COST_PER_HOUR),
        alerts=["LLMCostSpike"],
        stacked=True,
    ),
    grafana.time_series(
        "Cost per day, 30 days",
        "Each bar is the cost by model of the 24 hours before. The line is the daily budget. Growth and weekends"
        " are visible here: plan budgets with them.",
        grafana.DOLLARS,
        PrometheusQuery(queries.over_history("HISTORY_COST", "1d", "model"), legend("model")),
        size=(12, 8),
        time_from="30d",
        interval="1d",
        thresholds=red_above(DAY_BUDGET),
        alerts=["LLMDailyBudget"],
        bars=True,
        stacked=True,
    ),
)

PER_REQUEST: Final = Row(
    "Cost per request",
    panels.cost_per_request_of_usual("Cost per request compared with previous days"),
    grafana.time_series(
        "Cost per request by endpoint",
        "US dollars per generation over the last hour. Endpoints with few requests are left out. If an endpoint"
        " rises, check its tokens per request.",
        grafana.DOLLARS,
        PrometheusQuery("%(ENDPOINT_COST_PER_REQUEST.filtered)s", legend("service, endpoint")),
        decimals=4,
        alerts=["LLMCostPerRequestGrowing"],
    ),
    tokens_per_request(),
)

DATA_QUALITY: Final = Row(
    "Waste and data quality",
    panels.dollars_per_hour(
        "Cost of retries per hour",
        "Cost of attempts whose answer was not used. If this is more than a few percent of the cost per hour, find out"
        " why attempts fail after they were billed: timeouts that are too short, or failed validation.",
        "RETRY_COST",
        "model",
        decimals=4,
        alerts=["LLMRetryStorm"],
    ),
    panels.events_per_minute(
        "Unpriced calls per minute by model",
        "Calls of models without a price. Their cost counts as 0, so every panel here is too low. Add the price to"
        " llm_telemetry/prices.yaml.",
        "UNPRICED",
        "service, model",
        alerts=["LLMModelUnpriced"],
    ),
    grafana.stat(
        "Age of the price table",
        "Time since the prices were last checked. Red: compare the table with the providers' price lists.",
        grafana.SECONDS,
        PrometheusQuery("time() - min by (service) (%(PRICE_TABLE_TIMESTAMP.filtered)s)", legend("service")),
        thresholds=red_above(config.PRICE_TABLE_AGE),
        alerts=["LLMPriceTableStale"],
    ),
    panels.events_per_minute(
        "Answers without usage per minute",
        "Answers that did not report their tokens, such as streams without usage. Their cost is unknown and missing"
        " here. Request usage from the provider.",
        "USAGE_UNKNOWN",
        "endpoint, model",
    ),
    panels.dollars_per_hour(
        "Cost per hour by price source",
        "`table`: priced by the price table. `reported`: the provider reported the cost. `unpriced`: no price,"
        " always 0. Add missing prices to llm_telemetry/prices.yaml.",
        "COST",
        "cost_source",
        stacked=True,
    ),
    panels.events_per_minute(
        "Values counted as `other` per minute",
        "Label values that the telemetry settings do not list, such as tenants or models. They are added up under"
        " `other`. Add important values to llm_telemetry/settings.yaml.",
        "LABEL_OVERFLOW",
        "service, label",
    ),
)


BOARD: Final = Board(
    config.COST_BOARD,
    "LLM cost",
    "Budgets, cost by tenant, model and endpoint, and the quality of these numbers. US dollars; days are UTC.",
    "dashboards_src/boards/cost.py",
    since="now-24h",
    refresh="1m",
    rows=[BUDGET, SPENDERS, PER_REQUEST, DATA_QUALITY],
)
