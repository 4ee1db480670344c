"""Proves that a run fails for each thing that can go wrong, and that the failure names it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from loadtest_samples import DELIVERED, MISSED, PASSED

from loadtest.links import MessageCheck
from loadtest.outcome import AlertTimes, Outcome


def test_a_run_with_all_expected_alerts_and_no_other_passes() -> None:
    assert PASSED.failures == []
    assert PASSED.passed


@pytest.mark.parametrize(
    ("failed", "failure"),
    [
        (
            replace(PASSED, expected=[MISSED]),
            "LLMRetryStorm was not delivered: a > 0.25: highest value 0.2 (limit 0.25)",
        ),
        (replace(PASSED, false_alarms={"LLMLatencyHigh": 3.0}), "false alarm: LLMLatencyHigh, after 3 s"),
        (replace(PASSED, recovered=False), "alerts were still active long after the faults were switched off"),
        (
            replace(PASSED, expected=[replace(DELIVERED, checks=[MessageCheck("runbook link", False, "404")])]),
            "LLMHighErrorRate: runbook link failed (404)",
        ),
        (
            replace(PASSED, expected=[replace(DELIVERED, times=replace(DELIVERED.times, firing=130.0))]),
            "LLMHighErrorRate fired after 130 s, later than 120 s",
        ),
        (
            replace(PASSED, expected=[replace(DELIVERED, times=replace(DELIVERED.times, resolved=None))]),
            "LLMHighErrorRate did not resolve",
        ),
    ],
)
def test_each_failure_fails_the_run_and_is_named(failed: Outcome, failure: str) -> None:
    assert failed.failures == [failure]
    assert not failed.passed


def test_a_missed_alert_without_diagnosis_fails_the_run() -> None:
    missed = replace(MISSED, times=AlertTimes(), diagnosis=())
    assert replace(PASSED, expected=[missed]).failures == ["LLMRetryStorm was not delivered"]


def test_an_overloaded_generator_fails_a_run_in_which_all_alerts_were_delivered() -> None:
    overloaded = replace(PASSED, load=replace(PASSED.load, cpu=0.97))
    assert len(overloaded.failures) == 1
    assert overloaded.failures[0].startswith("the load generator was the bottleneck")
