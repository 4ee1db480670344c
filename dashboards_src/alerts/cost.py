"""Alerts on money: cost per hour, per request, per day and per month; missing and old prices."""

from __future__ import annotations

from functools import partial
from typing import Final

from dashboards_src import config
from dashboards_src.alerts.alert import CALLS, LONG_ANSWERS, NEWEST_CALLS, Alert
from dashboards_src.alerts.rules import RulesFile
from dashboards_src.config import Severity
from dashboards_src.records.llm import COST_FILE, HISTORY_FILE

# All services spend the same budget, so these alerts add all services up and name the one that spends most.
BIGGEST_SPENDER: Final = (
    '{{ with query "topk(1, %s)" }}{{ with first . }}, most of it by {{ .Labels.service }}{{ end }}{{ end }}'
)

_alert = partial(Alert, severity="warning", team="cost", dashboard=config.COST_BOARD)


def _budget(name: str, spent: str, budget: str, period: str, severity: Severity) -> Alert:
    share = "%(BUDGET_WARNING)s" if severity == "warning" else "1"
    state = "nearly spent" if severity == "warning" else "spent"
    return _alert(
        name=name,
        expr=f"sum({spent}) / {budget} > {share}",
        for_=config.BUDGET_FOR,
        severity=severity,
        summary=f"The {period} budget is {state}.",
        description=f"{{{{ $value | humanizePercentage }}}} of the {period} budget of {budget} US dollars is spent"
        f"{BIGGEST_SPENDER % spent}.",
        labels=(),
        evidence=CALLS,
        scenarios=("budget",),
    )


def _daily(severity: Severity) -> Alert:
    return _budget("LLMDailyBudget", "%(SERVICE_COST_DAY)s", "%(DAILY_BUDGET)s", "24-hour", severity)


def _monthly(severity: Severity) -> Alert:
    return _budget("LLMMonthlyBudget", "%(SERVICE_COST_MONTH)s", "%(MONTHLY_BUDGET)s", "30-day", severity)


ALERTS: Final = (
    _alert(
        name="LLMCostSpike",
        expr="sum(%(SERVICE_COST)s) * 3600 > %(COST_PER_HOUR)s",
        for_=config.COST_PER_HOUR_FOR,
        severity="critical",
        summary="Model calls cost too much per hour.",
        description="At the rate of the last %(RATE)s, model calls cost {{ $value | printf `%.2f` }} US dollars"
        f" per hour (limit %(COST_PER_HOUR)s){BIGGEST_SPENDER % '%(SERVICE_COST)s'}.",
        labels=(),
        evidence=LONG_ANSWERS,
        scenarios=("cost-spike",),
    ),
    _alert(
        name="LLMCostPerRequestGrowing",
        expr="""
        %(ENDPOINT_COST_PER_REQUEST)s / quantile without (day) (0.5, %(COST_PER_REQUEST_BEFORE)s)
        > %(COST_PER_REQUEST_OF_USUAL)s
        and count without (day) (%(COST_PER_REQUEST_BEFORE)s) >= %(MIN_DAYS_BEFORE)s
        """,
        for_=config.COST_PER_REQUEST_FOR,
        summary="A request costs more than on the previous days.",
        description="{{ $labels.service }} {{ $labels.endpoint }}: a request costs {{ $value | printf `%.2f` }} times"
        " the usual amount at this hour (limit %(COST_PER_REQUEST_OF_USUAL)s).",
        labels=("service", "endpoint"),
        evidence=LONG_ANSWERS,
        scenarios=("cost-trend", "deployment"),
    ),
    _daily("warning"),
    _daily("critical"),
    _alert(
        name="LLMModelUnpriced",
        expr="sum by (service, model) (increase(%(UNPRICED)s[%(HOUR)s])) > 0",
        for_=config.UNPRICED_FOR,
        summary="A model without a price is in use. Its calls count as free.",
        description="{{ $labels.service }} called {{ $labels.model }} in the last %(HOUR)s"
        " ({{ $value | humanize }} calls). The price table has no price for this model.",
        labels=("service", "model"),
        evidence=NEWEST_CALLS,
        scenarios=("unpriced",),
    ),
    _alert(
        name="LLMPriceTableStale",
        expr="time() - min by (service) (%(PRICE_TABLE_TIMESTAMP)s) > %(PRICE_TABLE_AGE)s",
        for_=config.PRICE_TABLE_FOR,
        summary="The price table is old. Costs may be wrong.",
        description="{{ $labels.service }} uses prices that were last checked {{ $value | humanizeDuration }} ago.",
        labels=("service",),
        evidence=CALLS,
    ),
)

FILE: Final = RulesFile(COST_FILE, "Cost per hour, per request and per day; missing and old prices.", ALERTS, slow=True)

MONTH_ALERTS: Final = (_monthly("warning"), _monthly("critical"))

HISTORY: Final = RulesFile(
    HISTORY_FILE, "History for dashboards over weeks, and the 30-day budget.", MONTH_ALERTS, slow=True
)
