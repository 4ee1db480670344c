"""What is alerting: in Prometheus while it happens, and at the receiver as it was delivered."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from alert_sink.watchdog import WATCHDOG
from loadtest.failure import LoadFailure
from loadtest.target import Target
from stores import StoreError


@dataclass(frozen=True)
class Delivery:
    """One notification, as the sink got it. Times are Unix seconds."""

    id: int
    alert: str
    status: str  # firing, resolved
    labels: Mapping[str, str]
    fired: float  # when Prometheus, or the sink's own alarm, began to fire
    received: float
    trace_id: str
    links: Mapping[str, str]


class Watch:
    """Sees alerts from its making on, but for those that are `ignored`."""

    def __init__(self, target: Target, ignored: Collection[str] = ()) -> None:
        self._target = target
        self._ignored = {WATCHDOG, *ignored}
        newest = target.deliveries(limit=1).notifications
        self._last = newest[0]["id"] if newest else 0
        self.deliveries: dict[int, Delivery] = {}
        self.pending: set[str] = set()
        self.firing: set[str] = set()
        self.seen_firing: dict[str, float] = {}  # by alert: when it was first seen firing, delivered or not
        self.prometheus_answers = True

    def look(self) -> None:
        """Look once. Prometheus may be down: that is a scenario."""
        for one in self._ask(limit=1000, after=self._last):
            self.deliveries[one["id"]] = _delivery(one)
        # Traces are looked for after the delivery, so what was delivered is read again.
        if any(one.status == "firing" and not one.trace_id for one in self.deliveries.values()):
            self._read_again()
        try:
            alerts = [one for one in self._target.stores.metrics.alerts() if one.name not in self._ignored]
            self.pending = {one.name for one in alerts if one.state == "pending"}
            self.firing = {one.name for one in alerts if one.state == "firing"}
            self.prometheus_answers = True
        except StoreError:
            self.pending, self.firing, self.prometheus_answers = set(), set(), False
        now = time.time()
        for name in self.firing | {one.alert for one in self.deliveries.values() if one.status == "firing"}:
            self.seen_firing.setdefault(name, now)

    def first(self, alert: str) -> Delivery | None:
        """The first firing delivery of an alert."""
        found = [one for one in self.deliveries.values() if one.alert == alert and one.status == "firing"]
        return min(found, key=lambda one: one.received, default=None)

    @property
    def unresolved(self) -> set[str]:
        """Alerts that were delivered as firing, and whose end was not yet."""
        open_: dict[tuple[Any, ...], str] = {}
        for one in sorted(self.deliveries.values(), key=lambda one: one.id):
            key = (one.alert, *sorted(one.labels.items()))
            if one.status == "firing":
                open_[key] = one.alert
            else:
                open_.pop(key, None)
        return set(open_.values())

    @property
    def silent(self) -> bool:
        """Whether nothing is pending, firing, or waits for its end to be delivered."""
        return self.prometheus_answers and not (self.pending or self.firing or self.unresolved)

    def _read_again(self) -> None:
        for one in self._ask(limit=200):
            if one["id"] in self.deliveries:
                self.deliveries[one["id"]] = _delivery(one)

    def _ask(self, *, limit: int, after: int | None = None) -> list[dict[str, Any]]:
        found = self._target.deliveries(limit=limit, after=after).notifications
        return [one for one in found if one["alert"] not in self._ignored]


def _delivery(one: Mapping[str, Any]) -> Delivery:
    return Delivery(
        id=one["id"],
        alert=one["alert"],
        status=one["status"],
        labels=one["labels"],
        fired=one["starts_at"],
        received=one["received_at"],
        trace_id=one["trace_id"] or "",
        links=one["links"],
    )


def check_sink(target: Target) -> None:
    """Pass if the sink gets the watchdog, so that alerts would arrive.

    Raises:
        LoadFailure: it does not.
    """
    watchdog = target.deliveries(limit=1).watchdog
    if not watchdog["expected"] or watchdog["silent"]:
        raise LoadFailure(
            "The watchdog does not arrive at the alert sink, so no other alert would.",
            "Wait half a minute after a start; else: make logs SERVICE=alertmanager",
        )
