"""The index of alerts, prometheus/alerts.json, holds every alert with its evidence and scenarios, and is up to date."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rule_files import ROOT

from dashboards_src import config
from dashboards_src.alerts import ALERT_NAMES, INDEX_FILE, alerts_at, generate_index
from dashboards_src.alerts.alert import Alert
from llm_telemetry import names

ALERTS = alerts_at("production")
INDEX = json.loads((ROOT / INDEX_FILE).read_text(encoding="utf-8"))["alerts"]


def test_the_committed_index_is_up_to_date(tmp_path: Path) -> None:
    generate_index(tmp_path)
    new, committed = ((root / INDEX_FILE).read_text(encoding="utf-8") for root in (tmp_path, ROOT))
    assert new == committed, "run `make dashboards` and commit"


def test_it_has_every_alert_once() -> None:
    assert sorted(INDEX) == sorted(ALERT_NAMES)


def test_an_alert_with_two_severities_has_both_and_the_summary_of_the_critical_rule() -> None:
    found = INDEX["LLMDailyBudget"]
    assert found["severities"] == ["critical", "warning"]
    assert found["summary"] == next(
        one.summary for one in ALERTS if one.name == "LLMDailyBudget" and one.severity == "critical"
    )


@pytest.mark.parametrize("name", ALERT_NAMES)
def test_rules_of_one_name_have_the_same_labels_team_dashboard_evidence_and_scenarios(name: str) -> None:
    def facts(alert: Alert) -> tuple[object, ...]:
        return (alert.team, alert.dashboard, alert.labels, alert.evidence, alert.scenarios)

    first, *others = [facts(alert) for alert in ALERTS if alert.name == name]
    assert all(other == first for other in others)


def test_alerts_on_requests_have_evidence_and_alerts_on_the_stack_have_none() -> None:
    assert {name for name, entry in INDEX.items() if entry["evidence"]} == {
        name for name in ALERT_NAMES if name.startswith("LLM")
    }


def test_evidence_of_an_error_alert() -> None:
    assert INDEX["LLMHighErrorRate"]["evidence"] == {
        "exemplars": ["llm_retrieval_latency_ms", "llm_latency_ms", "llm_context_utilisation_ratio"],
        "pick": "failed",
        "event": "llm_call",
        "failed_only": True,
        "slower_than_ms": 0,
        "always": True,
    }


def test_slow_requests_are_those_above_the_threshold_of_the_latency_alert() -> None:
    assert INDEX["LLMLatencyHigh"]["evidence"]["slower_than_ms"] == config.LATENCY_P95_MS


@pytest.mark.parametrize("name", ALERT_NAMES)
def test_exemplars_are_on_histograms_of_the_contract(name: str) -> None:
    evidence = INDEX[name]["evidence"] or {"exemplars": []}
    histograms = {metric.name for metric in names.METRICS if metric.kind == "histogram"}
    assert set(evidence["exemplars"]) <= histograms
