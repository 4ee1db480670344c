"""One recorded series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboards_src import config, promql
from dashboards_src.config import Scale


@dataclass(frozen=True)
class Record:
    """One recorded series. Name and expression are templates (see `records.render`)."""

    file: str  # stem of the rules file
    template: str  # of the name
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)  # that the rule adds
    seeded: bool = False  # in a rehearsal the load test writes this series (loadtest/seed.py), and no rule does

    def at(self, scale: Scale) -> str:
        return promql.render(self.template, promql.template_values(scale))

    @property
    def name(self) -> str:
        """The production name, which dashboards use."""
        return self.at("production")


def days_before(key: str) -> str:
    """A record's values at the same hour of the previous days, told apart by the label `day`."""
    day = f'label_replace(%({key})s offset DAY, "day", "DAY", "", "")'
    return "\nor ".join(day.replace("DAY", offset) for offset in config.DAYS_BEFORE)
