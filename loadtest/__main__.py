"""`python -m loadtest`, for the targets load, load-ui, load-clear and rehearse of the Makefile."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Any

from dashboards_src.config import Scale
from loadtest import faults
from loadtest.generator import LOCUSTFILE, Generator
from loadtest.progress import Progress
from loadtest.rehearsal import BASELINE_S, Rehearsal, chosen, real, rehearse
from loadtest.report import write_report
from loadtest.scenarios import SCENARIOS, USUAL, Scenario
from loadtest.system import SystemUnderTest
from loadtest.watch import check_sink
from stack.failure import StackFailure
from stack.settings import ROOT, Stack
from stores import StoreError


def main() -> int:
    """Returns 0: passed, 1: failed or not possible, 130: interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtest", description="Runs load scenarios against the running stack and checks its alerts."
    )
    parser.add_argument("--folder", type=Path, default=None, help="folder of reports (default: .state/loadtest)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("list", help="list the scenarios and the alerts that each must raise")
    run = commands.add_parser("run", help="run one scenario on a stack started with `make up REHEARSAL=1`")
    run.add_argument("scenario", help="name of the scenario")
    commands.add_parser("ui", help="open Locust's web page with the simulated users")
    commands.add_parser("clear", help="switch off all faults and start all stopped servers")
    rehearse_ = commands.add_parser("rehearse", help="run all scenarios and write a report")
    rehearse_.add_argument("--only", default="", help="names of scenarios, separated by commas")
    rehearse_.add_argument("--baseline-s", type=float, default=BASELINE_S, help="seconds of the baseline scenario")
    rehearse_.add_argument("--real", action="store_true", help="check two alerts with production's rules (20 minutes)")
    rehearse_.add_argument("--seed", type=int, default=None, help="seed of the users' random choices (default: random)")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts background jobs with SIGINT ignored
        signal.signal(number, _interrupt)
    try:
        return _run(options)
    except StackFailure as failure:
        print(f"\n{failure.what}\n-> {failure.next_step}", file=sys.stderr)
        return 1
    except StoreError as error:
        print(f"\n{error}\n-> make status", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The faults are off, and stopped servers are started again.", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> int:
    if options.command == "list":
        _list()
        return 0
    if options.command == "ui":
        return _ui(Stack.load())
    system = SystemUnderTest(Stack.load())
    if options.command == "clear":
        print("\n".join(faults.clear(system)) or "No fault is on, and all servers are running.")
        return 0
    root = options.folder or system.stack.state / "loadtest"
    if options.command == "run":
        return _rehearse(system, chosen([options.scenario], baseline_s=60.0), root)
    only = [name for name in options.only.split(",") if name]
    scenarios = real() if options.real else chosen(only, options.baseline_s)
    return _rehearse(system, scenarios, root, "production" if options.real else "rehearsal", options.seed)


def _rehearse(
    system: SystemUnderTest,
    scenarios: Sequence[Scenario],
    root: Path,
    scale: Scale = "rehearsal",
    seed: int | None = None,
) -> int:
    system.check(scale)
    faults.check_none(system)
    check_sink(system)
    progress = Progress()
    folder = root / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}"
    with Generator(system.url("DEMO_APP_PORT"), folder, scenarios[0].traffic, seed) as users:
        done = rehearse(system, scenarios, users, progress, scale, partial(write_report, folder=folder))
    return _verdict(done, folder, progress)


def _verdict(done: Rehearsal, folder: Path, progress: Progress) -> int:
    passed = sum(one.passed for one in done.outcomes)
    total = len(done.outcomes) + len(done.not_run)
    progress.print(f"\n{passed} of {total} scenarios passed in {(time.time() - done.started) / 60:.0f} min.")
    if done.slowest_firing_s is not None:
        progress.print(
            f"The slowest alert fired {done.slowest_firing_s:.0f} s after its fault"
            f" (limit {done.fires_within_s:.0f} s)."
        )
    for failure in done.failures:
        progress.print(f"  {failure}")
    progress.print(f"Report: {folder / 'report.html'}")
    return 1 if done.failures else 0


def _list() -> None:
    print("Load scenarios and the alerts that each must raise. First: make up REHEARSAL=1")
    print("Then run one: make load SCENARIO=name\n")
    for scenario in SCENARIOS:
        print(f"  {scenario.name:<15} {scenario.about}")
        for line in wrap(", ".join(scenario.expected), 58):
            print(f"  {'':<17} {line}")


def _ui(stack: Stack) -> int:
    """Locust's web page, on loopback, until Ctrl-C."""
    port = os.environ.get("LOCUST_PORT", "8089")
    print(f"Locust's web page: http://localhost:{port}/ (stop with Ctrl-C)")
    os.chdir(ROOT)
    command = [
        sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--web-host", "127.0.0.1", "--web-port", port,
        "--host", f"http://127.0.0.1:{stack.port('DEMO_APP_PORT')}", "--users", str(USUAL.users), "--spawn-rate", "20",
    ]  # fmt: skip
    os.execv(command[0], command)  # noqa: S606 - our own command


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
