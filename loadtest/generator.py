"""Runs the users as a process of their own, so that who watches and who asks do not wait for each other."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtest.events import Beat, EventFile, Request
from loadtest.failure import LoadFailure
from loadtest.traffic import Traffic
from stack.settings import ROOT

LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")
# Above these the generator was busy with itself, and what it says of the application is not to be believed.
MOST_CPU: Final = 0.9  # cores; it has one
MOST_LATE_MS: Final = 250.0  # of its clock; latencies are told apart by seconds
_LATE_SECONDS: Final = 0.05  # share of seconds that may be later: a collection of garbage, a neighbour
_STOPS_WITHIN_S: Final = 10.0


@dataclass(frozen=True)
class GeneratorHealth:
    """Whether the load was what it was meant to be."""

    requested_rate: float  # requests a second that were due
    achieved_rate: float  # that were begun
    error_share: float  # of what ended
    cpu: float  # cores of the generator, mean
    late_ms: float  # of its clock, the second that 1 in 20 exceeds
    seconds: float

    @property
    def was_bottleneck(self) -> bool:
        """Whether the generator itself could not keep up."""
        return self.cpu > MOST_CPU or self.late_ms > MOST_LATE_MS

    def __str__(self) -> str:
        return (
            f"{self.achieved_rate:.1f} of {self.requested_rate:.1f} requests/s, {self.error_share:.1%} errors;"
            f" generator {self.cpu:.0%} of a core, its clock {self.late_ms:.0f} ms late"
        )


class Generator:
    """The users. Use it as a context; they are gone when it ends."""

    def __init__(self, host: str, folder: Path, traffic: Traffic, seed: int | None = None) -> None:
        """Nothing runs yet.

        Args:
            host: of the application, http://127.0.0.1:8000.
            folder: for what they write.
            traffic: to begin with.
            seed: of all chance; another one each time where it is None.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._host = host
        self._traffic_file = folder / "traffic.json"
        self._log = folder / "locust.log"
        self._events_path = folder / "events.jsonl"
        self._events = EventFile(self._events_path)
        self._seed = secrets.randbelow(2**31) if seed is None else seed
        self._process: subprocess.Popen[bytes] | None = None
        self._traffic = traffic

    def __enter__(self) -> Generator:
        self.make(self._traffic)
        command = [
            sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--headless", "--host", self._host,
            "--only-summary", "--loglevel", "WARNING", "--stop-timeout", "5",
        ]  # fmt: skip
        environment = {
            **os.environ,
            "LOADTEST_TRAFFIC": str(self._traffic_file),
            "LOADTEST_EVENTS": str(self._events_path),
            "LOADTEST_SEED": str(self._seed),
            "PYTHONPATH": str(ROOT),
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def make(self, traffic: Traffic) -> None:
        """Change what the users do, from within half a second on."""
        self._traffic = traffic
        traffic.write(self._traffic_file)

    def check(self) -> None:
        """Take in what they wrote; pass if they still run.

        Raises:
            LoadFailure: with the last that they said.
        """
        self._events.read()
        if self._process is not None and self._process.poll() is not None:
            said = self._log.read_text(errors="replace").strip().splitlines()[-5:]
            raise LoadFailure("The load generator ended:\n  " + "\n  ".join(said), f"All that it said: {self._log}")

    def requests(self, since: float) -> list[Request]:
        """Requests that ended since then (Unix s)."""
        return [one for one in self._events.requests if since <= one.finished]

    def honesty(self, since: float, until: float = float("inf")) -> GeneratorHealth:
        """How the load was in that time."""
        beats = [beat for beat in self._events.beats if since <= beat.time < until]
        return _honesty(beats)


def _honesty(beats: Sequence[Beat]) -> GeneratorHealth:
    if len(beats) < 2:
        return GeneratorHealth(0, 0, 0, 0, 0, 0)
    first, last = beats[0], beats[-1]
    length = last.time - first.time
    late = sorted(beat.late_ms for beat in beats[1:])
    return GeneratorHealth(
        requested_rate=(last.asked - first.asked) / length,
        achieved_rate=(last.started - first.started) / length,
        error_share=(last.failed - first.failed) / max(1, last.finished - first.finished),
        cpu=sum(beat.cpu for beat in beats[1:]) / (len(beats) - 1),
        late_ms=late[min(len(late) - 1, int(len(late) * (1 - _LATE_SECONDS)))],
        seconds=length,
    )
