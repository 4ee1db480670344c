"""Runs one scenario: usual traffic, faults until the expected alerts are delivered, and usual traffic again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from dashboards_src import config
from dashboards_src.config import Scale
from loadtest import LoadFailure
from loadtest.diagnosis import diagnose
from loadtest.faults import Fault
from loadtest.generator import Generator
from loadtest.links import check_message
from loadtest.outcome import FIRES_WITHIN_S, AlertTimes, ExpectedAlert, Outcome
from loadtest.progress import Progress
from loadtest.rule_timing import rule_timing
from loadtest.scenarios import Scenario
from loadtest.seed import SeededHistory
from loadtest.system import SystemUnderTest
from loadtest.traffic import Traffic
from loadtest.watch import AlertWatch

_UPDATE_EVERY_S: Final = 1.0
_SETTLE_S: Final = 8.0  # after the last expected delivery: time for other alerts of the same fault
_TRACES_WITHIN_S: Final = 20.0  # the alert sink looks for an affected trace after a delivery
_FAULTS_END_S: Final = 300.0  # faults end by themselves, in case this process is killed


@dataclass(frozen=True)
class Limits:
    """How long the phases of a run may take, in seconds."""

    usual_s: float  # usual traffic before the faults: longer than the window of rates
    fires_within_s: float  # after the first fault
    recovery_s: float  # after the faults, until no alert is active: longer than the longest window
    ignored: tuple[str, ...] = ()  # alerts


LIMITS: Final[Mapping[Scale, Limits]] = {
    "rehearsal": Limits(usual_s=35, fires_within_s=FIRES_WITHIN_S, recovery_s=180),
    # In production alerts on error budgets look back hours, so they stay active long after the faults.
    "production": Limits(
        usual_s=330, fires_within_s=900, recovery_s=900, ignored=tuple(slo.alert for slo in config.SLOS)
    ),
}


@dataclass
class Run:
    """One scenario on a running stack, with users that are already active."""

    scenario: Scenario
    system: SystemUnderTest
    users: Generator
    progress: Progress
    scale: Scale = "rehearsal"
    usual_since: float = 0.0  # Unix s since when no fault is on
    _watch: AlertWatch = field(init=False)

    @property
    def limits(self) -> Limits:
        return LIMITS[self.scale]

    def run(self) -> Outcome:
        """Raises LoadFailure if the scenario cannot be run to its end. All faults are off afterwards, in any case."""
        self._watch = AlertWatch(self.system, self.limits.ignored)
        entered = time.time()
        self.users.set_traffic(self.scenario.traffic)
        self._wait_for_usual_traffic()
        history = SeededHistory(self.system) if self.scenario.seeded else None
        with ExitStack() as undo:
            if history:
                undo.callback(history.remove)
            undo.callback(self.users.set_traffic, self.scenario.traffic)
            started = time.time()
            self._apply_steps(started, history, undo)
            ended = time.time()
        self.progress.update(f"{self.scenario.name}: the faults are off, waiting until no alert is active")
        undone = time.time()
        recovered = self._wait_until_quiet(undone)
        return Outcome(
            scenario=self.scenario.name,
            about=self.scenario.about,
            started=started,
            faults_s=ended - started,
            took_s=time.time() - entered,
            expected=[self._expected(alert, started, ended, undone) for alert in self.scenario.expected],
            tolerated=self._unexpected(started, tolerated=True),
            false_alarms=self._unexpected(started, tolerated=False),
            load=self.users.health(started, ended),
            steps=[f"after {step.at_s:g} s: {_described(step.change)}" for step in self.scenario.steps],
            recovered=recovered,
            fires_within_s=self.limits.fires_within_s,
        )

    def _wait_for_usual_traffic(self) -> None:
        """Wait until there was usual traffic for long enough and no alert is active."""
        start = time.time()
        deadline = start + self.limits.usual_s + self.limits.recovery_s
        since = self.usual_since or start
        while not (time.time() - since >= self.limits.usual_s and self._watch.quiet):
            remaining_s = max(0.0, self.limits.usual_s - (time.time() - since))
            self._update(f"usual traffic, {remaining_s:.0f} s left", start)
            if time.time() > deadline:
                active = sorted(self._watch.firing | self._watch.pending | self._watch.unresolved)
                raise LoadFailure(
                    f"{self.scenario.name} was not started: with usual traffic, {', '.join(active)} is still active.",
                    f"Read the alerts at {self.system.stack.public_url('ALERT_SINK_PORT')}/",
                )
        if self.users.health(time.time() - self.limits.usual_s).achieved_rate == 0:
            raise LoadFailure("The users send no requests.", "Read the load generator's log, locust.log.")

    def _apply_steps(self, started: float, history: SeededHistory | None, undo: ExitStack) -> None:
        """Break things step by step, until all expected alerts are delivered or the time is over."""
        steps = list(self.scenario.steps)
        begun: set[str] = set()
        delivered_at: float | None = None
        while True:
            elapsed_s = time.time() - started
            while steps and steps[0].at_s <= elapsed_s:
                change = steps.pop(0).change
                if isinstance(change, Traffic):
                    self.users.set_traffic(change)
                    continue
                key = f"{type(change).__name__} {getattr(change, 'name', '')}"
                if key not in begun:
                    begun.add(key)
                    undo.callback(change.end, self.system)
                change.begin(self.system, _FAULTS_END_S + self.limits.fires_within_s)
            if history:
                history.write()
            self._update("faults on" if self.scenario.steps else "usual traffic", started)
            missing = [name for name in self.scenario.expected if self._watch.first_delivery(name, started) is None]
            if self.scenario.expected and not missing and not steps:
                delivered_at = delivered_at or time.time()
                waited_s = time.time() - delivered_at
                if waited_s >= _SETTLE_S and (self._traces_found(started) or waited_s >= _TRACES_WITHIN_S):
                    return
            if time.time() - started >= self.scenario.lasts_s:
                return

    def _traces_found(self, started: float) -> bool:
        """Whether the alert sink has found an affected trace for every expected alert, or will find none."""
        if self.scenario.loses_evidence:
            return True
        found = [self._watch.first_delivery(name, started) for name in self.scenario.expected]
        return all(one is None or one.trace_id or "traces" not in one.links for one in found)

    def _wait_until_quiet(self, since: float) -> bool:
        while not self._watch.quiet:
            self._update("recovering", since)
            if time.time() - since > self.limits.recovery_s:
                return False
        return True

    def _update(self, phase: str, since: float) -> None:
        start = time.monotonic()
        self.users.check()
        self._watch.update()
        now = time.time()
        load = self.users.health(now - 10)
        alerts = [f"{name} firing" for name in sorted(self._watch.firing)]
        alerts += [f"{name} pending" for name in sorted(self._watch.pending - self._watch.firing)]
        if not self._watch.prometheus_answers:
            alerts.append("Prometheus does not answer")
        self.progress.update(
            f"{self.scenario.name} {now - since:4.0f} s  {phase}  {load.achieved_rate:.1f} req/s"
            f"  {load.error_share:.0%} errors  {', '.join(alerts) or 'no alert'}"
        )
        time.sleep(max(0.0, _UPDATE_EVERY_S - (time.monotonic() - start)))

    def _expected(self, alert: str, started: float, ended: float, undone: float) -> ExpectedAlert:
        first = self._watch.first_delivery(alert, started)
        timing = rule_timing(alert, first.labels if first else {}, self.scale, self.system.stack)
        if first is None:
            return ExpectedAlert(alert, AlertTimes(), timing, diagnosis=diagnose(alert, self.system, started, ended))
        resolved_at = [
            one.received_at
            for one in self._watch.deliveries.values()
            if one.alert == alert and one.status == "resolved"
        ]
        pending_at = self._watch.pending_since(first)
        times = AlertTimes(
            pending=None if pending_at is None else pending_at - started,
            firing=first.fired_at - started,
            delivered=first.received_at - started,
            resolved=None if alert in self._watch.unresolved or not resolved_at else max(resolved_at) - undone,
        )
        return ExpectedAlert(
            alert,
            times,
            timing,
            checks=check_message(first, self.system, with_evidence=not self.scenario.loses_evidence),
        )

    def _unexpected(self, started: float, *, tolerated: bool) -> dict[str, float]:
        return {
            name: at - started
            for name, at in sorted(self._watch.first_seen_firing.items())
            if name not in self.scenario.expected and (name in self.scenario.tolerated) is tolerated
        }


def _described(change: Fault | Traffic) -> str:
    if not isinstance(change, Traffic):
        return str(change)
    usual, details = Traffic(), []
    if change.rate != usual.rate or change.users != usual.users:
        details.append(f"{change.rate:g} requests/s")
    if change.injections != usual.injections:
        details.append(f"{change.injections:.0%} injections")
    if change.mix != usual.mix:
        details.append("mix " + ", ".join(f"{path} {share:.0%}" for path, share in change.mix.items()))
    return "traffic: " + (", ".join(details) or "as usual")
