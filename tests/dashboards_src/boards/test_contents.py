"""The dashboards have the panels that users were promised."""

from __future__ import annotations

import pytest
from dashboard_queries import Panel, board, panels

from dashboards_src import config

# Row of the overview → panel → what its queries are about.
PROMISED = {
    "Real-time health": {
        "Requests per minute by endpoint": ["llm_requests_total", "by (service, endpoint)", "* 60"],
        "Latency of whole answers: p50, p95, p99": ["llm_latency_ms_bucket", "0.5,", "0.95,", "0.99,"],
        "Error rate by endpoint": ["llm_requests_total", 'status="error"'],
        "Active users in the last 5 minutes": ["llm_active_users"],
        "Time to first token: p50, p95": ["llm_ttft_ms_bucket", "0.95,"],
    },
    "Cost": {
        "Cost today": ["llm_cost_dollars_total", "[$__range]"],
        "Cost yesterday": ["llm_cost_dollars_total", "[$__range]"],
        "Cost yesterday until this time": ["llm_cost_dollars_total", "[$__range]"],
        "Cost per request, 7 days": ["llm_cost_dollars:", "llm_requests:"],
        "Tokens per minute: input, output": ["llm_input_tokens_total", "llm_output_tokens_total"],
        "Projected monthly cost": ["llm_cost_dollars"],
    },
    "Quality": {
        "Faithfulness by endpoint": ["llm_eval_score_sum", 'metric="faithfulness"'],
        "Answer relevance by endpoint": ["llm_eval_score_sum", 'metric="answer_relevance"'],
        "Cache hit rate by endpoint": ["llm_cache_requests_total", 'result="hit"'],
        "Context window utilisation p95 by endpoint": ["llm_context_utilisation_ratio_bucket"],
    },
    "Infrastructure": {
        "Provider error rate by model": ["llm_provider_attempts_total", "by (provider, model)"],
        "Retry rate by model": ["llm_retries_total", "llm_provider_attempts_total"],
        "Circuit breakers by model": ["llm_circuit_breaker_state"],
        "Retrieval and LLM latency p95": ["llm_retrieval_latency_ms_bucket", "llm_latency_ms_bucket"],
        "Queue depth by endpoint": ["llm_queue_depth"],
    },
}

ELSEWHERE = {
    config.COST_BOARD: {
        "Cost by tenant": ["by (tenant)"],
        "Cost by model": ["by (model)"],
        "Cost by endpoint": ["by (endpoint)"],
        "Budget burn": ["llm_cost_dollars:increase1d", "llm_cost_dollars:sum_increase30d"],
        "Unpriced calls per minute by model": ["llm_unpriced_requests_total"],
        "Cost of retries per hour": ["llm_retry_cost_dollars_total"],
    },
    config.QUALITY_BOARD: {
        "Faithfulness by model": ["by (model)"],
        "Faithfulness by prompt version": ["prompt_version"],
        "Answer relevance by prompt version": ["prompt_version"],
        "Faithfulness by week, 8 weeks": ["llm_quality_weekly_score"],
        "Answer relevance by week, 8 weeks": ["llm_quality_weekly_score"],
        "Feedback per minute by model": ["llm_feedback_total"],
        "Judge cost per hour": ["llm_eval_cost_dollars_total"],
    },
    config.SLO_BOARD: {
        "Objectives": ["slo:objective:ratio"],
        "Burn rate over 1h": ["increase1h"],
        "Error budget left": ["slo:error_budget_left"],
    },
    config.INCIDENT_BOARD: {
        "Errors by endpoint, model and tenant": ["by (endpoint, model, tenant)"],
        "Provider attempts per minute by outcome": ["llm_provider_attempts_total"],
        "Deployments": ["llm_build_info"],
        "Cost per hour, now and yesterday": ["llm_cost_dollars_total", "offset 1d"],
        "Failed calls": ["llm_call", "error"],
        "Failing traces": ["status = error"],
        "Slow traces": ["duration >= 3000000us"],
    },
    config.STACK_BOARD: {
        "Accepted by the collector, per second": ["otelcol_receiver_accepted_spans_total"],
        "Refused by the collector": ["refused"],
        "Lost telemetry": ["not_queued", "not_sent"],
        "Collector queue use": ["otelcol_exporter_queue_size"],
        "Targets": ["up"],
        "Rules that failed or were missed, per minute": ["prometheus_rule_evaluation_failures_total"],
        "Size of the stores": ["prometheus_tsdb_storage_blocks_bytes"],
        "Notification failures per minute": ["alertmanager_notifications_failed_total"],
    },
}


def by_title(uid: str) -> dict[str, Panel]:
    return {panel.title: panel for panel in panels(uid)}


def asks_about(panel: Panel, words: list[str]) -> None:
    text = str([one.get("expr", one.get("query")) for one in panel.targets])
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("row", PROMISED)
def test_the_overview_has_the_promised_rows_and_panels(row: str) -> None:
    everything = board(config.OVERVIEW)["panels"]
    rows = [one["title"] for one in everything if one["type"] == "row"]
    assert rows == list(PROMISED)
    begin = next(index for index, one in enumerate(everything) if one["title"] == row) + 1
    end = next((index for index, one in enumerate(everything) if index > begin and one["type"] == "row"), None)
    in_row = {one["title"] for one in everything[begin:end]}
    for title, words in PROMISED[row].items():
        assert title in in_row
        asks_about(by_title(config.OVERVIEW)[title], words)


@pytest.mark.parametrize("uid", ELSEWHERE)
def test_the_other_dashboards_have_what_they_are_for(uid: str) -> None:
    for title, words in ELSEWHERE[uid].items():
        asks_about(by_title(uid)[title], words)


def test_today_and_yesterday_are_time_overrides() -> None:
    found = by_title(config.OVERVIEW)
    override = {title: (one.json.get("timeFrom"), one.json.get("timeShift")) for title, one in found.items()}
    assert override["Cost today"] == ("now/d", None)
    assert override["Cost yesterday until this time"] == ("now/d", "1d")
    assert override["Cost yesterday"] == ("now/d", "1d/d")  # to the end of that day, too
    assert override["Cost per request, 7 days"] == ("7d", None)


def test_breakers_are_a_state_timeline_with_words() -> None:
    panel = by_title(config.OVERVIEW)["Circuit breakers by model"]
    assert panel.kind == "state-timeline"
    words = panel.json["fieldConfig"]["defaults"]["mappings"][0]["options"]
    assert {key: one["text"] for key, one in words.items()} == {"0": "closed", "1": "half-open", "2": "open"}


def test_only_8_of_the_weeks_are_shown() -> None:
    steps = by_title(config.QUALITY_BOARD)["Faithfulness by week, 8 weeks"].json["transformations"]
    assert {"id": "limit", "options": {"limitField": 8}} in steps
