"""Colours of panels: they change at the values of config.py that alerts use."""

from __future__ import annotations

from typing import Final

from dashboards_src.config import PerScale

GREEN, YELLOW, RED, BLUE = "green", "yellow", "red", "blue"

# Colours from a value upwards. The first step has no value and applies below all others.
Thresholds = list[tuple[float | None, str]]
NO_THRESHOLDS: Final[Thresholds] = [(None, BLUE)]  # a number that is neither good nor bad

Limit = float | PerScale[int] | PerScale[float]


def _production(limit: Limit) -> float:
    """Dashboards show the production value at both scales."""
    return limit.production if isinstance(limit, PerScale) else limit


def red_above(limit: Limit, warning: Limit | None = None) -> Thresholds:
    between: Thresholds = [] if warning is None else [(_production(warning), YELLOW)]
    return [(None, GREEN), *between, (_production(limit), RED)]


def red_below(limit: Limit, warning: Limit | None = None) -> Thresholds:
    if warning is None:
        return [(None, RED), (_production(limit), GREEN)]
    return [(None, RED), (_production(limit), YELLOW), (_production(warning), GREEN)]
