"""Follows alerts during a scenario: their state in Prometheus, and the notifications that the alert sink received."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from alert_sink.watchdog import WATCHDOG
from loadtest import LoadFailure
from loadtest.system import SystemUnderTest
from stores import StoreError


@dataclass(frozen=True)
class Delivery:
    """One notification, as the alert sink received it. Times are Unix seconds."""

    id: int
    alert: str
    status: str  # firing, resolved
    labels: Mapping[str, str]
    fired_at: float  # when Prometheus, or the sink itself for its own alert, began to fire
    received_at: float
    trace_id: str
    links: Mapping[str, str]


class AlertWatch:
    """Sees the alerts from its creation on, except those named in `ignored`.

    An alert whose condition held before that, such as one from the start of the stack, is active but not seen firing.
    """

    def __init__(self, system: SystemUnderTest, ignored: Collection[str] = ()) -> None:
        self._system = system
        self._ignored = {WATCHDOG, *ignored}
        self._created = time.time()
        newest = system.deliveries(limit=1).notifications
        self._last_id = newest[0]["id"] if newest else 0
        # Per set of labels, every time at which Prometheus began to see the alert's condition.
        self._active_since: defaultdict[frozenset[tuple[str, str]], set[float]] = defaultdict(set)
        self.deliveries: dict[int, Delivery] = {}
        self.pending: set[str] = set()
        self.firing: set[str] = set()
        self.first_seen_firing: dict[str, float] = {}  # by alert, Unix s; delivered or not
        self.prometheus_answers = True

    def update(self) -> None:
        """Ask once. Prometheus may be down: some scenarios stop it."""
        for item in self._notifications(limit=1000, after=self._last_id):
            self.deliveries[item["id"]] = _delivery(item)
        # The sink looks for a trace after a delivery, so deliveries without a trace are read again.
        if any(one.status == "firing" and not one.trace_id for one in self.deliveries.values()):
            for item in self._notifications(limit=200):
                if item["id"] in self.deliveries:
                    self.deliveries[item["id"]] = _delivery(item)
        try:
            alerts = [one for one in self._system.stores.metrics.alerts() if one.name not in self._ignored]
        except StoreError:
            self.pending, self.firing, self.prometheus_answers = set(), set(), False
        else:
            self.pending = {one.name for one in alerts if one.state == "pending"}
            self.firing = {one.name for one in alerts if one.state == "firing"}
            self.prometheus_answers = True
            for one in alerts:
                self._active_since[frozenset(one.labels.items())].add(one.active_since)
                if one.state == "firing" and one.active_since >= self._created:
                    self.first_seen_firing.setdefault(one.name, time.time())
        for delivery in self.deliveries.values():
            began = self.pending_since(delivery) or delivery.fired_at
            if delivery.status == "firing" and began >= self._created:
                self.first_seen_firing.setdefault(delivery.alert, time.time())

    def first_delivery(self, alert: str, since: float = 0.0) -> Delivery | None:
        """The first notification since then (Unix s) that says the alert is firing."""
        found = [
            one
            for one in self.deliveries.values()
            if one.alert == alert and one.status == "firing" and one.received_at >= since
        ]
        return min(found, key=lambda one: one.received_at, default=None)

    def pending_since(self, delivery: Delivery) -> float | None:
        """Unix s at which the delivered alert became pending; None for an alert that Prometheus does not have."""
        times = [
            active_since
            for labels, times in self._active_since.items()
            if labels <= delivery.labels.items()
            for active_since in times
            if active_since <= delivery.fired_at
        ]
        return max(times, default=None)

    @property
    def unresolved(self) -> set[str]:
        """Alerts that were delivered as firing and not yet as resolved."""
        firing: dict[tuple[str, frozenset[tuple[str, str]]], str] = {}
        for one in sorted(self.deliveries.values(), key=lambda one: one.id):
            key = (one.alert, frozenset(one.labels.items()))
            if one.status == "firing":
                firing[key] = one.alert
            else:
                firing.pop(key, None)
        return set(firing.values())

    @property
    def quiet(self) -> bool:
        return self.prometheus_answers and not (self.pending or self.firing or self.unresolved)

    def _notifications(self, *, limit: int, after: int | None = None) -> list[dict[str, Any]]:
        found = self._system.deliveries(limit=limit, after=after).notifications
        return [item for item in found if item["alert"] not in self._ignored]


def _delivery(item: Mapping[str, Any]) -> Delivery:
    return Delivery(
        id=item["id"],
        alert=item["alert"],
        status=item["status"],
        labels=item["labels"],
        fired_at=item["starts_at"],
        received_at=item["received_at"],
        trace_id=item["trace_id"] or "",
        links=item["links"],
    )


def check_sink(system: SystemUnderTest) -> None:
    """Raise a LoadFailure if the watchdog does not arrive at the alert sink: no other alert will, then."""
    watchdog = system.deliveries(limit=1).watchdog
    if not watchdog["expected"] or watchdog["silent"]:
        raise LoadFailure(
            "The watchdog alert does not arrive at the alert sink, so other alerts will not arrive either.",
            "Right after a start, wait half a minute. Otherwise: make logs SERVICE=alertmanager",
        )
