"""`python -m stack`: the Makefile's commands up, down, status, logs and others, for both profiles."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time

from dashboards_src.alerts.rules import FOLDERS
from dashboards_src.config import Scale
from stack.build import tool
from stack.failure import StackFailure, not_running
from stack.full import FullStack, engine_answers
from stack.lite import LiteStack
from stack.secrets import CONSOLE_PASSWORD, GRAFANA_PASSWORD
from stack.servers import TOOLS, check_name
from stack.settings import ROOT, Stack


def main() -> int:
    """Run one command. The exit status is 1 after a failure, 130 after an interruption."""
    parser = argparse.ArgumentParser(
        prog="python -m stack", description="Starts, stops and shows the observability stack."
    )
    parser.add_argument(
        "--profile",
        choices=("full", "lite", ""),
        default=os.environ.get("PROFILE", ""),
        help="default: the profile started last, else full where Docker answers, else lite",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("up", help="start every server, wait until all are ready, show their addresses")
    build = commands.add_parser("build", help="build or pull everything that `up` needs; start nothing")
    build.add_argument("--tools", action="store_true", help="also build the programs that tests need")
    commands.add_parser("down", help="stop every server; the data stays")
    commands.add_parser("rehearsal-on", help="switch the running stack to the time scale of load tests")
    commands.add_parser("rehearsal-off", help="switch the running stack back to the production time scale")
    for command, text in (("stop", "stop one server until `start` or `up`"), ("start", "start one stopped server")):
        commands.add_parser(command, help=text).add_argument("server", nargs="?", default="")
    commands.add_parser("status", help="show each server's state and address")
    logs = commands.add_parser("logs", help="follow the log of one server, or of all")
    logs.add_argument("server", nargs="?", default="")
    commands.add_parser("config", help="show the rendered configuration")
    clean = commands.add_parser("clean", help="delete all data, after you confirm")
    clean.add_argument("--yes", action="store_true", help="delete without asking")
    options = parser.parse_args()
    try:
        return _run(options)
    except StackFailure as failure:
        if failure.lines:
            print(f"\n{failure.lines}\n", file=sys.stderr)
        print(f"{failure.what}\n-> {failure.next_step}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Finished builds are kept; `make up` continues from there.", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> int:
    stack = Stack.load()
    # `up` reads REHEARSAL. Commands other than `up` and the two switches keep the running time scale.
    scales: dict[str, Scale] = {"up": stack.scale, "rehearsal-on": "rehearsal", "rehearsal-off": "production"}
    stack = stack.with_scale(scales.get(options.command, stack.running_scale))
    run = stack_runner(stack, options.profile)
    match options.command:
        case "up":
            _up(run, stack)
        case "rehearsal-on" | "rehearsal-off":
            if not run.running:
                raise not_running("make up REHEARSAL=1" if stack.scale == "rehearsal" else "make up")
            _up(run, stack)
        case "stop":
            run.stop_server(options.server)
        case "start":
            run.start_server(options.server)
        case "build":
            run.build()
            if options.tools:
                for name in TOOLS:
                    tool(name)
        case "down":
            run.down()
        case "status":
            _show(run, stack)
            return 0 if all(state == "ready" for state in run.states().values()) else 1
        case "logs":
            _logs(run, options.server)
        case "config":
            _config(run, stack)
        case "clean":
            _clean(run, stack, options.yes)
    return 0


def stack_runner(stack: Stack, profile: str = "") -> LiteStack | FullStack:
    """The runner of `profile`; without a profile, of the one started last, else of `full` where Docker answers."""
    chosen = profile or stack.profile or ("full" if engine_answers() else "lite")
    return FullStack(stack) if chosen == "full" else LiteStack(stack)


def _up(run: FullStack | LiteStack, stack: Stack) -> None:
    start = time.monotonic()
    run.up()
    profile = "full" if isinstance(run, FullStack) else "lite"
    stack.remember(profile)
    _show(run, stack)
    print(f"\n{profile}: all {len(run.servers)} servers ready after {time.monotonic() - start:.0f} s.")
    print(f"Ask a question at {stack.public_url('DEMO_APP_PORT')}/. Stop with `make down`.")


def _show(run: FullStack | LiteStack, stack: Stack) -> None:
    states = run.states()
    print(f"\n  {'server':<14} {'state':<8} {'address':<36} {'purpose'}")
    for server in run.servers:
        address = stack.public_url(server.ports[0]) + server.page
        print(f"  {server.name:<14} {states[server.name]:<8} {address:<36} {server.about}")
    if any(state == "ready" for state in states.values()):
        other = "off" if stack.scale == "rehearsal" else "on"
        print(f"\n  Time scale: {stack.scale} ({FOLDERS[stack.scale]}); to switch: `make rehearsal-{other}`")
    if any(server.name == "grafana" for server in run.servers):
        print(f"\n  Grafana's user is admin; the password is in\n  {stack.secrets / GRAFANA_PASSWORD}")
    elif isinstance(run, LiteStack) and (stack.secrets / CONSOLE_PASSWORD).exists():
        print(f"\n  The console's password is in\n  {stack.secrets / CONSOLE_PASSWORD}")


def _logs(run: FullStack | LiteStack, server: str) -> None:
    if server:
        check_name(server, run.servers)
    if isinstance(run, FullStack):
        run.logs(server)
        return
    names = [server] if server else [item.name for item in run.servers]
    files = [str(run.log_file(name)) for name in names if run.log_file(name).exists()]
    if not files:
        raise StackFailure("There are no logs yet.", "Start the stack with `make up`.")
    subprocess.run(["tail", "-n", "100", "-F", *files], check=False)  # noqa: S603, S607


def _config(run: FullStack | LiteStack, stack: Stack) -> None:
    if isinstance(run, FullStack):
        print(run.show_config())
    else:
        run.render()
    for file in sorted(stack.config.glob("*/*.yml")):
        print(f"# {file.relative_to(stack.state)}\n{file.read_text()}")
    if isinstance(run, LiteStack):
        for program in run.programs():
            print(f"# {program.name}")
            for key, value in program.environment.items():
                print(f"{key}={'…' if 'TOKEN' in key or 'SALT' in key or 'HEADERS' in key else value} \\")
            print(" \\\n  ".join(program.argv) + "\n")


def _clean(run: FullStack | LiteStack, stack: Stack, yes: bool) -> None:
    print(f"This deletes all metrics, traces, logs, stored prompts and secrets in\n{stack.state}.")
    if not yes and input("Delete them? [y/N] ").strip().lower() not in ("y", "yes"):
        print("Nothing was deleted.")
        return
    if isinstance(run, FullStack):
        run.remove_data()
    else:
        run.down()
    shutil.rmtree(stack.state, ignore_errors=True)
    print("Deleted. The built servers stay in the cache.")


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
