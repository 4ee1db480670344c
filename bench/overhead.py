"""How much CPU observing a model call adds: llm_telemetry beside what others add, in one run.

    python bench/overhead.py            # a table; about a minute, the first time longer: it installs worker.py's lock
    python bench/overhead.py --json     # the same as JSON

Each way of observing runs in a process of its own (worker.py, versions in worker.py.lock). A round is 400 calls
of each, which take turns in slices of 50, so that a busy machine is busy for all of them alike; the figures are
medians of 7 rounds. Needs `uv`, on the path or in $UV.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
WORKER = HERE / "worker.py"
ROUNDS, SLICES = 7, 8
BUDGET_US = 200  # of CPU added per call by llm_telemetry

# what is measured -> (what it is compared with, what it emits)
CALLS = {
    "bare span": "1 span with 6 attributes",
    "llm_telemetry": "2 spans, 11 metrics, cost, JSON line",
    "  and OTLP log": "the line's fields a second time, by OTLP",
    "openai-v2": "1 span, 2 metrics",
    "openinference": "1 span with contents",
}
CHUNKS = 200  # as in worker.py


class Worker:
    """One process that makes a round of calls when told."""

    def __init__(self, uv: str, what: str) -> None:
        command = [uv, "run", "--quiet", "--locked", "--script", str(WORKER), what]
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def slice(self) -> float:
        """µs of CPU per call."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"a worker ended: run {WORKER} by hand to see why")
        return float(answer)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def measure(uv: str, rounds: int) -> dict[str, list[float]]:
    """µs of CPU per call, for each way and round."""
    ways = ["none", *CALLS, "stream", "stream, llm_telemetry", "price, llm_telemetry", "price, genai-prices"]
    workers = {way: Worker(uv, way) for way in ways}
    for worker in workers.values():  # until all have started, none is measured
        worker.slice()
    measured: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        slices = [{way: worker.slice() for way, worker in workers.items()} for _ in range(SLICES)]
        for way in ways:
            measured[way].append(statistics.mean(of[way] for of in slices))
    for worker in workers.values():
        worker.close()
    return measured


def added(measured: dict[str, list[float]], way: str, base: str) -> float:
    """Median of what `way` takes above `base` in the same round, in µs."""
    return statistics.median(mine - plain for mine, plain in zip(measured[way], measured[base], strict=True))


def report(measured: dict[str, list[float]]) -> dict[str, object]:
    """The figures, in µs."""
    calls = {way: added(measured, way, "none") for way in CALLS}
    return {
        "call_without_us": statistics.median(measured["none"]),
        "added_us": calls,
        "ratio_to_openai_v2": {way: us / calls["openai-v2"] for way, us in calls.items()},
        "budget_us": BUDGET_US,
        "within_budget": calls["llm_telemetry"] <= BUDGET_US,
        "added_per_chunk_us": added(measured, "stream, llm_telemetry", "stream") / CHUNKS,
        "price_us": statistics.median(measured["price, llm_telemetry"]),
        "price_genai_prices_us": statistics.median(measured["price, genai-prices"]),
    }


def table(figures: dict[str, object]) -> str:
    """The figures for people, in at most 80 columns."""
    calls, ratios = figures["added_us"], figures["ratio_to_openai_v2"]
    assert isinstance(calls, dict)
    assert isinstance(ratios, dict)
    lines = [
        f"CPU per call of the openai client without any: {figures['call_without_us']:.0f} µs",
        "",
        f"{'added by':<15} {'µs':>5} {'ratio':>6}  emits",
        *(f"{way:<15} {calls[way]:>5.0f} {ratios[way]:>6.2f}  {emits}" for way, emits in CALLS.items()),
        "",
        f"a chunk of a stream: {figures['added_per_chunk_us']:.1f} µs",
        f"a price: {figures['price_us']:.1f} µs, genai-prices itself {figures['price_genai_prices_us']:.0f} µs",
        f"budget of {BUDGET_US} µs, OTLP log apart: {'met' if figures['within_budget'] else 'NOT met'}",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of 400 calls (default: %(default)s)")
    options = parser.parse_args()
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise SystemExit("uv is needed (`pip install uv`), on the path or in $UV")
    subprocess.run([uv, "sync", "--quiet", "--locked", "--script", str(WORKER)], check=True)  # noqa: S603
    figures = report(measure(uv, options.rounds))
    sys.stdout.write((json.dumps(figures, indent=2) if options.json else table(figures)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
