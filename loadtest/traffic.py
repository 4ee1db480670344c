"""What the simulated users do, as numbers that a scenario can change while they do it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ANSWER = "/api/support/answer"
STREAM = "/api/support/stream"
SUMMARISE = "/api/search/summarise"


@dataclass(frozen=True)
class Traffic:
    """An open loop: users ask at random times (Poisson), no matter how many requests still wait for an answer."""

    # Requests per second of all users together: enough that two slow streams in 30 s are below 5 %.
    rate: float = 7.0
    users: int = 84  # each asks every users / rate = 12 s, which is longer than answers take
    mix: Mapping[str, float] = field(default_factory=lambda: {ANSWER: 0.48, STREAM: 0.34, SUMMARISE: 0.18})
    repeats: float = 0.35  # share of popular questions: these hit the answer cache
    injections: float = 0.0  # share of questions that are prompt injections
    votes: float = 0.1  # share of answers that get a vote

    def write(self, file: Path) -> None:
        """For the load generator, which reads the file twice a second."""
        temporary = file.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
        os.replace(temporary, file)  # atomic: the generator never reads half of it

    @classmethod
    def read(cls, file: Path) -> Traffic:
        return cls(**json.loads(file.read_text(encoding="utf-8")))
