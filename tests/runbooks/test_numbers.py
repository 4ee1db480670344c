"""The threshold and the duration in a runbook's first paragraph are those of its alert."""

from __future__ import annotations

import pytest
from runbook_texts import text

from dashboards_src import config
from dashboards_src.alerts import alerts_at
from dashboards_src.alerts.alert import Alert
from dashboards_src.alerts.slo import can_burn

THRESHOLDS = {
    "LLMHighErrorRate": f"{config.ERROR_RATE * 100:g} %",
    "LLMLatencyHigh": f"{config.LATENCY_P95_MS / 1000:g} s",
    "LLMTimeToFirstTokenHigh": f"{config.TTFT_P95_MS / 1000:g} s",
    "LLMRetrievalSlow": f"{config.RETRIEVAL_P95_MS} ms",
    "LLMContextNearlyFull": f"{config.CONTEXT_P95 * 100:g} %",
    "LLMQueueSaturated": f"{config.QUEUE_USE * 100:g} %",
    "LLMSafetyViolations": f"{config.VIOLATIONS_SHARE * 100:g} %",
    "LLMCostSpike": f"{config.COST_PER_HOUR.production} US dollars",
    "LLMCostPerRequestGrowing": f"{config.COST_PER_REQUEST_OF_USUAL} times",
    "LLMDailyBudget": f"{config.DAILY_BUDGET.production} US dollars",
    "LLMMonthlyBudget": f"{config.MONTHLY_BUDGET.production} US dollars",
    "LLMPriceTableStale": f"{config.PRICE_TABLE_AGE // 86400} days",
    "LLMQualityDegradation": f"{config.MIN_FAITHFULNESS}",
    "LLMQualityWeeklyDrop": f"{config.WEEKLY_DROP * 100:g} %",
    "LLMProviderErrorRateHigh": f"{config.PROVIDER_ERROR_RATE * 100:g} %",
}
UNITS = {"m": "minutes", "h": "hours"}
ONE = {"m": "a minute", "h": "an hour"}
# Their `for` only lets a value settle, repeats the expression's window, or differs by window.
WITHOUT_FOR = {
    "LLMDailyBudget", "LLMMonthlyBudget", "LLMModelUnpriced", "LLMQualityWeeklyDrop", "StackWatchdog",
    *(slo.alert for slo in config.SLOS),
}  # fmt: skip


def first_paragraph(name: str) -> str:
    return " ".join(text(name).split("## Meaning")[0].split())


@pytest.mark.parametrize(("name", "threshold"), THRESHOLDS.items())
def test_the_first_paragraph_names_the_threshold(name: str, threshold: str) -> None:
    assert threshold in first_paragraph(name)


@pytest.mark.parametrize("alert", [alert for alert in alerts_at("production") if alert.name not in WITHOUT_FOR])
def test_the_first_paragraph_names_the_duration(alert: Alert) -> None:
    wait = alert.for_.production
    count, unit = wait[:-1], wait[-1]
    duration = ONE[unit] if count == "1" else f"{count} {UNITS[unit]}"
    assert f"for {duration}" in first_paragraph(alert.name)


@pytest.mark.parametrize("slo", config.SLOS)
def test_the_table_of_a_budget_burn_has_the_windows_and_shares_of_the_rules(slo: config.Slo) -> None:
    rows = [line for line in text(slo.alert).splitlines() if line.startswith("| ") and " % " in line]
    burns = [burn for burn in config.BURNS if can_burn(slo, burn, "production")]
    for row, burn in zip(rows, burns, strict=True):
        share = burn.factor.production * slo.error_budget * 100
        assert row.startswith(f"| {burn.name} | {burn.severity} | over {share:g} % |"), row
        # A budget of 30 days, spent `factor` times too fast.
        assert row.endswith(f"| {round(30 / burn.factor.production)} days |"), row
