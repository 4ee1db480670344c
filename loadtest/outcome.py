"""What came of a scenario: for people, for the report, and for a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from loadtest.generator import GeneratorHealth
from loadtest.links import LinkCheck

FIRES_WITHIN_S: Final = 120.0  # of its fault, in a rehearsal


@dataclass(frozen=True)
class Seconds:
    """An expected alert's times, in seconds after the first fault. None: it did not come so far."""

    crossing: float | None  # when its expression held for what users and provider saw
    bound: float | None  # crossing, and the longest that the way takes
    fired: float | None
    delivered: float | None
    resolved: float | None  # after the end of the faults

    @property
    def overshoot(self) -> float | None:
        """How much later than the bound it was delivered; below 0, earlier."""
        return None if self.delivered is None or self.bound is None else self.delivered - self.bound


@dataclass(frozen=True)
class ExpectedAlert:
    """One alert that had to come."""

    alert: str
    seconds: Seconds
    links: Sequence[LinkCheck] = ()
    why_not: Sequence[str] = ()  # where it did not come: its conditions, values and limits

    @property
    def failures(self) -> list[str]:
        """What is wrong with it."""
        if self.seconds.delivered is None:
            return [f"{self.alert} did not come: {line}" for line in self.why_not] or [f"{self.alert} did not come"]
        found = [
            f"{self.alert}: the link {link.kind} leads nowhere ({link.what})" for link in self.links if not link.works
        ]
        if self.seconds.resolved is None:
            found.append(f"{self.alert} did not resolve")
        return found


@dataclass(frozen=True)
class Outcome:
    """One run of one scenario."""

    scenario: str
    about: str
    started: float  # Unix s of the first fault
    lasted_s: float  # with its faults
    took_s: float  # with lead and recovery
    expected: Sequence[ExpectedAlert]
    tolerated: Mapping[str, float] = field(default_factory=dict)  # alert: seconds until it was seen firing
    false_alarms: Mapping[str, float] = field(default_factory=dict)
    load: GeneratorHealth = field(default_factory=lambda: GeneratorHealth(0, 0, 0, 0, 0, 0))
    steps: Sequence[str] = ()  # what was broken, as people read it
    recovered: bool = True  # to silence, in time
    fires_within_s: float = FIRES_WITHIN_S

    @property
    def failures(self) -> list[str]:
        """Why it did not pass; empty where it did."""
        found = []
        if self.load.was_bottleneck:
            found.append(f"the load generator was the bottleneck, so this run says nothing: {self.load}")
        for alert in self.expected:
            found += alert.failures
            fired = alert.seconds.fired
            if fired is not None and fired > self.fires_within_s:
                found.append(f"{alert.alert} fired after {fired:.0f} s, later than {self.fires_within_s:.0f} s")
        found += [f"false alarm: {name}, after {after:.0f} s" for name, after in self.false_alarms.items()]
        if not self.recovered:
            found.append("it did not become silent after its faults were switched off")
        return found

    @property
    def passed(self) -> bool:
        """Whether everything came as expected, and nothing else."""
        return not self.failures
