"""Records for dashboards over weeks: increases by every label that dashboards filter by."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.records.record import Record

FILE: Final = "llm-history"


def _history(metric: str) -> Record:
    return Record(
        FILE,
        f"service_endpoint_model_tenant:%({metric}.stem)s:increase%(HISTORY)s",
        f"sum by (service, endpoint, model, tenant) (increase(%({metric})s[%(HISTORY)s]))",
    )


HISTORY_COST = _history("COST")
HISTORY_REQUESTS = _history("REQUESTS")
HISTORY_ERRORS = Record(
    FILE,
    "service_endpoint_model_tenant:%(REQUESTS.stem)s_error:increase%(HISTORY)s",
    'sum by (service, endpoint, model, tenant) (increase(%(REQUESTS)s{status="%(STATUS_ERROR)s"}[%(HISTORY)s]))',
)
SERVICE_COST_MONTH = Record(  # the last 30 days, at most HISTORY late
    FILE,
    "service:%(COST.stem)s:sum_increase%(MONTH)s",
    "sum by (service) (sum_over_time(%(HISTORY_COST)s[%(MONTH)s:%(HISTORY)s]))",
)


def over_history(record: Record, window: str) -> str:
    """The sum of a history record over `window` (`7d`, `$__range`). The step makes every event count once."""
    return f"sum_over_time({record.name}[{window}:{config.HISTORY.production}])"
