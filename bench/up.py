"""Measures how long lite takes to start, and the memory of its idle servers.

make bench-up           time of the second start, idle memory
make bench-up COLD=1    also the time to build all servers: about 10 minutes
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "stack"))

from lite_process import LiteProcess  # noqa: E402

from stack.processes import Supervisor  # noqa: E402

SETTLES_S = 30.0  # after the start: first scrapes, first garbage collections


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cold", action="store_true", help="also build all servers with empty caches")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if options.cold and not _timed("build with empty caches", lambda: _cold_build(folder)):
            return 1
        lite = LiteProcess.make(folder / "state", SCRAPE_INTERVAL="15s", SIM_LATENCY_SCALE="1.0")
        try:
            first = lite.run("up")
            if first.returncode:
                print(first.stderr)
                return 1
            lite.run("down")
            _timed("second `make up` until ready", lambda: lite.run("up"))
            time.sleep(SETTLES_S)
            _show_memory(Supervisor(lite.stack).states())
        finally:
            lite.run("down")
    return 0


def _timed(what: str, run: Callable[[], subprocess.CompletedProcess[str]]) -> bool:
    start = time.monotonic()
    done = run()
    print(done.stderr if done.returncode else f"{what:<30} {time.monotonic() - start:7.1f} s")
    return not done.returncode


def _cold_build(folder: Path) -> subprocess.CompletedProcess[str]:
    caches = {name: str(folder / name.lower()) for name in ("XDG_CACHE_HOME", "GOCACHE", "GOMODCACHE")}
    command = [sys.executable, "-m", "stack", "--profile", "lite", "build"]
    try:
        return subprocess.run(command, cwd=ROOT, env={**os.environ, **caches}, text=True, check=False)  # noqa: S603
    finally:
        subprocess.run(["chmod", "-R", "u+w", str(folder)], check=False)  # noqa: S603, S607 - modules are read-only


def _show_memory(states: Mapping[str, Mapping[str, object]]) -> None:
    total = 0.0
    print(f"\n{'resident memory when idle':<30}")
    for name, info in states.items():
        mib = resident_mib(int(str(info["pid"])))
        total += mib
        print(f"  {name:<28} {mib:7.0f} MiB")
    print(f"  {'total':<28} {total:7.0f} MiB")


def resident_mib(pid: int) -> float:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return int(fields["VmRSS"].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
