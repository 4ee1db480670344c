"""The result of one scenario: what was measured, and whether it passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from loadtest.health import GeneratorHealth
from loadtest.links import MessageCheck
from loadtest.rule_timing import RuleTiming

FIRES_WITHIN_S: Final = 120.0  # after the fault, at the rehearsal time scale


@dataclass(frozen=True)
class AlertTimes:
    """Measured times of an alert, in seconds after the first fault. None: that did not happen, or was not seen."""

    pending: float | None = None
    firing: float | None = None
    delivered: float | None = None
    resolved: float | None = None  # seconds after the end of the faults


@dataclass(frozen=True)
class ExpectedAlert:
    alert: str
    times: AlertTimes
    timing: RuleTiming | None = None  # None: the alert has no rule
    checks: Sequence[MessageCheck] = ()  # of the message
    diagnosis: Sequence[str] = ()  # of an alert that was not delivered: its conditions, values and limits

    @property
    def failures(self) -> list[str]:
        if self.times.delivered is None:
            reasons = [f"{self.alert} was not delivered: {line}" for line in self.diagnosis]
            return reasons or [f"{self.alert} was not delivered"]
        found = [f"{self.alert}: {check.name} failed ({check.detail})" for check in self.checks if not check.passed]
        if self.times.resolved is None:
            found.append(f"{self.alert} did not resolve")
        return found


@dataclass(frozen=True)
class Outcome:
    scenario: str
    about: str
    started: float  # Unix s of the first fault
    faults_s: float  # how long the faults were on
    took_s: float  # the whole run
    expected: Sequence[ExpectedAlert]
    tolerated: Mapping[str, float] = field(default_factory=dict)  # alert: seconds until it was seen firing
    false_alarms: Mapping[str, float] = field(default_factory=dict)  # the same, of alerts that must not fire
    load: GeneratorHealth = field(default_factory=GeneratorHealth)
    steps: Sequence[str] = ()  # what was broken, for people
    recovered: bool = True  # all alerts resolved in time after the faults ended
    fires_within_s: float = FIRES_WITHIN_S

    @property
    def failures(self) -> list[str]:
        found = []
        if self.load.was_bottleneck:
            found.append(f"the load generator was the bottleneck, so this run proves nothing: {self.load}")
        for alert in self.expected:
            found += alert.failures
            firing = alert.times.firing
            if firing is not None and firing > self.fires_within_s:
                found.append(f"{alert.alert} fired after {firing:.0f} s, later than {self.fires_within_s:.0f} s")
        found += [f"false alarm: {name}, after {seconds:.0f} s" for name, seconds in self.false_alarms.items()]
        if not self.recovered:
            found.append("alerts were still active long after the faults were switched off")
        return found

    @property
    def passed(self) -> bool:
        return not self.failures
