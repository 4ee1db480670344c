"""What the users do, as numbers that a scenario may change while they do it."""

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
    """Users who come back at random times (Poisson), whether or not others still wait: an open loop."""

    # Requests a second, of all users together. Enough that in 30 s two slow streams by chance are no 5 %.
    rate: float = 7.0
    users: int = 84  # one asks every users / rate seconds: 12 s, longer than answers take
    mix: Mapping[str, float] = field(default_factory=lambda: {ANSWER: 0.48, STREAM: 0.34, SUMMARISE: 0.18})
    repeats: float = 0.35  # share of questions out of the few that everybody asks: these hit the cache
    injections: float = 0.0  # share of questions that try to give the model instructions
    votes: float = 0.1  # share of answers that are voted on

    def write(self, file: Path) -> None:
        """Tell the users, who look into `file` twice a second."""
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps(asdict(self)), encoding="utf-8")
        os.replace(beside, file)  # they never see half of it

    @classmethod
    def read(cls, file: Path) -> Traffic:
        """What `write` wrote."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))
