"""LLM cost: how much of the budgets is gone, who spends it, and can the numbers be trusted."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, queries
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import Panel, PanelOptions, dashboard
from dashboards_src.boards.targets import PrometheusQuery
from dashboards_src.boards.thresholds import red_above

DAY_BUDGET: Final = config.DAILY_BUDGET.production
MONTH_BUDGET: Final = config.MONTHLY_BUDGET.production
OVERVIEW: Final = dashboard(config.OVERVIEW, "Overview")
ALL_SERVICES: Final = " All services together: the budget is one pot, whatever is chosen above."

# --- Budget ---------------------------------------------------------------------------------------------


def cost_per_hour() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Cost per hour now",
            "At the pace of the last minutes. Red is the alert's limit: find who spends in the row below, and"
            " lower that tenant's limits or move the endpoint to a cheaper model." + ALL_SERVICES,
            grafana.DOLLARS,
            size=(5, 5),
            decimals=grafana.MONEY_DECIMALS,
            thresholds=red_above(config.COST_PER_HOUR),
            alerts=["LLMCostSpike"],
        ),
        PrometheusQuery(f"sum(%(SERVICE_COST)s) {queries.PER_HOUR}"),
        sparkline=True,
    )


def day_budget() -> Panel:
    return grafana.bar_gauge(
        PanelOptions(
            "Budget of 24 hours",
            f"Share of {DAY_BUDGET} dollars spent in the last 24 hours, rolling. Yellow: act while something is left."
            + ALL_SERVICES,
            grafana.SHARE,
            size=(5, 5),
            minimum=0,
            maximum=1,
            decimals=1,
            thresholds=red_above(1, config.BUDGET_WARNING),
            alerts=["LLMDailyBudget"],
        ),
        PrometheusQuery("sum(%(SERVICE_COST_DAY)s) / %(DAILY_BUDGET.production)s", "24 hours"),
    )


def month_budget() -> Panel:
    return grafana.bar_gauge(
        PanelOptions(
            "Budget of 30 days",
            f"Share of {MONTH_BUDGET} dollars spent in the last 30 days, rolling. Yellow: act while something is left."
            + ALL_SERVICES,
            grafana.SHARE,
            size=(5, 5),
            minimum=0,
            maximum=1,
            decimals=1,
            thresholds=red_above(1, config.BUDGET_WARNING),
            alerts=["LLMMonthlyBudget"],
        ),
        PrometheusQuery("sum(%(SERVICE_COST_MONTH)s) / %(MONTHLY_BUDGET.production)s", "30 days"),
    )


def budget_burn() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Budget burn",
            "How full the two budgets are, rolling. A line that rises steadily reaches 1 when it looks as if it would:"
            " that is how long there is to act." + ALL_SERVICES,
            grafana.SHARE,
            size=(24, 7),
            thresholds=red_above(1, config.BUDGET_WARNING),
            alerts=["LLMDailyBudget", "LLMMonthlyBudget"],
            time_from="7d",
            interval="15m",
        ),
        PrometheusQuery("sum(%(SERVICE_COST_DAY)s) / %(DAILY_BUDGET.production)s", "24 hours"),
        PrometheusQuery("sum(%(SERVICE_COST_MONTH)s) / %(MONTHLY_BUDGET.production)s", "30 days"),
    )


def spent_in_range() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Cost in the time range",
            "What the chosen services, endpoints, models and tenants cost in the time range above, up to"
            f" {config.HISTORY.production} late.",
            grafana.DOLLARS,
            size=(5, 5),
            decimals=grafana.MONEY_DECIMALS,
            links=[OVERVIEW],
        ),
        PrometheusQuery(queries.over_history("HISTORY_COST", "$__range")),
    )


def spent_in_month() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Cost of 30 days",
            "What the chosen services cost in the last 30 days, rolling.",
            grafana.DOLLARS,
            size=(4, 5),
            decimals=grafana.MONEY_DECIMALS,
        ),
        PrometheusQuery("sum(%(SERVICE_COST_MONTH.filtered)s)"),
    )


# --- Who spends -----------------------------------------------------------------------------------------


def _spent_by(label: str, description: str) -> Panel:
    return grafana.bar_gauge(
        PanelOptions(
            f"Cost by {label}",
            description,
            grafana.DOLLARS,
            decimals=grafana.MONEY_DECIMALS,
            minimum=0,
        ),
        PrometheusQuery(f"topk(20, {queries.over_history('HISTORY_COST', '$__range', label)})", f"{{{{{label}}}}}"),
    )


def by_tenant() -> Panel:
    return _spent_by("tenant", "In the time range, the largest 20. `other` are tenants that no setting names.")


def by_model() -> Panel:
    return _spent_by("model", "In the time range, the largest 20. An expensive model that nobody expects: a fallback?")


def by_endpoint() -> Panel:
    return _spent_by("endpoint", "In the time range, the largest 20. Compare with its requests: dear, or busy?")


def per_hour_by_model() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Cost per hour by model",
            "Pace of spending; the dashed line is the limit for everything together. A step is a deployment (blue"
            " mark), a new tenant, or a loop that calls the model again and again.",
            grafana.DOLLARS,
            size=(12, 8),
            thresholds=red_above(config.COST_PER_HOUR),
            alerts=["LLMCostSpike"],
        ),
        PrometheusQuery(f"{queries.rate('COST', 'model')} {queries.PER_HOUR}", "{{model}}"),
        stacked=True,
    )


def per_day() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Cost per day, 30 days",
            "Each bar is the 24 hours before its time, by model. Weekends and growth show here; the line is the daily"
            " budget.",
            grafana.DOLLARS,
            size=(12, 8),
            time_from="30d",
            interval="1d",
            thresholds=red_above(DAY_BUDGET),
            alerts=["LLMDailyBudget"],
        ),
        PrometheusQuery(queries.over_history("HISTORY_COST", "1d", "model"), "{{model}}"),
        bars=True,
        stacked=True,
    )


# --- Per request ----------------------------------------------------------------------------------------


def growth() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Cost per request against the days before",
            "Times what a request cost at the same hour of the days before (median). Above the line the alert fires:"
            " a longer prompt or answer, or a dearer model. Nothing is shown in the first days.",
            grafana.TIMES,
            decimals=2,
            thresholds=red_above(config.COST_PER_REQUEST_OF_USUAL),
            alerts=["LLMCostPerRequestGrowing"],
        ),
        PrometheusQuery(
            "%(ENDPOINT_COST_PER_REQUEST.filtered)s / quantile without (day) (0.5, %(COST_PER_REQUEST_BEFORE.filtered)s)",
            "{{service}} {{endpoint}}",
        ),
    )


def request_cost() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Cost per request by endpoint",
            "Dollars per generation over the last hour, where there were enough requests to say.",
            grafana.DOLLARS,
            decimals=4,
            alerts=["LLMCostPerRequestGrowing"],
        ),
        PrometheusQuery("%(ENDPOINT_COST_PER_REQUEST.filtered)s", "{{service}} {{endpoint}}"),
    )


def tokens_per_request() -> Panel:
    requests = f"({queries.rate('REQUESTS', 'endpoint')} > 0)"
    return grafana.time_series(
        PanelOptions(
            "Tokens per request by endpoint",
            "The cause of most changes in cost: input grows with prompts, history and chunks, output with what is asked"
            " for.",
            grafana.COUNT,
        ),
        PrometheusQuery(f"{queries.rate('INPUT_TOKENS', 'endpoint')} / {requests}", "{{endpoint}} input"),
        PrometheusQuery(f"{queries.rate('OUTPUT_TOKENS', 'endpoint')} / {requests}", "{{endpoint}} output"),
    )


# --- Can the numbers be trusted -------------------------------------------------------------------------


def retry_money() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Money spent on retries",
            "Dollars an hour for attempts whose answer was not used. When it is more than a few percent of the cost per"
            " hour, look at why attempts fail after they were billed: time-outs that are too short, validation.",
            grafana.DOLLARS,
            decimals=4,
            alerts=["LLMRetryStorm"],
        ),
        PrometheusQuery(f"{queries.rate('RETRY_COST', 'model')} {queries.PER_HOUR}", "{{model}}"),
    )


def unpriced_calls() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Unpriced calls per minute by model",
            "Calls of a model without a price: their cost counts as 0, so every panel here is too low. Add the price to"
            " llm_telemetry/prices.yaml.",
            grafana.PER_MINUTE,
            alerts=["LLMModelUnpriced"],
        ),
        PrometheusQuery(f"{queries.rate('UNPRICED', 'service, model')} {queries.PER_MINUTE}", "{{service}} {{model}}"),
    )


def price_age() -> Panel:
    return grafana.stat(
        PanelOptions(
            "Age of the price table",
            "Since the newest price was checked. Red: compare the table with the providers' price lists.",
            grafana.SECONDS,
            thresholds=red_above(config.PRICE_TABLE_AGE),
            alerts=["LLMPriceTableStale"],
        ),
        PrometheusQuery("time() - min by (service) (%(PRICE_TABLE_TIMESTAMP.filtered)s)", "{{service}}"),
    )


def unknown_usage() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Answers without usage per minute",
            "Answers that did not say how many tokens they took (streams without usage): their cost is unknown, not 0."
            " Ask for usage in the request.",
            grafana.PER_MINUTE,
        ),
        PrometheusQuery(
            f"{queries.rate('USAGE_UNKNOWN', 'endpoint, model')} {queries.PER_MINUTE}", "{{endpoint}} {{model}}"
        ),
    )


def cost_sources() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Cost per hour by where the price is from",
            "`table` is our price table, `reported` what the provider said, `unpriced` always 0.",
            grafana.DOLLARS,
        ),
        PrometheusQuery(f"{queries.rate('COST', 'cost_source')} {queries.PER_HOUR}", "{{cost_source}}"),
        stacked=True,
    )


def overflow() -> Panel:
    return grafana.time_series(
        PanelOptions(
            "Values counted as `other` per minute",
            "Tenants, models or endpoints that no setting names: they are added up under `other`. Name those that"
            " matter in the telemetry's settings.",
            grafana.PER_MINUTE,
        ),
        PrometheusQuery(
            f"{queries.rate('LABEL_OVERFLOW', 'service, label')} {queries.PER_MINUTE}", "{{service}} {{label}}"
        ),
    )


BOARD: Final = Board(
    config.COST_BOARD,
    "LLM cost",
    "How much of the budgets is gone, who spends it, and can the numbers be trusted. US dollars; days are UTC.",
    "dashboards_src/boards/cost.py",
    since="now-24h",
    refresh="1m",
    rows=[
        Row("Budget", [cost_per_hour, day_budget, month_budget, spent_in_range, spent_in_month, budget_burn]),
        Row("Who spends", [by_tenant, by_model, by_endpoint, per_hour_by_model, per_day]),
        Row("Per request", [growth, request_cost, tokens_per_request]),
        Row(
            "Waste, and whether the numbers can be trusted",
            [retry_money, unpriced_calls, price_age, unknown_usage, cost_sources, overflow],
        ),
    ],
)
