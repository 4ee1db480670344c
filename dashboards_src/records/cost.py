"""Records of cost, in US dollars."""

from __future__ import annotations

from typing import Final

from dashboards_src.records.record import Record, days_before

FILE: Final = "llm-cost"


SERVICE_COST = Record(  # per second; times 3600 is $/h
    FILE,
    "service:%(COST.stem)s:rate%(RATE)s",
    "sum by (service) (rate(%(COST)s[%(RATE)s]))",
)
ENDPOINT_COST_PER_REQUEST = Record(  # only with enough requests
    FILE,
    "service_endpoint:%(COST.stem)s_per_request:ratio_rate%(TREND)s",
    """
    sum by (service, endpoint) (rate(%(COST)s[%(TREND)s]))
    / (sum by (service, endpoint) (rate(%(REQUESTS)s[%(TREND)s])) >= %(MIN_REQUESTS)s / %(TREND.s)s)
    """,
)
COST_PER_REQUEST_BEFORE = Record(
    FILE,
    "service_endpoint_day:%(COST.stem)s_per_request:ratio_rate%(TREND)s_before",
    days_before("ENDPOINT_COST_PER_REQUEST"),
    seeded=True,
)
SERVICE_COST_DAY = Record(  # the last 24 hours
    FILE,
    "service:%(COST.stem)s:increase%(DAY)s",
    "sum by (service) (increase(%(COST)s[%(DAY)s]))",
)

# Expressions of dashboard panels, unit-tested together with the rules.
# Cost in a panel's time range: today with the time override now/d, yesterday with now-1d/d (days are UTC).
# 0 in the first seconds of a day, and no value where no service reports.
COST_IN_RANGE: Final = "sum(increase(%(COST)s[$__range])) or sum(%(COST)s) * 0"
# US dollars in 30 days at the rate of the last 24 hours, or of as many hours as there are on the first day.
COST_PROJECTED_MONTH: Final = "sum(avg_over_time(%(SERVICE_COST)s[%(DAY)s])) * %(MONTH.s)s"
