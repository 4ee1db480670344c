"""What the users saw, one JSON object a line: written by the load generator, read by who judges it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request, as its user saw it. Times are Unix seconds, durations milliseconds."""

    started: float
    finished: float
    endpoint: str
    status: int  # of HTTP; 0: no answer at all
    error: str  # the application's word (`server_error`, `queue_full`, …), `client` for no answer; empty: answered
    injection: bool
    facts: Mapping[str, Any]  # what the application says its answer took (demo_app.schemas.Facts); empty without one

    @property
    def cached(self) -> bool:
        """Whether it came from the application's cache."""
        return bool(self.facts.get("cache_hit"))

    @property
    def rejected(self) -> bool:
        """Whether it never reached a model, by the application's own decision."""
        return self.error in ("bad_input", "queue_full", "unauthorized")

    @property
    def generation(self) -> bool:
        """Whether the application asked a model: what llm_requests_total counts."""
        return not self.cached and not self.rejected and self.status != 0


@dataclass(frozen=True)
class Beat:
    """How the generator itself does, once a second."""

    time: float  # Unix s
    users: int
    asked: int  # requests that were due since the start
    started: int  # of them, begun
    finished: int
    failed: int  # of them, without an answer that a user can use; rejections of attacks are not failures
    late_ms: float  # by how much its own clock ran late in this second: it had no CPU
    cpu: float  # cores that it used in this second


class EventFile:
    """Reads the file on from where it stopped before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.requests: list[Request] = []
        self.beats: list[Beat] = []

    def read(self) -> None:
        """Take in what was added; a line that is not whole yet is left for the next time."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            item = json.loads(line)
            if "asked" in item:
                self.beats.append(Beat(**item))
            else:
                self.requests.append(Request(**item))
