"""Alerts on money: too much an hour, per request, a day, a month; and prices that are missing or old."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.alerts.rules import Alert, RulesFile
from dashboards_src.config import Severity
from dashboards_src.records import COST_FILE, HISTORY_FILE, increased

# The money is one pot, so the alert is on all services together and says who spends most.
MOST_BY: Final = (
    '{{ with query "topk(1, %s)" }}{{ with first . }}, most of it by {{ .Labels.service }}{{ end }}{{ end }}'
)


def _budget(file: str, name: str, spent: str, budget: str, what: str, severity: Severity) -> Alert:
    share = "%(BUDGET_WARNING)s" if severity == "warning" else "1"
    state = "nearly spent" if severity == "warning" else "spent"
    return Alert(
        file,
        name,
        f"sum({spent}) / {budget} > {share}",
        config.BUDGET_FOR,
        severity,
        "cost",
        config.COST_BOARD,
        f"The {what} budget is {state}.",
        f"{{{{ $value | humanizePercentage }}}} of the {what} budget of {budget} US dollars is spent{MOST_BY % spent}.",
        (),
    )


def _daily(severity: Severity) -> Alert:
    return _budget(COST_FILE, "LLMDailyBudget", "%(SERVICE_COST_DAY)s", "%(DAILY_BUDGET)s", "24-hour", severity)


def _monthly(severity: Severity) -> Alert:
    return _budget(HISTORY_FILE, "LLMMonthlyBudget", "%(SERVICE_COST_MONTH)s", "%(MONTHLY_BUDGET)s", "30-day", severity)


ALERTS: Final = (
    Alert(
        COST_FILE,
        "LLMCostSpike",
        "sum(%(SERVICE_COST)s) * 3600 > %(COST_PER_HOUR)s",
        config.COST_PER_HOUR_FOR,
        "critical",
        "cost",
        config.COST_BOARD,
        "Model calls cost too much an hour.",
        "At the pace of the last %(RATE)s, an hour costs {{ $value | printf `%.2f` }} US dollars"
        f" (limit %(COST_PER_HOUR)s){MOST_BY % '%(SERVICE_COST)s'}.",
        (),
    ),
    Alert(
        COST_FILE,
        "LLMCostPerRequestGrowing",
        """
        %(ENDPOINT_COST_PER_REQUEST)s / quantile without (day) (0.5, %(COST_PER_REQUEST_BEFORE)s)
        > %(COST_PER_REQUEST_GROWTH)s
        and count without (day) (%(COST_PER_REQUEST_BEFORE)s) >= %(DAYS_BEFORE_LEAST)s
        """,
        config.COST_PER_REQUEST_FOR,
        "warning",
        "cost",
        config.COST_BOARD,
        "A request costs more than on the days before.",
        "{{ $labels.service }} {{ $labels.endpoint }}: a request costs {{ $value | printf `%.2f` }} times what it cost"
        " at this hour of the days before (limit %(COST_PER_REQUEST_GROWTH)s).",
        ("service", "endpoint"),
    ),
    _daily("warning"),
    _daily("critical"),
    Alert(
        COST_FILE,
        "LLMModelUnpriced",
        f"sum by (service, model) ({increased('%(UNPRICED)s', '%(HOUR)s')}) > 0",
        config.UNPRICED_FOR,
        "warning",
        "cost",
        config.COST_BOARD,
        "Calls are made on a model without a price; their cost counts as 0.",
        "{{ $labels.service }}: calls on {{ $labels.model }} in the last %(HOUR)s: {{ $value | humanize }};"
        " it has no price.",
        ("service", "model"),
    ),
    Alert(
        COST_FILE,
        "LLMPriceTableStale",
        "time() - min by (service) (%(PRICE_TABLE_TIMESTAMP)s) > %(PRICE_TABLE_AGE)s",
        config.PRICE_TABLE_FOR,
        "warning",
        "cost",
        config.COST_BOARD,
        "The price table is old; costs may be wrong.",
        "{{ $labels.service }} counts with prices that were checked {{ $value | humanizeDuration }} ago.",
        ("service",),
    ),
)

FILE: Final = RulesFile(COST_FILE, "Cost: an hour, a request, a day; missing and old prices.", ALERTS, slowly=True)

MONTH_ALERTS: Final = (_monthly("warning"), _monthly("critical"))

HISTORY: Final = RulesFile(
    HISTORY_FILE, "What dashboards over weeks and the 30-day budget add up.", MONTH_ALERTS, slowly=True
)
