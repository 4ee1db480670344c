"""The state of all alerts at one time, queried from three servers. If a server does not answer, its part is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alert_sink.client import Deliveries
from console.alerts.active_alerts import ActiveAlert, State, active_alerts, in_state
from console.alerts.history import FiringPeriod, firing_periods
from console.services import Services
from stores import StoreError
from stores.alerts import Silence

_SUPPRESSED: frozenset[State] = frozenset({"silenced", "inhibited"})  # only Alertmanager knows these states
MAX_NOTIFICATIONS = 1_000  # the sink's limit for one answer


@dataclass(frozen=True)
class AlertsSnapshot:
    alerts: list[ActiveAlert]
    silences: list[Silence]
    history: list[FiringPeriod]
    truncated: bool  # whether the sink may have older notifications
    watchdog: Mapping[str, Any]  # empty if the sink does not answer
    prometheus_error: StoreError | None = None
    alertmanager_error: StoreError | None = None
    sink_error: StoreError | None = None

    @property
    def blind(self) -> bool:
        return self.prometheus_error is not None and self.alertmanager_error is not None

    def unknown(self, *states: State) -> bool:
        """Whether there may be alerts in these states although none is known.

        Alertmanager drops an alert that Prometheus does not send any more. So while Prometheus is down, an empty list
        does not mean that no alert is firing.
        """
        if in_state(self.alerts, *states):
            return False
        return self.prometheus_error is not None or (
            self.alertmanager_error is not None and not _SUPPRESSED.isdisjoint(states)
        )


async def load_snapshot(source: Services) -> AlertsSnapshot:
    rules, alerts, silences, delivered = await asyncio.gather(
        source.ask_or_error(source.stores.metrics.rules),
        source.ask_or_error(source.stores.alerts.alerts),
        source.ask_or_error(source.stores.alerts.silences),
        source.ask_or_error(source.sink.deliveries, limit=MAX_NOTIFICATIONS),
    )
    known_silences = [] if isinstance(silences, StoreError) else silences
    deliveries = Deliveries([], {}) if isinstance(delivered, StoreError) else delivered
    return AlertsSnapshot(
        alerts=active_alerts(
            [] if isinstance(rules, StoreError) else rules,
            [] if isinstance(alerts, StoreError) else alerts,
            known_silences,
        ),
        silences=known_silences,
        history=firing_periods(deliveries.notifications),
        truncated=len(deliveries.notifications) >= MAX_NOTIFICATIONS,
        watchdog=deliveries.watchdog,
        prometheus_error=rules if isinstance(rules, StoreError) else None,
        alertmanager_error=next((one for one in (alerts, silences) if isinstance(one, StoreError)), None),
        sink_error=delivered if isinstance(delivered, StoreError) else None,
    )
