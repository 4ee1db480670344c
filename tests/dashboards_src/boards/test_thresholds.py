"""Colours of panels change at the limits of the alerts that the panels link to."""

from __future__ import annotations

import pytest
from dashboard_queries import Panel, all_panels, panels

from dashboards_src import config
from dashboards_src.alerts import alerts_at
from dashboards_src.alerts.alert import Alert
from dashboards_src.alerts.slo import can_burn
from dashboards_src.boards import grafana, thresholds
from dashboards_src.config import PerScale


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        (thresholds.red_above(5), [(None, "green"), (5, "red")]),
        (thresholds.red_above(5, 4), [(None, "green"), (4, "yellow"), (5, "red")]),
        (thresholds.red_below(0.75), [(None, "red"), (0.75, "green")]),
        (thresholds.red_below(0, 0.2), [(None, "red"), (0, "yellow"), (0.2, "green")]),
        (thresholds.red_above(config.DAILY_BUDGET), [(None, "green"), (config.DAILY_BUDGET.production, "red")]),
    ],
)
def test_colours_start_at_the_limit(found: thresholds.Thresholds, steps: list[tuple[float | None, str]]) -> None:
    assert found == steps


def _value(limit: float | PerScale[int] | PerScale[float]) -> float:
    return limit.production if isinstance(limit, PerScale) else limit


MONTH, DAY, WARNING = _value(config.MONTHLY_BUDGET), _value(config.DAILY_BUDGET), config.BUDGET_WARNING


def _burns(slo: config.Slo) -> list[float]:
    """The burn rates of the objective's alerts, the highest first, and the colours of the error budget."""
    factors = [burn.factor.production for burn in config.BURNS if can_burn(slo, burn, "production")]
    return [*sorted(factors, reverse=True), *(burn.factor.production for burn in config.BURNS), 0, 1 - WARNING]


# Alert: the values at which panels that link to its runbook may change colour. The first is the alert's limit.
LIMITS: dict[str, list[float]] = {
    "LLMHighErrorRate": [config.ERROR_RATE],
    "LLMLatencyHigh": [config.LATENCY_P95_MS],
    "LLMTimeToFirstTokenHigh": [config.TTFT_P95_MS],
    "LLMRetrievalSlow": [config.RETRIEVAL_P95_MS],
    "LLMContextNearlyFull": [config.CONTEXT_P95],
    "LLMQueueSaturated": [config.QUEUE_USE],
    "LLMCostSpike": [_value(config.COST_PER_HOUR)],
    "LLMCostPerRequestGrowing": [config.COST_PER_REQUEST_OF_USUAL],
    "LLMDailyBudget": [1, WARNING, DAY],
    "LLMMonthlyBudget": [1, WARNING, MONTH, MONTH * WARNING],
    "LLMPriceTableStale": [config.PRICE_TABLE_AGE],
    "LLMQualityDegradation": [config.MIN_FAITHFULNESS],
    "LLMQualityWeeklyDrop": [-config.WEEKLY_DROP, 0],
    "LLMProviderErrorRateHigh": [config.PROVIDER_ERROR_RATE],
    "LLMRetryStorm": [config.RETRY_SHARE],
    "LLMCircuitBreakerOpen": [2, 1],
    **{slo.alert: _burns(slo) for slo in config.SLOS},
    "StackTelemetryRefused": [1],
    "StackTelemetryDropped": [1],
    "StackExporterQueueFilling": [_value(config.EXPORT_QUEUE_USE)],
    "StackStoreNotWritable": [1, config.STORE_FREE_BYTES],
    "StackRuleEvaluationFailing": [1],
}

# These alerts fire above 0. Panels draw this limit at 1.
ANY = ("StackTelemetryRefused", "StackTelemetryDropped", "StackStoreNotWritable", "StackRuleEvaluationFailing")


def linked(panel: Panel) -> set[str]:
    """The alerts whose runbooks a panel links to."""
    return {
        one["url"].removeprefix(f"{grafana.RUNBOOKS}/")
        for one in panel.json.get("links", [])
        if one["url"].startswith(grafana.RUNBOOKS)
    }


@pytest.mark.parametrize("panel", all_panels(), ids=lambda panel: panel.id)
def test_colours_change_where_the_alerts_fire(panel: Panel) -> None:
    allowed = {value for alert in linked(panel) for value in LIMITS.get(alert, [])}
    assert set(panel.limits) <= allowed, f"{panel.id}: {panel.limits} is no limit of {linked(panel)}"


ALERTS: dict[str, Alert] = {alert.name: alert for alert in alerts_at("production")}


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_is_shown_on_its_dashboard(name: str) -> None:
    showing = [panel for panel in panels(ALERTS[name].dashboard) if name in linked(panel)]
    assert showing, f"{name} opens {ALERTS[name].dashboard}, where no panel links to its runbook"
    if name in LIMITS:
        drawn = {value for panel in showing for value in panel.limits}
        assert set(LIMITS[name][:1]) <= drawn, f"{name}: no panel of its dashboard draws its limit"


@pytest.mark.parametrize("name", [name for name in LIMITS if name not in ANY])
def test_limits_in_this_file_are_those_of_the_rules(name: str) -> None:
    expressions = " ".join(alert.rule("production")["expr"] for alert in alerts_at("production") if alert.name == name)
    limit = LIMITS[name][0]
    assert any(text in expressions for text in (f"{limit:g}", str(limit))), f"{name}: {limit} is not in its rule"
