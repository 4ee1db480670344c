"""Failures of telemetry are counted and never raised into the application."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from llm_telemetry.telemetry import current_telemetry

_log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


def never_raises(signal: str) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Decorator: the function returns None instead of raising, and the failure counts under `signal`.

    `signal` is one of names.TELEMETRY_SIGNALS.
    """

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
    """Count one failure under `signal` and log its traceback. Call it inside an `except`. Never raises."""
    try:
        current_telemetry().count_failure(signal)
    except Exception:  # configure itself fails, so there is no counter
        _log_missing_telemetry()


@functools.cache
def _log_missing_telemetry() -> None:
    _log.error("no telemetry: call llm_telemetry.configure at start; its exception says what is wrong", exc_info=True)
