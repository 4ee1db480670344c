"""Proves with a real stack that the quick scenarios raise their alerts and no others, and leave no fault behind.

`make rehearse` runs all scenarios.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lite_process import LiteProcess, processes_of

from loadtest import faults
from loadtest.generator import Generator
from loadtest.outcome import Outcome
from loadtest.progress import Progress
from loadtest.run import Run
from loadtest.scenarios import SCENARIOS, USUAL, Scenario
from loadtest.system import SystemUnderTest
from stack.settings import ROOT
from stores.polling import poll_until

QUICK = [scenario for scenario in SCENARIOS if scenario.quick]


@dataclass
class LoadedStack:
    """A stack with active users."""

    process: LiteProcess
    system: SystemUnderTest
    users: Generator
    usual_since: float  # Unix s since when no fault is on

    def run(self, scenario: Scenario) -> Outcome:
        outcome = Run(scenario, self.system, self.users, Progress(), usual_since=self.usual_since).run()
        self.usual_since = outcome.started + outcome.faults_s
        return outcome

    def loadtest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python -m loadtest`, as `make load` calls it."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "loadtest", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.process.environment}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedStack]:
    folder = tmp_path_factory.mktemp("scenarios")
    process = LiteProcess.make(folder, SCRAPE_INTERVAL="", SIM_LATENCY_SCALE="1.0", REHEARSAL="1")
    up = process.run("up")
    assert up.returncode == 0, up.stdout + up.stderr
    try:
        system = SystemUnderTest(process.stack)
        with Generator(system.url("DEMO_APP_PORT"), folder / "loadtest", USUAL, seed=8) as users:
            yield LoadedStack(process, system, users, time.time())
    finally:
        process.run("down")
    assert processes_of(folder) == []


@pytest.mark.timeout(420)
@pytest.mark.parametrize("scenario", QUICK, ids=lambda one: one.name)
def test_a_scenario_raises_its_alerts_and_no_others(loaded: LoadedStack, scenario: Scenario) -> None:
    outcome = loaded.run(scenario)
    assert outcome.failures == []
    assert [alert.alert for alert in outcome.expected] == list(scenario.expected)
    assert faults.active(loaded.system) == []


def test_a_run_that_is_not_possible_says_why_and_what_to_do(loaded: LoadedStack, tmp_path: Path) -> None:
    unknown = loaded.loadtest("run", "latencyy")
    assert unknown.returncode == 1
    assert "'latencyy'" in unknown.stderr
    assert "outage" in unknown.stderr

    loaded.system.admin(faults.PROVIDER_PORT, "PUT", "/faults/ttft", {"duration_s": 60, "added_ms": 1})
    left = loaded.loadtest("run", "baseline")
    assert left.returncode == 1
    assert "provider: ttft" in left.stderr
    assert "make load-clear" in left.stderr
    assert "switched off provider: ttft" in loaded.loadtest("clear").stdout
    assert faults.active(loaded.system) == []
    assert "No fault is on" in loaded.loadtest("clear").stdout


@pytest.mark.timeout(300)
def test_an_interrupted_run_leaves_no_fault_behind(loaded: LoadedStack) -> None:
    running = subprocess.Popen(
        loaded.command("run", "slow-retrieval"),
        env=loaded.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        poll_until(lambda: faults.active(loaded.system), timeout_s=120, every_s=0.5)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130, said.decode()
    assert b"Interrupted" in said
    assert faults.active(loaded.system) == []


def test_a_stopped_stack_and_the_wrong_time_scale_are_named(loaded: LoadedStack, tmp_path: Path) -> None:
    stopped = {**loaded.environment, "STACK_STATE": str(tmp_path / "nothing")}
    down = subprocess.run(
        loaded.command("run", "baseline"),
        env=stopped,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert down.returncode == 1
    assert "The stack is not up" in down.stderr
    assert "make up REHEARSAL=1" in down.stderr

    real = loaded.loadtest("rehearse", "--real")
    assert real.returncode == 1
    assert "make rehearsal-off" in real.stderr
