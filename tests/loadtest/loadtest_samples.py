"""Outcomes of scenarios for tests: one that passed, and an expected alert that was not delivered."""

from __future__ import annotations

from loadtest.health import GeneratorHealth
from loadtest.links import MessageCheck
from loadtest.outcome import AlertTimes, ExpectedAlert, Outcome
from loadtest.rule_timing import RuleTiming

TIMING = RuleTiming(interval_s=5, for_s=10, group_wait_s=1)
DELIVERED = ExpectedAlert(
    "LLMHighErrorRate",
    AlertTimes(pending=14.0, firing=24.0, delivered=25.0, resolved=30.0),
    TIMING,
    [MessageCheck("runbook link", True, "200")],
)
MISSED = ExpectedAlert("LLMRetryStorm", AlertTimes(), TIMING, diagnosis=["a > 0.25: highest value 0.2 (limit 0.25)"])
PASSED = Outcome(
    "outage",
    "the provider fails",
    1_790_000_000.0,
    40.0,
    110.0,
    [DELIVERED],
    {"LLMFallbackInUse": 20.0},
    load=GeneratorHealth(5.0, 4.9, 0.2, 0.1, 12.0),
)
