"""LLM cost: how much of the budgets is gone, who spends it, and can the numbers be trusted."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.boards import grafana, scope
from dashboards_src.boards.board import Board, Row
from dashboards_src.boards.grafana import About, Panel, dashboard
from dashboards_src.boards.targets import Prom
from dashboards_src.boards.thresholds import bad_above

DAY_BUDGET: Final = config.DAILY_BUDGET.production
MONTH_BUDGET: Final = config.MONTHLY_BUDGET.production
OVERVIEW: Final = dashboard(config.OVERVIEW, "Overview")
ALL_SERVICES: Final = " All services together: the budget is one pot, whatever is chosen above."

# --- Budget ---------------------------------------------------------------------------------------------


def cost_per_hour() -> Panel:
    return grafana.stat(
        About(
            "Cost per hour now",
            "At the pace of the last minutes. Red is the alert's limit: find who spends in the row below, and"
            " lower that tenant's limits or move the endpoint to a cheaper model." + ALL_SERVICES,
            grafana.DOLLARS,
            size=(5, 5),
            decimals=grafana.MONEY_DECIMALS,
            thresholds=bad_above(config.COST_PER_HOUR),
            alerts=["LLMCostSpike"],
        ),
        Prom(f"sum(%(SERVICE_COST)s) {scope.AN_HOUR}"),
        sparkline=True,
    )


def day_budget() -> Panel:
    return grafana.bar_gauge(
        About(
            "Budget of 24 hours",
            f"Share of {DAY_BUDGET} dollars spent in the last 24 hours, rolling. Yellow: act while something is left."
            + ALL_SERVICES,
            grafana.SHARE,
            size=(5, 5),
            minimum=0,
            maximum=1,
            decimals=1,
            thresholds=bad_above(1, config.BUDGET_WARNING),
            alerts=["LLMDailyBudget"],
        ),
        Prom("sum(%(SERVICE_COST_DAY)s) / %(DAILY_BUDGET.production)s", "24 hours"),
    )


def month_budget() -> Panel:
    return grafana.bar_gauge(
        About(
            "Budget of 30 days",
            f"Share of {MONTH_BUDGET} dollars spent in the last 30 days, rolling. Yellow: act while something is left."
            + ALL_SERVICES,
            grafana.SHARE,
            size=(5, 5),
            minimum=0,
            maximum=1,
            decimals=1,
            thresholds=bad_above(1, config.BUDGET_WARNING),
            alerts=["LLMMonthlyBudget"],
        ),
        Prom("sum(%(SERVICE_COST_MONTH)s) / %(MONTHLY_BUDGET.production)s", "30 days"),
    )


def budget_burn() -> Panel:
    return grafana.time_series(
        About(
            "Budget burn",
            "How full the two budgets are, rolling. A line that rises steadily reaches 1 when it looks as if it would:"
            " that is how long there is to act." + ALL_SERVICES,
            grafana.SHARE,
            size=(24, 7),
            thresholds=bad_above(1, config.BUDGET_WARNING),
            alerts=["LLMDailyBudget", "LLMMonthlyBudget"],
            time_from="7d",
            interval="15m",
        ),
        Prom("sum(%(SERVICE_COST_DAY)s) / %(DAILY_BUDGET.production)s", "24 hours"),
        Prom("sum(%(SERVICE_COST_MONTH)s) / %(MONTHLY_BUDGET.production)s", "30 days"),
    )


def spent_in_range() -> Panel:
    return grafana.stat(
        About(
            "Cost in the time range",
            "What the chosen services, endpoints, models and tenants cost in the time range above, up to"
            f" {config.HISTORY.production} late.",
            grafana.DOLLARS,
            size=(5, 5),
            decimals=grafana.MONEY_DECIMALS,
            see=[OVERVIEW],
        ),
        Prom(scope.over_history("HISTORY_COST", "$__range")),
    )


def spent_in_month() -> Panel:
    return grafana.stat(
        About(
            "Cost of 30 days",
            "What the chosen services cost in the last 30 days, rolling.",
            grafana.DOLLARS,
            size=(4, 5),
            decimals=grafana.MONEY_DECIMALS,
        ),
        Prom("sum(%(SERVICE_COST_MONTH.scoped)s)"),
    )


# --- Who spends -----------------------------------------------------------------------------------------


def _spent_by(label: str, description: str) -> Panel:
    return grafana.bar_gauge(
        About(
            f"Cost by {label}",
            description,
            grafana.DOLLARS,
            decimals=grafana.MONEY_DECIMALS,
            minimum=0,
        ),
        Prom(f"topk(20, {scope.over_history('HISTORY_COST', '$__range', label)})", f"{{{{{label}}}}}"),
    )


def by_tenant() -> Panel:
    return _spent_by("tenant", "In the time range, the largest 20. `other` are tenants that no setting names.")


def by_model() -> Panel:
    return _spent_by("model", "In the time range, the largest 20. An expensive model that nobody expects: a fallback?")


def by_endpoint() -> Panel:
    return _spent_by("endpoint", "In the time range, the largest 20. Compare with its requests: dear, or busy?")


def per_hour_by_model() -> Panel:
    return grafana.time_series(
        About(
            "Cost per hour by model",
            "Pace of spending; the dashed line is the limit for everything together. A step is a deployment (blue"
            " mark), a new tenant, or a loop that calls the model again and again.",
            grafana.DOLLARS,
            size=(12, 8),
            thresholds=bad_above(config.COST_PER_HOUR),
            alerts=["LLMCostSpike"],
        ),
        Prom(f"{scope.per_second('COST', 'model')} {scope.AN_HOUR}", "{{model}}"),
        stacked=True,
    )


def per_day() -> Panel:
    return grafana.time_series(
        About(
            "Cost per day, 30 days",
            "Each bar is the 24 hours before its time, by model. Weekends and growth show here; the line is the daily"
            " budget.",
            grafana.DOLLARS,
            size=(12, 8),
            time_from="30d",
            interval="1d",
            thresholds=bad_above(DAY_BUDGET),
            alerts=["LLMDailyBudget"],
        ),
        Prom(scope.over_history("HISTORY_COST", "1d", "model"), "{{model}}"),
        bars=True,
        stacked=True,
    )


# --- Per request ----------------------------------------------------------------------------------------


def growth() -> Panel:
    return grafana.time_series(
        About(
            "Cost per request against the days before",
            "Times what a request cost at the same hour of the days before (median). Above the line the alert fires:"
            " a longer prompt or answer, or a dearer model. Nothing is shown in the first days.",
            grafana.TIMES,
            decimals=2,
            thresholds=bad_above(config.COST_PER_REQUEST_GROWTH),
            alerts=["LLMCostPerRequestGrowing"],
        ),
        Prom(
            "%(ENDPOINT_COST_PER_REQUEST.scoped)s / quantile without (day) (0.5, %(COST_PER_REQUEST_BEFORE.scoped)s)",
            "{{service}} {{endpoint}}",
        ),
    )


def request_cost() -> Panel:
    return grafana.time_series(
        About(
            "Cost per request by endpoint",
            "Dollars per generation over the last hour, where there were enough requests to say.",
            grafana.DOLLARS,
            decimals=4,
            alerts=["LLMCostPerRequestGrowing"],
        ),
        Prom("%(ENDPOINT_COST_PER_REQUEST.scoped)s", "{{service}} {{endpoint}}"),
    )


def tokens_per_request() -> Panel:
    requests = f"({scope.per_second('REQUESTS', 'endpoint')} > 0)"
    return grafana.time_series(
        About(
            "Tokens per request by endpoint",
            "The cause of most changes in cost: input grows with prompts, history and chunks, output with what is asked"
            " for.",
            grafana.COUNT,
        ),
        Prom(f"{scope.per_second('INPUT_TOKENS', 'endpoint')} / {requests}", "{{endpoint}} input"),
        Prom(f"{scope.per_second('OUTPUT_TOKENS', 'endpoint')} / {requests}", "{{endpoint}} output"),
    )


# --- Can the numbers be trusted -------------------------------------------------------------------------


def retry_money() -> Panel:
    return grafana.time_series(
        About(
            "Money spent on retries",
            "Dollars an hour for attempts whose answer was not used. When it is more than a few percent of the cost per"
            " hour, look at why attempts fail after they were billed: time-outs that are too short, validation.",
            grafana.DOLLARS,
            decimals=4,
            alerts=["LLMRetryStorm"],
        ),
        Prom(f"{scope.per_second('RETRY_COST', 'model')} {scope.AN_HOUR}", "{{model}}"),
    )


def unpriced_calls() -> Panel:
    return grafana.time_series(
        About(
            "Unpriced calls per minute by model",
            "Calls of a model without a price: their cost counts as 0, so every panel here is too low. Add the price to"
            " llm_telemetry/prices.yaml.",
            grafana.PER_MINUTE,
            alerts=["LLMModelUnpriced"],
        ),
        Prom(f"{scope.per_second('UNPRICED', 'service, model')} {scope.A_MINUTE}", "{{service}} {{model}}"),
    )


def price_age() -> Panel:
    return grafana.stat(
        About(
            "Age of the price table",
            "Since the newest price was checked. Red: compare the table with the providers' price lists.",
            grafana.SECONDS,
            thresholds=bad_above(config.PRICE_TABLE_AGE),
            alerts=["LLMPriceTableStale"],
        ),
        Prom("time() - min by (service) (%(PRICE_TABLE_TIMESTAMP.scoped)s)", "{{service}}"),
    )


def unknown_usage() -> Panel:
    return grafana.time_series(
        About(
            "Answers without usage per minute",
            "Answers that did not say how many tokens they took (streams without usage): their cost is unknown, not 0."
            " Ask for usage in the request.",
            grafana.PER_MINUTE,
        ),
        Prom(f"{scope.per_second('USAGE_UNKNOWN', 'endpoint, model')} {scope.A_MINUTE}", "{{endpoint}} {{model}}"),
    )


def cost_sources() -> Panel:
    return grafana.time_series(
        About(
            "Cost per hour by where the price is from",
            "`table` is our price table, `reported` what the provider said, `unpriced` always 0.",
            grafana.DOLLARS,
        ),
        Prom(f"{scope.per_second('COST', 'cost_source')} {scope.AN_HOUR}", "{{cost_source}}"),
        stacked=True,
    )


def overflow() -> Panel:
    return grafana.time_series(
        About(
            "Values counted as `other` per minute",
            "Tenants, models or endpoints that no setting names: they are added up under `other`. Name those that"
            " matter in the telemetry's settings.",
            grafana.PER_MINUTE,
        ),
        Prom(f"{scope.per_second('LABEL_OVERFLOW', 'service, label')} {scope.A_MINUTE}", "{{service}} {{label}}"),
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
