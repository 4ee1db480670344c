"""How well the load generator itself works: a generator that is too busy makes a run worthless."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Above these limits the generator was busy with itself, and its figures say nothing about the application.
MAX_CPU: Final = 0.9  # cores; the generator runs on one
MAX_LATE_MS: Final = 250.0  # of its clock; alerts on latency look at seconds
_LATE_QUANTILE: Final = 0.95  # garbage collection or another process may delay 1 second in 20


@dataclass(frozen=True)
class GeneratorSample:
    """One second of the load generator. Requests are counted since its start."""

    time: float  # Unix s
    due: int  # requests that should have started
    started: int
    finished: int
    failed: int  # finished without a usable answer; a rejected prompt injection is not a failure
    late_ms: float  # how late the generator's clock ran, because it got no CPU
    cpu: float  # cores used


class SampleFile:
    """Reads the file that the load generator writes: one JSON object a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.samples: list[GeneratorSample] = []

    def read(self) -> None:
        """Add the samples that were written since the last call; an incomplete last line is left for the next call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        self.samples += [GeneratorSample(**json.loads(line)) for line in complete.splitlines()]


@dataclass(frozen=True)
class GeneratorHealth:
    """The load that was made over some time, and what it cost the generator."""

    requested_rate: float = 0.0  # requests per second that were due
    achieved_rate: float = 0.0  # requests per second that started
    error_share: float = 0.0  # of finished requests
    cpu: float = 0.0  # cores used by the generator, mean
    late_ms: float = 0.0  # how late its clock ran, p95

    @classmethod
    def of(cls, samples: Sequence[GeneratorSample]) -> GeneratorHealth:
        if len(samples) < 2:
            return cls()
        first, last = samples[0], samples[-1]
        length_s = last.time - first.time
        late = sorted(sample.late_ms for sample in samples[1:])
        return cls(
            requested_rate=(last.due - first.due) / length_s,
            achieved_rate=(last.started - first.started) / length_s,
            error_share=(last.failed - first.failed) / max(1, last.finished - first.finished),
            cpu=sum(sample.cpu for sample in samples[1:]) / (len(samples) - 1),
            late_ms=late[min(len(late) - 1, int(len(late) * _LATE_QUANTILE))],
        )

    @property
    def was_bottleneck(self) -> bool:
        return self.cpu > MAX_CPU or self.late_ms > MAX_LATE_MS

    def __str__(self) -> str:
        return (
            f"{self.achieved_rate:.1f} of {self.requested_rate:.1f} requests/s, {self.error_share:.1%} errors;"
            f" generator: {self.cpu:.0%} of a core, clock {self.late_ms:.0f} ms late"
        )
