"""`python -m loadtest`: what the Makefile's load, load-ui, load-clear and rehearse call."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from dashboards_src.config import Scale
from loadtest import faults
from loadtest.failure import LoadFailure
from loadtest.generator import LOCUSTFILE, Generator
from loadtest.progress import Progress
from loadtest.rehearsal import BASELINE_S, Rehearsal, chosen, new_folder, real, rehearse
from loadtest.report import write_report
from loadtest.run import PRODUCTION, REHEARSAL
from loadtest.scenarios import SCENARIOS, USUAL, Scenario
from loadtest.target import Target
from loadtest.watch import check_sink
from stack.failure import StackFailure
from stack.settings import ROOT, Stack
from stores import StoreError


def main() -> int:
    """Run one command; 0: passed, 1: failed or not possible, 130: interrupted."""
    parser = argparse.ArgumentParser(prog="python -m loadtest", description="Load and faults that trip the alerts.")
    parser.add_argument("--folder", type=Path, default=None, help="for reports and logs (default: .state/loadtest)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("list", help="the scenarios, one line each")
    run = commands.add_parser("run", help="run one scenario against the stack that `make up REHEARSAL=1` started")
    run.add_argument("scenario", help="its name")
    commands.add_parser("ui", help="open Locust's own page on the users of the scenarios")
    commands.add_parser("clear", help="switch off every fault, start every server that a scenario stopped")
    rehearse_ = commands.add_parser("rehearse", help="run all scenarios and write a report")
    rehearse_.add_argument("--only", default="", help="names of scenarios, with commas between them")
    rehearse_.add_argument("--baseline-s", type=float, default=BASELINE_S, help="length of the baseline")
    rehearse_.add_argument("--real", action="store_true", help="two alerts at production timing (20 minutes)")
    rehearse_.add_argument("--seed", type=int, default=None, help="of the users' chance; random without it")
    options = parser.parse_args()
    for one in (signal.SIGINT, signal.SIGTERM):  # a shell has its background jobs ignore the first
        signal.signal(one, _interrupt)
    try:
        return _run(options)
    except (LoadFailure, StackFailure) as failure:
        print(f"\n{failure.what}\n-> {failure.next_step}", file=sys.stderr)
        return 1
    except StoreError as error:
        print(f"\n{error}\n-> make status", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the faults of this run are off, and what it stopped runs again.", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> int:
    if options.command == "list":
        _list()
        return 0
    if options.command == "ui":
        return _ui(Stack.load())
    target = Target(Stack.load())
    if options.command == "clear":
        done = faults.clear(target)
        print("\n".join(done) or "No fault is on, and every server runs.")
        return 0
    root = options.folder or target.stack.state / "loadtest"
    if options.command == "run":
        return _one(target, chosen([options.scenario], baseline_s=60.0), root)
    only = [name for name in options.only.split(",") if name]
    return _all(target, options, real() if options.real else chosen(only, options.baseline_s), root)


def _one(target: Target, scenarios: Sequence[Scenario], root: Path) -> int:
    _check(target, "rehearsal")
    progress = Progress()
    folder = new_folder(root)
    with Generator(target.url("DEMO_APP_PORT"), folder, scenarios[0].traffic) as users:
        done = rehearse(target, scenarios, users, progress)
    return _verdict(done, folder, progress)


def _all(target: Target, options: argparse.Namespace, scenarios: Sequence[Scenario], root: Path) -> int:
    scale: Scale = "production" if options.real else "rehearsal"
    _check(target, scale)
    progress, folder = Progress(), new_folder(root)

    def keep(rehearsal: Rehearsal) -> None:
        write_report(rehearsal, folder)

    with Generator(target.url("DEMO_APP_PORT"), folder, scenarios[0].traffic, options.seed) as users:
        pace = PRODUCTION if options.real else REHEARSAL
        done = rehearse(target, scenarios, users, progress, scale, pace, after_each=keep)
    return _verdict(done, folder, progress)


def _check(target: Target, scale: Scale) -> None:
    target.check(scale)
    faults.check_none(target)
    check_sink(target)


def _verdict(done: Rehearsal, folder: Path, progress: Progress) -> int:
    page = write_report(done, folder)
    passed = sum(one.passed for one in done.outcomes)
    middle = done.median_overshoot
    overshoot = "" if middle is None else f" Median overshoot over the bound: {middle:.1f} s."
    total = len(done.outcomes) + len(done.not_run)
    progress.say(f"\n{passed} of {total} scenarios passed in {(time.time() - done.started) / 60:.0f} min.{overshoot}")
    for failure in done.failures:
        progress.say(f"  {failure}")
    progress.say(f"Report: {page}")
    return 1 if done.failures else 0


def _list() -> None:
    print("make load SCENARIO=name runs one of these, on what make up REHEARSAL=1 started:\n")
    for scenario in SCENARIOS:
        print(f"  {scenario.name:<15} {scenario.about}")
        for line in wrap(", ".join(scenario.expected), 58):
            print(f"  {'':<17} {line}")


def _ui(stack: Stack) -> int:
    """Locust's own page, on loopback, until Ctrl-C."""
    port = os.environ.get("LOCUST_PORT", "8089")
    print(f"Locust's page: http://localhost:{port}/ (Ctrl-C ends it)")
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
