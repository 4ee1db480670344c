"""Where a panel changes its colour: at values of the config, which the alerts use, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dashboards_src.config import PerScale

GREEN, YELLOW, RED, BLUE = "green", "yellow", "red", "blue"


@dataclass(frozen=True)
class Thresholds:
    """Colours from a value upwards; the first has no value and is below all others."""

    steps: tuple[tuple[float | None, str], ...] = ((None, BLUE),)  # plain: a number that is neither good nor bad

    def to_json_data(self) -> list[dict[str, Any]]:
        """Grafana's steps."""
        return [{"color": color, "value": value} for value, color in self.steps]


PLAIN: Final = Thresholds()


Limit = float | PerScale[int] | PerScale[float]


def of_production(limit: Limit) -> float:
    """Dashboards show production's value at either scale."""
    return limit.production if isinstance(limit, PerScale) else limit


def bad_above(limit: Limit, warning: Limit | None = None) -> Thresholds:
    """Red from the limit, yellow from the warning."""
    between: tuple[tuple[float | None, str], ...] = () if warning is None else ((of_production(warning), YELLOW),)
    return Thresholds(((None, GREEN), *between, (of_production(limit), RED)))


def bad_below(limit: Limit, warning: Limit | None = None) -> Thresholds:
    """Red below the limit, yellow below the warning."""
    if warning is None:
        return Thresholds(((None, RED), (of_production(limit), GREEN)))
    return Thresholds(((None, RED), (of_production(limit), YELLOW), (of_production(warning), GREEN)))
