"""Names of the records of service level objectives.

All objectives have the same record names and differ in the label `slo`. All records have the labels slo, service and
endpoint. alerts/slo.py makes their expressions from the table in config.py, for every window of this table.
"""

from __future__ import annotations

from typing import Final

FILE: Final = "llm-slo"


EVENTS: Final = "slo:llm_events:rate%(BURN_RATE)s"
BAD_EVENTS: Final = "slo:llm_events_bad:rate%(BURN_RATE)s"


def events_in(window: str) -> str:
    """The number of events of an objective in `window` (`30d`)."""
    return f"slo:llm_events:increase{window}"


def bad_ratio(window: str) -> str:
    """The ratio of bad events in `window`."""
    return f"slo:llm_events_bad:ratio_increase{window}"


OBJECTIVE: Final = "slo:objective:ratio"  # such as 0.99; has the label slo only
BUDGET_LEFT: Final = "slo:error_budget_left:ratio_increase30d"  # 1 untouched, 0 spent, below 0 overspent
BURN_RATE: Final = "slo:error_budget_burn:ratio_increase1h"  # 1 spends the budget in exactly 30 days
