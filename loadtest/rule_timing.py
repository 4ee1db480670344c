"""How long Prometheus and Alertmanager wait by configuration before they send an alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboards_src import config, promql
from dashboards_src.alerts import FILES
from dashboards_src.config import Scale
from stack.render import TIMINGS
from stack.settings import Stack


@dataclass(frozen=True)
class RuleTiming:
    """All in seconds."""

    interval_s: float  # between evaluations of the rule
    for_s: float  # how long the condition must hold
    group_wait_s: float  # Alertmanager waits this long before the first message of a group


def rule_timing(alert: str, labels: Mapping[str, str], scale: Scale, stack: Stack) -> RuleTiming | None:
    """Of the rule that raised an alert with these labels; without labels, of the first rule with that name.

    None: Prometheus has no such rule, because the alert sink raises the alert itself.
    """
    rules = [(file, one.rule(scale)) for file in FILES for one in file.alerts_at(scale) if one.name == alert]
    if not rules:
        return None
    file, rule = next((one for one in rules if one[1]["labels"].items() <= labels.items()), rules[0])
    slow = file.slow and scale == "production"
    interval = config.SLOW_INTERVAL if slow else stack.values["SCRAPE_INTERVAL"] or f"{TIMINGS[scale].interval_s}s"
    return RuleTiming(promql.seconds(interval), promql.seconds(rule["for"]), TIMINGS[scale].group_wait_s)
