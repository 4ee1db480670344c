"""Colours of panels: they change at the values of config.py that alerts use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dashboards_src.config import PerScale

GREEN, YELLOW, RED, BLUE = "green", "yellow", "red", "blue"


@dataclass(frozen=True)
class Thresholds:
    """Colours from a value upwards. The first step has no value and applies below all others."""

    steps: tuple[tuple[float | None, str], ...] = ((None, BLUE),)  # a number that is neither good nor bad

    def to_json_data(self) -> list[dict[str, Any]]:
        return [{"color": color, "value": value} for value, color in self.steps]


NO_THRESHOLDS: Final = Thresholds()

Limit = float | PerScale[int] | PerScale[float]


def _production(limit: Limit) -> float:
    """Dashboards show the production value at both scales."""
    return limit.production if isinstance(limit, PerScale) else limit


def red_above(limit: Limit, warning: Limit | None = None) -> Thresholds:
    """Red from the limit, yellow from the warning."""
    between: tuple[tuple[float | None, str], ...] = () if warning is None else ((_production(warning), YELLOW),)
    return Thresholds(((None, GREEN), *between, (_production(limit), RED)))


def red_below(limit: Limit, warning: Limit | None = None) -> Thresholds:
    """Red below the limit, yellow below the warning."""
    if warning is None:
        return Thresholds(((None, RED), (_production(limit), GREEN)))
    return Thresholds(((None, RED), (_production(limit), YELLOW), (_production(warning), GREEN)))
