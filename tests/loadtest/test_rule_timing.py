"""Proves that an alert's interval, `for` and group_wait are those of the rule that raised it."""

from __future__ import annotations

from pathlib import Path

import pytest

from alert_sink.watchdog import SILENT
from loadtest.rule_timing import RuleTiming, rule_timing
from stack.settings import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack.load({"STACK_STATE": str(tmp_path)})


def test_each_time_scale_has_its_own_timing(stack: Stack) -> None:
    assert rule_timing("LLMHighErrorRate", {}, "rehearsal", stack) == RuleTiming(5, 10, 1)
    assert rule_timing("LLMHighErrorRate", {}, "production", stack) == RuleTiming(15, 120, 10)


def test_labels_choose_among_rules_with_the_same_name(stack: Stack) -> None:
    labels = {"alertname": "LLMAvailabilityBudgetBurn", "team": "application", "slo": "availability"}
    fast, slow = (
        rule_timing(labels["alertname"], {**labels, "severity": severity, "window": window}, "production", stack)
        for severity, window in (("critical", "1h"), ("warning", "1d"))
    )
    assert fast == RuleTiming(60, 120, 10)
    assert slow == RuleTiming(60, 1800, 10)


def test_a_set_interval_wins_over_that_of_the_time_scale(tmp_path: Path) -> None:
    stack = Stack.load({"STACK_STATE": str(tmp_path), "SCRAPE_INTERVAL": "2s"})
    assert rule_timing("LLMHighErrorRate", {}, "rehearsal", stack) == RuleTiming(2, 10, 1)


def test_the_alert_sinks_own_alert_has_no_rule(stack: Stack) -> None:
    assert rule_timing(SILENT, {}, "rehearsal", stack) is None
