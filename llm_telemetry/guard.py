"""Telemetry never raises into the application."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from llm_telemetry.state import telemetry

_log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


def never_raises(signal: str) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Make a recording function give None instead of raising, and count the failure of `signal`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R | None]:
        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | None:
            try:
                return function(*args, **kwargs)
            except Exception:
                count_failure(signal)
                return None

        return guarded

    return decorate


def count_failure(signal: str) -> None:
    """Count that `signal` could not be recorded; never raises. Called inside an `except`."""
    try:
        telemetry().failed(signal)
    except Exception:  # no telemetry can be made at all, so there is nowhere to count
        _say_that_there_is_none()


@functools.cache
def _say_that_there_is_none() -> None:
    _log.error("no telemetry: call llm_telemetry.configure, which says what is wrong", exc_info=True)
