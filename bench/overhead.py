"""Measures the CPU time that llm_telemetry adds to a model call, beside other instrumentations.

    python bench/overhead.py            # a table; takes a minute, the first run also installs worker.py's packages
    python bench/overhead.py --json     # the same figures as JSON

Each instrumentation runs in a process of its own (worker.py, versions in worker.py.lock). A round is 400 calls per
process. The processes take turns after 50 calls, so that other load on the machine affects all of them alike. The
figures are medians of 7 rounds. Needs `uv` on the PATH or in $UV.
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
BUDGET_US = 200  # CPU time that llm_telemetry may add to a call

# instrumentation -> what it emits per call
CALLS = {
    "bare span": "1 span with 6 attributes",
    "llm_telemetry": "2 spans, 11 metrics, cost, JSON line",
    "  and OTLP log": "the same fields also as an OTLP log record",
    "openai-v2": "1 span, 2 metrics",
    "openinference": "1 span with prompt and answer",
}
CHUNKS = 200  # as in worker.py


class Worker:
    """One process, which makes a slice of calls on request."""

    def __init__(self, uv: str, way: str) -> None:
        command = [uv, "run", "--quiet", "--locked", "--script", str(WORKER), way]
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
            raise SystemExit(f"A worker process ended. To see why, run: {WORKER}")
        return float(answer)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def measure(uv: str, rounds: int) -> dict[str, list[float]]:
    """µs of CPU per call, by instrumentation and round."""
    ways = ["none", *CALLS, "stream", "stream, llm_telemetry", "price, llm_telemetry", "price, genai-prices"]
    workers = {way: Worker(uv, way) for way in ways}
    for worker in workers.values():  # all have started before the first is measured
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
    """Median of the difference between `way` and `base` in the same round, in µs."""
    return statistics.median(mine - plain for mine, plain in zip(measured[way], measured[base], strict=True))


def report(measured: dict[str, list[float]]) -> dict[str, object]:
    """All figures are in µs, except the ratios."""
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
    """A table of at most 80 columns."""
    calls, ratios = figures["added_us"], figures["ratio_to_openai_v2"]
    assert isinstance(calls, dict)
    assert isinstance(ratios, dict)
    lines = [
        f"CPU time per call of the openai client, not instrumented: {figures['call_without_us']:.0f} µs",
        "",
        f"{'added by':<15} {'µs':>5} {'ratio':>6}  emits",
        *(f"{way:<15} {calls[way]:>5.0f} {ratios[way]:>6.2f}  {emits}" for way, emits in CALLS.items()),
        "",
        f"added per chunk of a stream: {figures['added_per_chunk_us']:.1f} µs",
        f"price of a call: {figures['price_us']:.1f} µs, by genai-prices {figures['price_genai_prices_us']:.0f} µs",
        f"budget of {BUDGET_US} µs without the OTLP log: {'met' if figures['within_budget'] else 'NOT met'}",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of 400 calls (default: %(default)s)")
    options = parser.parse_args()
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise SystemExit("uv is not on the PATH nor in $UV. Install it: pip install uv")
    subprocess.run([uv, "sync", "--quiet", "--locked", "--script", str(WORKER)], check=True)  # noqa: S603
    figures = report(measure(uv, options.rounds))
    sys.stdout.write((json.dumps(figures, indent=2) if options.json else table(figures)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
