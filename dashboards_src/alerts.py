"""All rules files, and all alerts in them."""

from __future__ import annotations

from typing import Final

from dashboards_src import cost_alerts, provider_alerts, quality_alerts, request_alerts, slo, stack_alerts
from dashboards_src.config import SCALES, Scale
from dashboards_src.rules import Alert, RulesFile

FILES: Final[tuple[RulesFile, ...]] = (
    request_alerts.FILE,
    cost_alerts.FILE,
    cost_alerts.HISTORY,
    quality_alerts.FILE,
    provider_alerts.FILE,
    slo.FILE,
    stack_alerts.FILE,
)


def alerts_at(scale: Scale) -> tuple[Alert, ...]:
    """Every alert; burn alerts differ between scales in more than values."""
    return tuple(alert for file in FILES for alert in file.alerts_at(scale))


# Names, without doubles: one runbook each.
ALERT_NAMES: Final = tuple(dict.fromkeys(alert.name for scale in SCALES for alert in alerts_at(scale)))
