"""`python -m lite`: what the Makefile's up, down, status, logs, config and clean call, for both profiles."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time

from lite.build import tool
from lite.failure import StackFailure
from lite.full_stack import FullStack, engine_answers
from lite.lite_stack import LiteStack
from lite.secrets import CONSOLE_PASSWORD, GRAFANA_PASSWORD
from lite.settings import ROOT, Stack
from lite.table import TOOLS, Server


def main() -> int:
    """Run one command; the exit status is 1 where it failed, 130 where it was interrupted."""
    parser = argparse.ArgumentParser(prog="python -m lite", description="Runs the observability stack.")
    parser.add_argument("--profile", choices=("full", "lite", ""), default=os.environ.get("PROFILE", ""))
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("up", help="start everything, wait until it is ready, show where it is")
    build = commands.add_parser("build", help="build or pull what `up` needs, and start nothing")
    build.add_argument("--tools", action="store_true", help="and what the tests need: promtool, amtool, docker-compose")
    commands.add_parser("down", help="stop everything; data stays")
    commands.add_parser("status", help="what runs, and where")
    logs = commands.add_parser("logs", help="show a server's log as it goes on")
    logs.add_argument("server", nargs="?", default="")
    commands.add_parser("config", help="what the configuration looks like, rendered")
    clean = commands.add_parser("clean", help="remove all data, after asking")
    clean.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args()
    try:
        return _run(options)
    except StackFailure as failure:
        if failure.lines:
            print(f"\n{failure.lines}\n", file=sys.stderr)
        print(f"{failure.what}\n-> {failure.next_step}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; what was built so far is kept, `make up` goes on from there.", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace) -> int:
    stack = Stack.load()
    profile = options.profile or stack.profile or ("full" if engine_answers() else "lite")
    run: FullStack | LiteStack = FullStack(stack) if profile == "full" else LiteStack(stack)
    match options.command:
        case "up":
            start = time.monotonic()
            run.up()
            stack.remember_profile(profile)
            _show(run, stack)
            print(f"\n{profile}: all {len(run.servers)} servers ready after {time.monotonic() - start:.0f} s.")
            print(f"Ask something at http://localhost:{stack.port('DEMO_APP_PORT')}/ — stop with `make down`.")
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


def _show(run: FullStack | LiteStack, stack: Stack) -> None:
    states = run.states()
    print(f"\n  {'server':<14} {'state':<8} {'address':<36} {'what'}")
    for server in run.servers:
        print(f"  {server.name:<14} {states[server.name]:<8} {_address(server, stack):<36} {server.about}")
    if any(server.name == "grafana" for server in run.servers):
        print(f"\n  Grafana's user is admin; the password is in\n  {stack.secrets / GRAFANA_PASSWORD}")
    elif isinstance(run, LiteStack) and (stack.secrets / CONSOLE_PASSWORD).exists():
        print(f"\n  The console's password is in\n  {stack.secrets / CONSOLE_PASSWORD}")


def _address(server: Server, stack: Stack) -> str:
    return f"http://localhost:{stack.port(server.ports[0])}{server.page}"


def _logs(run: FullStack | LiteStack, server: str) -> None:
    known = [item.name for item in run.servers]
    if server and server not in known:
        raise StackFailure(f"There is no server {server!r}.", f"make logs SERVICE= one of {', '.join(known)}")
    if isinstance(run, FullStack):
        run.logs(server)
        return
    files = [str(run.log_file(name)) for name in ([server] if server else known) if run.log_file(name).exists()]
    if not files:
        raise StackFailure("Nothing has been logged here yet.", "Start the stack with `make up`.")
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
    print(f"This removes all metrics, traces, logs, contents and secrets of the stack in {stack.state}.")
    if not yes and input("Remove them? [y/N] ").strip().lower() not in ("y", "yes"):
        print("Nothing was removed.")
        return
    if isinstance(run, FullStack):
        run.remove_data()
    else:
        run.down()
    shutil.rmtree(stack.state, ignore_errors=True)
    print("Removed. The built servers stay in the cache.")


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
