"""Recorded series: names and expressions. Alerts use them, and dashboards over days use them.

A name is level:metric:operations and holds its range, so production (`…:rate5m`) and rehearsal (`…:rate30s`) are
different series. A rehearsal records both, so that dashboards, which show the production names, work at both scales.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from dashboards_src import promql
from dashboards_src.config import Scale
from dashboards_src.records import llm, stack
from dashboards_src.records.record import Record


def _by_constant() -> dict[str, tuple[Record, ...]]:
    found: dict[str, tuple[Record, ...]] = {}
    for module in (llm, stack):
        for constant, value in vars(module).items():
            if isinstance(value, Record):
                found[constant] = (value,)
            elif isinstance(value, tuple) and value and all(isinstance(item, Record) for item in value):
                found[constant] = value
    return found


# By the names of their constants; several where the rules add a label.
BY_CONSTANT: Final = _by_constant()
RECORDS: Final = tuple(record for several in BY_CONSTANT.values() for record in several)


@cache
def template_values(scale: Scale) -> dict[str, str]:
    """The names that a template of a rule may use."""
    return {**promql.template_values(scale), **{key: several[0].at(scale) for key, several in BY_CONSTANT.items()}}


def render(template: str, scale: Scale) -> str:
    return promql.render(template, template_values(scale))
