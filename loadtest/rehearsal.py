"""All scenarios one after another, with a report that is written again after each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from dashboards_src.config import Scale
from loadtest.failure import LoadFailure
from loadtest.generator import Generator
from loadtest.outcome import Outcome
from loadtest.progress import Progress
from loadtest.run import PRODUCTION, REHEARSAL, Pace, Run
from loadtest.scenarios import BY_NAME, SCENARIOS, USUAL, Scenario
from loadtest.target import Target

BASELINE_S: Final = 900.0  # of usual traffic in which nothing may fire
MOST_OVERSHOOT_S: Final = 5.0  # median over all expected alerts
REAL: Final = ("outage", "latency")  # whose alerts are also run at production timing
REAL_TRAFFIC: Final = replace(USUAL, rate=2.0)  # 36 $/h; the usual 126 are more than production's limit of an hour


@dataclass
class Rehearsal:
    """What was run so far."""

    scale: Scale
    started: float  # Unix s
    outcomes: list[Outcome] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)  # scenario: why
    ended: float = 0.0

    @property
    def overshoots(self) -> list[float]:
        """Of every expected alert that came and whose bound is known, in seconds."""
        found = [alert.seconds.overshoot for outcome in self.outcomes for alert in outcome.expected]
        return [one for one in found if one is not None]

    @property
    def median_overshoot(self) -> float | None:
        """In seconds; None before the first."""
        return median(self.overshoots) if self.overshoots else None

    @property
    def failures(self) -> list[str]:
        """Why it did not pass; empty where it did."""
        found = [f"{one.scenario}: {failure}" for one in self.outcomes for failure in one.failures]
        found += [f"{name} was not run: {why}" for name, why in self.not_run.items()]
        middle = self.median_overshoot
        if middle is not None and middle > MOST_OVERSHOOT_S:
            found.append(f"the median overshoot is {middle:.1f} s, more than {MOST_OVERSHOOT_S:g} s")
        return found


def rehearse(
    target: Target,
    scenarios: Sequence[Scenario],
    users: Generator,
    progress: Progress,
    scale: Scale = "rehearsal",
    pace: Pace = REHEARSAL,
    after_each: Callable[[Rehearsal], None] | None = None,
) -> Rehearsal:
    """Run scenarios with the same users all the time. `after_each` is called with what there is so far.

    Raises:
        LoadFailure: none of them can be run any more.
    """
    rehearsal = Rehearsal(scale, time.time())
    usual_since = time.time()
    for number, scenario in enumerate(scenarios, 1):
        progress.say(f"{number}/{len(scenarios)} {scenario.name}: {scenario.about}")
        try:
            outcome = Run(scenario, target, users, progress, pace, scale, usual_since).run()
        except LoadFailure as failure:
            rehearsal.not_run[scenario.name] = f"{failure.what} {failure.next_step}"
            progress.say(f"  NOT RUN {failure.what}\n  -> {failure.next_step}")
            users.check()
        else:
            rehearsal.outcomes.append(outcome)
            usual_since = outcome.started + outcome.lasted_s
            for line in told(outcome):
                progress.say(f"  {line}")
        rehearsal.ended = time.time()
        if after_each:
            after_each(rehearsal)
    return rehearsal


def chosen(only: Sequence[str], baseline_s: float = BASELINE_S) -> list[Scenario]:
    """The scenarios of those names, all where there is none; the baseline lasts `baseline_s`.

    Raises:
        LoadFailure: there is no such scenario.
    """
    unknown = [name for name in only if name not in BY_NAME]
    if unknown:
        raise LoadFailure(
            f"There is no scenario {', '.join(map(repr, unknown))}.",
            f"There are: {', '.join(BY_NAME)}. `make load` says more.",
        )
    found = [BY_NAME[name] for name in only] or list(SCENARIOS)
    return [replace(one, lasts_s=baseline_s) if one.name == "baseline" else one for one in found]


def real() -> list[Scenario]:
    """The scenarios of REAL, with the time that production's windows need."""
    return [
        replace(
            BY_NAME[name],
            traffic=REAL_TRAFFIC,
            lasts_s=PRODUCTION.fires_within,
            expected=BY_NAME[name].expected[:1],
            tolerated={**BY_NAME[name].tolerated, **dict.fromkeys(BY_NAME[name].expected[1:], "as in a rehearsal")},
        )
        for name in REAL
    ]


def told(outcome: Outcome) -> list[str]:
    """What came of a scenario, in lines of a terminal."""
    lines = []
    for alert in outcome.expected:
        times = alert.seconds
        if times.delivered is None:
            lines.append(f"MISSED {alert.alert}")
        else:
            bound = "" if times.bound is None else f", bound {times.bound:.0f} s"
            lines.append(
                f"{alert.alert}: fired after {times.fired:.0f} s, delivered after {times.delivered:.0f} s{bound}"
            )
    if outcome.tolerated:
        lines.append(f"also, as a consequence: {', '.join(outcome.tolerated)}")
    lines.append(f"load: {outcome.load}")
    lines += [f"FAILED {failure}" for failure in outcome.failures]
    lines.append(f"{'passed' if outcome.passed else 'failed'} in {outcome.took_s:.0f} s")
    return lines


def new_folder(root: Path) -> Path:
    """A folder for this run's files, by its start (UTC)."""
    folder = root / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
