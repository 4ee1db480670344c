"""All rules files and all alerts."""

from __future__ import annotations

from typing import Final

from dashboards_src.alerts import cost, providers, quality, requests, slo, stack
from dashboards_src.alerts.alert import Alert
from dashboards_src.alerts.rules import RulesFile
from dashboards_src.config import SCALES, Scale

FILES: Final[tuple[RulesFile, ...]] = (
    requests.FILE,
    cost.FILE,
    cost.HISTORY,
    quality.FILE,
    providers.FILE,
    slo.FILE,
    stack.FILE,
)


def alerts_at(scale: Scale) -> tuple[Alert, ...]:
    return tuple(alert for file in FILES for alert in file.alerts_at(scale))


# Each name once, although an alert can have rules of several severities. Every name has a runbook.
ALERT_NAMES: Final = tuple(dict.fromkeys(alert.name for scale in SCALES for alert in alerts_at(scale)))
