"""Runs several scenarios one after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from textwrap import wrap
from typing import Final

from dashboards_src.config import Scale
from loadtest import LoadFailure
from loadtest.generator import Generator
from loadtest.outcome import ExpectedAlert, Outcome
from loadtest.progress import Progress
from loadtest.run import LIMITS, Run
from loadtest.scenarios import BY_NAME, SCENARIOS, USUAL, Scenario
from loadtest.system import SystemUnderTest

BASELINE_S: Final = 900.0  # usual traffic in which no alert may fire
# Scenarios that also run with production's rules, and the alert that each must raise there.
REAL: Final[Mapping[str, str]] = {"outage": "LLMHighErrorRate", "latency": "LLMLatencyHigh"}
# Costs 36 $/h. The usual traffic costs 126 $/h, which is above production's limit per hour.
REAL_TRAFFIC: Final = replace(USUAL, rate=2.0)


@dataclass
class Rehearsal:
    scale: Scale
    started: float  # Unix s
    outcomes: list[Outcome] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)  # scenario: why
    ended: float = 0.0  # Unix s

    @property
    def fires_within_s(self) -> float:
        return LIMITS[self.scale].fires_within_s

    @property
    def slowest_firing_s(self) -> float | None:
        """The longest time from a fault to the firing of an expected alert; None before the first."""
        times = [alert.times.firing for outcome in self.outcomes for alert in outcome.expected]
        return max((seconds for seconds in times if seconds is not None), default=None)

    @property
    def failures(self) -> list[str]:
        found = [f"{one.scenario}: {failure}" for one in self.outcomes for failure in one.failures]
        return found + [f"{name} was not run: {why}" for name, why in self.not_run.items()]


def rehearse(
    system: SystemUnderTest,
    scenarios: Sequence[Scenario],
    users: Generator,
    progress: Progress,
    scale: Scale,
    after_each: Callable[[Rehearsal], object],
) -> Rehearsal:
    """Run the scenarios with the same users. Raises LoadFailure when the load generator has ended."""
    rehearsal = Rehearsal(scale, time.time())
    usual_since = rehearsal.started
    for number, scenario in enumerate(scenarios, 1):
        progress.print(f"{number}/{len(scenarios)} {scenario.name}: {scenario.about}")
        try:
            outcome = Run(scenario, system, users, progress, scale, usual_since).run()
        except LoadFailure as failure:
            rehearsal.not_run[scenario.name] = f"{failure.what} {failure.next_step}"
            progress.print(f"  NOT RUN {failure.what}\n  -> {failure.next_step}")
            users.check()
        else:
            rehearsal.outcomes.append(outcome)
            usual_since = outcome.started + outcome.faults_s
            for line in summary_lines(outcome):
                progress.print(f"  {line}")
        rehearsal.ended = time.time()
        after_each(rehearsal)
    return rehearsal


def chosen(only: Sequence[str], baseline_s: float = BASELINE_S) -> list[Scenario]:
    """The scenarios with these names, or all without names. Raises LoadFailure for an unknown name."""
    unknown = [name for name in only if name not in BY_NAME]
    if unknown:
        raise LoadFailure(
            f"There is no scenario {', '.join(map(repr, unknown))}.",
            f"Scenarios: {', '.join(BY_NAME)}. `make load` describes them.",
        )
    found = [BY_NAME[name] for name in only] or list(SCENARIOS)
    return [replace(one, lasts_s=baseline_s) if one.name == "baseline" else one for one in found]


def real() -> list[Scenario]:
    """The scenarios of REAL, with less traffic and with the time that production's rules need."""
    return [
        replace(
            BY_NAME[name],
            traffic=REAL_TRAFFIC,
            lasts_s=LIMITS["production"].fires_within_s,
            expected=(alert,),
            tolerated={
                **BY_NAME[name].tolerated,
                **{other: "expected in a rehearsal" for other in BY_NAME[name].expected if other != alert},
            },
        )
        for name, alert in REAL.items()
    ]


def summary_lines(outcome: Outcome) -> list[str]:
    """The outcome of a scenario for a terminal of 80 columns."""
    lines = []
    if outcome.expected:
        lines.append(f"{'expected alert, in seconds':<30}{'pending':>9}{'firing':>9}{'delivered':>11}{'resolved':>10}")
    for alert in outcome.expected:
        lines += _alert_lines(alert)
    if outcome.tolerated:
        lines += _wrapped(f"also fired (tolerated): {', '.join(outcome.tolerated)}")
    lines += f"load: {outcome.load}".split("; ")
    for failure in outcome.failures:
        lines += _wrapped(f"FAILED {failure}")
    lines.append(f"{'passed' if outcome.passed else 'failed'} in {outcome.took_s:.0f} s")
    return lines


def _alert_lines(alert: ExpectedAlert) -> list[str]:
    times, timing = alert.times, alert.timing
    if times.delivered is None:
        return [f"{alert.alert:<30} not delivered"]
    lines = [
        f"{alert.alert:<30}{_seconds(times.pending):>9}{_seconds(times.firing):>9}"
        f"{_seconds(times.delivered):>11}{_seconds(times.resolved):>10}"
    ]
    if timing:
        lines.append(
            f"  rule: interval {timing.interval_s:g} s, for {timing.for_s:g} s, group_wait {timing.group_wait_s:g} s"
        )
    return lines


def _wrapped(text: str) -> list[str]:
    return wrap(text, 76, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
