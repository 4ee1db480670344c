"""What the alerts page shows, read from three servers at once. One that does not answer leaves its part out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alert_sink.client import Deliveries
from console.alerts.history import Incident, incidents
from console.alerts.standing import ActiveAlert, State, in_state, standing
from console.services import Services
from stores import StoreError
from stores.alerts import Silence

_HELD_BACK: frozenset[State] = frozenset({"silenced", "inhibited"})  # Alertmanager alone knows it
MOST_DELIVERIES = 1_000  # what the sink gives at once


@dataclass(frozen=True)
class Read:
    """The answers, and why others are missing."""

    alerts: list[ActiveAlert]
    silences: list[Silence]
    incidents: list[Incident]
    cut: bool  # whether there are older deliveries than those
    watchdog: Mapping[str, Any]  # empty where the sink does not answer
    prometheus: StoreError | None = None
    alertmanager: StoreError | None = None
    sink: StoreError | None = None

    @property
    def blind(self) -> bool:
        """Whether nobody says what fires."""
        return self.prometheus is not None and self.alertmanager is not None

    def unknown(self, *states: State) -> bool:
        """Whether there may be alerts in one of these states, although none is known.

        Alertmanager forgets an alert that Prometheus tells it of no more: without Prometheus, none is not none.
        """
        if in_state(self.alerts, *states):
            return False
        return self.prometheus is not None or (self.alertmanager is not None and not _HELD_BACK.isdisjoint(states))


async def read(of: Services) -> Read:
    """Ask all of them."""
    rules, held, silences, delivered = await asyncio.gather(
        of.tried(of.stores.metrics.rules),
        of.tried(of.stores.alerts.alerts),
        of.tried(of.stores.alerts.silences),
        of.tried(of.sink.deliveries, limit=MOST_DELIVERIES),
    )
    known_silences = [] if isinstance(silences, StoreError) else silences
    deliveries = Deliveries([], {}) if isinstance(delivered, StoreError) else delivered
    return Read(
        alerts=standing(
            [] if isinstance(rules, StoreError) else rules,
            [] if isinstance(held, StoreError) else held,
            known_silences,
        ),
        silences=known_silences,
        incidents=incidents(deliveries.notifications),
        cut=len(deliveries.notifications) >= MOST_DELIVERIES,
        watchdog=deliveries.watchdog,
        prometheus=rules if isinstance(rules, StoreError) else None,
        alertmanager=next((one for one in (held, silences) if isinstance(one, StoreError)), None),
        sink=delivered if isinstance(delivered, StoreError) else None,
    )
