"""Proves which scenarios a rehearsal runs, and what the terminal shows of an outcome."""

from __future__ import annotations

from dataclasses import replace

import pytest
from loadtest_samples import DELIVERED, MISSED, PASSED

from loadtest import LoadFailure
from loadtest.rehearsal import Rehearsal, chosen, real, summary_lines


def test_an_unknown_scenario_is_named_beside_the_known_ones() -> None:
    with pytest.raises(LoadFailure, match="'latencyy'") as raised:
        chosen(["latencyy"])
    assert "latency, ttft" in raised.value.next_step


def test_the_baseline_lasts_as_long_as_asked() -> None:
    assert chosen([], baseline_s=900)[0].lasts_s == 900


def test_production_timing_runs_one_alert_on_errors_and_one_on_latency() -> None:
    assert [one.expected for one in real()] == [("LLMHighErrorRate",), ("LLMLatencyHigh",)]


def test_the_other_alerts_of_a_scenario_are_tolerated_at_production_timing() -> None:
    assert {"LLMAvailabilityBudgetBurn", "LLMCircuitBreakerOpen"} <= set(real()[0].tolerated)


def test_the_terminal_shows_times_and_rule_settings() -> None:
    lines = summary_lines(PASSED)
    assert lines[0].split() == ["expected", "alert,", "in", "seconds", "pending", "firing", "delivered", "resolved"]
    assert lines[1].split() == ["LLMHighErrorRate", "14.0", "24.0", "25.0", "30.0"]
    assert lines[2].strip() == "rule: interval 5 s, for 10 s, group_wait 1 s"
    assert lines[-1] == "passed in 110 s"


def test_the_terminal_shows_a_missed_alert() -> None:
    lines = summary_lines(replace(PASSED, expected=[MISSED]))
    assert lines[1].split() == ["LLMRetryStorm", "not", "delivered"]
    assert lines[-1] == "failed in 110 s"


def test_the_table_in_the_terminal_fits_80_columns() -> None:
    longest = replace(DELIVERED, alert="LLMTimeToFirstTokenBudgetBurn")
    lines = summary_lines(replace(PASSED, expected=[longest, MISSED]))
    assert [line for line in lines if len(line) > 78] == []


def test_the_slowest_alert_is_the_longest_time_from_fault_to_firing() -> None:
    slow = replace(PASSED, expected=[replace(DELIVERED, times=replace(DELIVERED.times, firing=99.0)), MISSED])
    assert Rehearsal("rehearsal", 0.0, [PASSED, slow]).slowest_firing_s == 99.0
    assert Rehearsal("rehearsal", 0.0).slowest_firing_s is None


def test_a_rehearsal_fails_with_any_of_its_scenarios() -> None:
    assert Rehearsal("rehearsal", 0.0, [PASSED]).failures == []
    failed = replace(PASSED, false_alarms={"LLMLatencyHigh": 3.0})
    assert Rehearsal("rehearsal", 0.0, [PASSED, failed], {"queue": "The stack died."}).failures == [
        "outage: false alarm: LLMLatencyHigh, after 3 s",
        "queue was not run: The stack died.",
    ]
