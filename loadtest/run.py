"""Runs one scenario: usual traffic, its faults until what is expected has been delivered, and back to silence."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from dashboards_src import config
from dashboards_src.config import Scale
from llm_telemetry.prices import Prices, Usage
from loadtest import bounds
from loadtest.bounds import Attempt, Seen
from loadtest.failure import LoadFailure
from loadtest.faults import PROVIDER_PORT, AppFault, Fault
from loadtest.generator import Generator
from loadtest.links import check_links
from loadtest.outcome import FIRES_WITHIN_S, ExpectedAlert, Outcome, Seconds
from loadtest.progress import Progress
from loadtest.scenarios import Scenario
from loadtest.seed import Seed
from loadtest.target import Target
from loadtest.traffic import Traffic
from loadtest.watch import Watch
from loadtest.why import why_not

_LOOK_EVERY_S: Final = 1.0
_SETTLE_S: Final = 8.0  # after the last expected delivery: what else comes, comes about then
_TRACES_WITHIN_S: Final = 20.0  # the sink looks for an affected trace after it delivered
_FAULTS_END_S: Final = 300.0  # by themselves, should this process be killed


@dataclass(frozen=True)
class Pace:
    """How long the parts of a run may take, in seconds."""

    lead: float = 35.0  # of usual traffic before a fault: rates look back 30 s
    recovery: float = 180.0  # until silence: windows are 60 s long
    fires_within: float = FIRES_WITHIN_S
    ignored: tuple[str, ...] = ()  # alerts


REHEARSAL: Final = Pace()
# What burns the budget of a month is seen for half an hour and more after it has ended.
PRODUCTION: Final = Pace(330.0, 900.0, 900.0, ignored=tuple(slo.alert for slo in config.SLOS))


@dataclass
class Run:
    """One scenario at one stack, with users that exist already."""

    scenario: Scenario
    target: Target
    users: Generator
    progress: Progress
    pace: Pace = REHEARSAL
    scale: Scale = "rehearsal"
    usual_since: float = 0.0  # Unix s since when nothing is broken
    _watch: Watch = field(init=False)

    def run(self) -> Outcome:
        """The outcome, whatever it is.

        Raises:
            LoadFailure: the scenario could not be run to its end. Its faults are off all the same.
        """
        self._watch = Watch(self.target, self.pace.ignored)
        entered = time.time()
        self.users.make(self.scenario.traffic)
        self._wait_for_usual()
        seed = Seed(self.target) if self.scenario.seeded else None
        last_entry = self._ledger(10**12)["last"]
        with ExitStack() as mending:
            if seed:
                mending.callback(seed.end)
            mending.callback(self.users.make, self.scenario.traffic)
            began = time.time()
            self._break(began, seed, mending)
            ended = time.time()
        self.progress.update(f"{self.scenario.name}: faults are off, waiting for silence")
        mended = time.time()
        recovered = self._wait_for_silence(mended)
        attempts = self._attempts(last_entry)
        seen = Seen(
            requests=self.users.requests(began - self.pace.lead),
            attempts=attempts,
            began=began,
            until=ended,
            workers=self._workers(),
            scale=self.scale,
        )
        return Outcome(
            scenario=self.scenario.name,
            about=self.scenario.about,
            started=began,
            lasted_s=ended - began,
            took_s=time.time() - entered,
            expected=[self._judge(alert, seen, began, ended, mended) for alert in self.scenario.expected],
            tolerated=self._others(began, tolerated=True),
            false_alarms=self._others(began, tolerated=False),
            load=self.users.honesty(began, ended),
            steps=[f"after {step.at_s:g} s: {_described(step.what)}" for step in self.scenario.steps],
            recovered=recovered,
            fires_within_s=self.pace.fires_within,
        )

    def _wait_for_usual(self) -> None:
        """Until there was usual traffic for long enough, and nothing alerts."""
        start = time.time()
        deadline = start + self.pace.lead + self.pace.recovery
        since = self.usual_since or start
        while not (time.time() - since >= self.pace.lead and self._watch.silent):
            self._look(f"usual traffic, {max(0.0, self.pace.lead - (time.time() - since)):.0f} s more", start)
            if time.time() > deadline:
                ill = sorted(self._watch.firing | self._watch.pending | self._watch.unresolved)
                raise LoadFailure(
                    f"{self.scenario.name} was not begun: {', '.join(ill)} goes on with usual traffic.",
                    "See what it is about at " + self.target.url("ALERT_SINK_PORT", "/"),
                )
        load = self.users.honesty(time.time() - self.pace.lead)
        if load.achieved_rate == 0:
            raise LoadFailure("The users ask nothing.", "Look into the load generator's log, locust.log.")

    def _break(self, began: float, seed: Seed | None, mending: ExitStack) -> None:
        """Break things as the scenario says, until all that is expected was delivered or the time is over."""
        waiting = list(self.scenario.steps)
        begun: set[str] = set()
        settled: float | None = None
        while True:
            now = time.time() - began
            while waiting and waiting[0].at_s <= now:
                what = waiting.pop(0).what
                if isinstance(what, Traffic):
                    self.users.make(what)
                    continue
                key = f"{type(what).__name__} {getattr(what, 'name', '')}"
                if key not in begun:
                    begun.add(key)
                    mending.callback(what.end, self.target)
                what.begin(self.target, _FAULTS_END_S + self.pace.fires_within)
            if seed:
                seed.write()
            self._look("fault on" if self.scenario.steps else "usual traffic", began)
            now = time.time() - began
            missing = [name for name in self.scenario.expected if self._watch.first(name) is None]
            if self.scenario.expected and not missing and not waiting:
                settled = settled or time.time()
                if time.time() - settled >= _SETTLE_S and (self._traced() or time.time() - settled >= _TRACES_WITHIN_S):
                    return
            if now >= self.scenario.lasts_s:
                return

    def _traced(self) -> bool:
        """Whether the sink has found the traces of what was expected."""
        found = [self._watch.first(name) for name in self.scenario.expected]
        return all(one is None or one.trace_id or "traces" not in one.links for one in found)

    def _wait_for_silence(self, since: float) -> bool:
        while not self._watch.silent:
            self._look("recovering", since)
            if time.time() - since > self.pace.recovery:
                return False
        return True

    def _look(self, phase: str, since: float) -> None:
        begun = time.monotonic()
        self.users.check()
        self._watch.look()
        now = time.time()
        load = self.users.honesty(now - 10)
        alerts = [f"{name} firing" for name in sorted(self._watch.firing)]
        alerts += [f"{name} pending" for name in sorted(self._watch.pending - self._watch.firing)]
        if not self._watch.prometheus_answers:
            alerts.append("Prometheus does not answer")
        self.progress.update(
            f"{self.scenario.name:<15} {now - since:4.0f} s  {phase}  {load.achieved_rate:4.1f} req/s"
            f"  {load.error_share:4.0%} errors  {', '.join(alerts) or 'no alert'}"
        )
        time.sleep(max(0.0, _LOOK_EVERY_S - (time.monotonic() - begun)))

    def _judge(self, alert: str, seen: Seen, began: float, ended: float, mended: float) -> ExpectedAlert:
        first = self._watch.first(alert)
        crossing = bounds.crossing(alert, seen)
        bound = None if crossing is None else crossing + bounds.way_s(alert, self.scale)
        if first is None:
            times = Seconds(_after(crossing, began), _after(bound, began), None, None, None)
            return ExpectedAlert(alert, times, why_not=why_not(alert, self.target, began, ended))
        ends = [
            one.received for one in self._watch.deliveries.values() if one.alert == alert and one.status == "resolved"
        ]
        resolved = None if alert in self._watch.unresolved or not ends else max(ends) - mended
        return ExpectedAlert(
            alert,
            Seconds(
                _after(crossing, began), _after(bound, began), first.fired - began, first.received - began, resolved
            ),
            links=check_links(first, self.target),
        )

    def _others(self, began: float, *, tolerated: bool) -> dict[str, float]:
        """Alerts that fired and were not expected: those that may, or those that must not."""
        return {
            name: at - began
            for name, at in sorted(self._watch.seen_firing.items())
            if name not in self.scenario.expected and (name in self.scenario.tolerated) is tolerated
        }

    def _workers(self) -> int | None:
        few = [fault for fault in self.scenario.faults if isinstance(fault, AppFault) and fault.name == "few_workers"]
        return int(few[-1].parameters["concurrency"]) if few else None

    def _attempts(self, since: int) -> list[Attempt]:
        found: list[Attempt] = []
        while page := self._ledger(since)["entries"]:
            found += [_attempt(entry) for entry in page]
            since = page[-1]["seq"]
        return found

    def _ledger(self, since: int) -> Any:
        return self.target.admin(PROVIDER_PORT, "GET", f"/ledger?since={since}&limit=10000")


_PRICES: Final = Prices()


def _attempt(entry: dict[str, Any]) -> Attempt:
    """An entry of the ledger, in the application's words: one that gave up saw a time-out where that was the fault."""
    outcome = _OUTCOMES.get(entry["outcome"], entry["outcome"])
    if "timeout" in entry["faults"]:
        outcome = "timeout"
    finished = entry["time"] + entry["duration_ms"] / 1e3
    usage = Usage(entry["prompt_tokens"], entry["completion_tokens"], entry["cached_tokens"])
    cost = _PRICES.cost(entry["model"], usage).dollars or 0.0
    return Attempt(finished, entry["model"], outcome, entry["trace_id"] or "", entry["time"], cost)


_OUTCOMES: Final = {"connection_reset": "connection", "truncated": "connection"}


def _after(moment: float | None, began: float) -> float | None:
    return None if moment is None else moment - began


def _described(what: Fault | Traffic) -> str:
    if not isinstance(what, Traffic):
        return str(what)
    usual, changed = Traffic(), []
    if what.rate != usual.rate or what.users != usual.users:
        changed.append(f"{what.rate:g} requests/s")
    if what.injections != usual.injections:
        changed.append(f"{what.injections:.0%} injections")
    if what.mix != usual.mix:
        changed.append("mix " + ", ".join(f"{path} {share:.0%}" for path, share in what.mix.items()))
    return "users: " + (", ".join(changed) or "as usual")
