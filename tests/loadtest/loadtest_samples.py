"""Requests as users saw them, made up for tests."""

from __future__ import annotations

from typing import Any

from loadtest.events import Request
from loadtest.traffic import ANSWER


def request(
    finished: float,
    *,
    endpoint: str = ANSWER,
    error: str = "",
    status: int | None = None,
    injection: bool = False,
    took_s: float = 1.0,
    **facts: Any,
) -> Request:
    """One that ended at `finished` (Unix s)."""
    if status is None:
        status = 502 if error else 200
    return Request(finished - took_s, finished, endpoint, status, error, injection, facts)
