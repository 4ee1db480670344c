"""Proves that alerts are followed from pending to resolved, each by all of its labels."""

from __future__ import annotations

import time
from typing import Any

from alert_sink.client import Deliveries
from loadtest.watch import AlertWatch, Delivery
from stores import StoreUnreachable
from stores.metric_results import RuleAlert


class FakeSystem:
    """An alert sink and a Prometheus that answer as a test tells them."""

    def __init__(self) -> None:
        self.delivered: list[dict[str, Any]] = []
        self.active: list[RuleAlert] | None = []
        self.stores = self.metrics = self

    def deliveries(self, *, limit: int, after: int | None = None) -> Deliveries:
        newest = [one for one in reversed(self.delivered) if one["id"] > (after or 0)]
        return Deliveries(newest[:limit], {})

    def alerts(self) -> list[RuleAlert]:
        if self.active is None:
            raise StoreUnreachable("prometheus", "http://127.0.0.1:1", "refused")
        return self.active

    def deliver(self, alert: str, status: str = "firing", fired_at: float = 10.0, **labels: str) -> None:
        self.delivered.append(
            {
                "id": len(self.delivered) + 1, "alert": alert, "status": status,
                "labels": {"alertname": alert, **labels}, "starts_at": fired_at,
                "received_at": 11.0 + len(self.delivered), "trace_id": None, "links": {},
            }
        )  # fmt: skip


def watching(system: FakeSystem, *ignored: str) -> AlertWatch:
    return AlertWatch(system, ignored)  # type: ignore[arg-type]


def active(alert: str, state: str, since: float = 1.0, **labels: str) -> RuleAlert:
    return RuleAlert(alert, state, 1.0, {"alertname": alert, **labels}, {}, since)


def first(watch: AlertWatch, alert: str) -> Delivery:
    found = watch.first_delivery(alert)
    assert found is not None
    return found


def test_deliveries_before_the_start_and_the_watchdog_are_ignored() -> None:
    system = FakeSystem()
    system.deliver("LLMHighErrorRate")
    system.deliver("StackWatchdog")
    watch = watching(system)
    watch.update()
    assert watch.deliveries == {}
    assert watch.quiet
    system.deliver("LLMHighErrorRate")
    watch.update()
    assert first(watch, "LLMHighErrorRate").id == 3
    assert not watch.quiet


def test_an_alert_resolves_by_all_of_its_labels() -> None:
    system = FakeSystem()
    watch = watching(system)
    system.deliver("LLMHighErrorRate", endpoint="/a")
    system.deliver("LLMHighErrorRate", endpoint="/b")
    system.deliver("LLMHighErrorRate", "resolved", endpoint="/a")
    watch.update()
    assert watch.unresolved == {"LLMHighErrorRate"}
    system.deliver("LLMHighErrorRate", "resolved", endpoint="/b")
    watch.update()
    assert watch.unresolved == set()
    assert watch.quiet


def test_a_trace_that_the_sink_finds_later_is_read() -> None:
    system = FakeSystem()
    watch = watching(system)
    system.deliver("LLMHighErrorRate")
    watch.update()
    system.delivered[0]["trace_id"] = "abc"
    watch.update()
    assert first(watch, "LLMHighErrorRate").trace_id == "abc"


def test_pending_and_firing_alerts_are_told_apart_and_ignored_ones_left_out() -> None:
    system = FakeSystem()
    watch = watching(system, "LLMAvailabilityBudgetBurn")
    now = time.time()
    system.active = [
        active("LLMHighErrorRate", "pending", now),
        active("LLMLatencyHigh", "firing", now),
        active("LLMAvailabilityBudgetBurn", "firing", now),
        active("StackWatchdog", "firing", now, severity="info"),
    ]
    watch.update()
    assert (watch.pending, watch.firing) == ({"LLMHighErrorRate"}, {"LLMLatencyHigh"})
    assert set(watch.first_seen_firing) == {"LLMLatencyHigh"}


def test_nothing_is_quiet_while_prometheus_is_down() -> None:
    system = FakeSystem()
    watch = watching(system)
    system.active = None
    watch.update()
    assert not watch.prometheus_answers
    assert not watch.quiet


def test_the_pending_time_is_that_of_the_delivered_labels() -> None:
    """Endpoint /a was pending twice, and its second time led to the delivery; /b became pending earlier than that."""
    system = FakeSystem()
    watch = watching(system)
    for since_a in (2.0, 6.0):
        system.active = [
            active("LLMHighErrorRate", "pending", since_a, endpoint="/a"),
            active("LLMHighErrorRate", "pending", 3.0, endpoint="/b"),
        ]
        watch.update()
    system.deliver("LLMHighErrorRate", endpoint="/a")
    watch.update()
    assert watch.pending_since(first(watch, "LLMHighErrorRate")) == 6.0


def test_an_alert_that_prometheus_does_not_have_was_never_pending() -> None:
    system = FakeSystem()
    watch = watching(system)
    system.deliver("StackWatchdogSilent")
    watch.update()
    assert watch.pending_since(first(watch, "StackWatchdogSilent")) is None


def test_an_alert_whose_condition_held_before_the_start_is_not_seen_firing() -> None:
    """As after the start of a stack: one alert fires already, one is pending and fires later."""
    system = FakeSystem()
    watch = watching(system)
    before, now = time.time() - 5, time.time() + 1
    system.active = [
        active("StackApplicationDown", "firing", before),
        active("StackNotificationFailing", "firing", before),
    ]
    system.deliver("StackNotificationFailing", fired_at=now)
    watch.update()
    assert watch.first_seen_firing == {}
    assert watch.firing == {"StackApplicationDown", "StackNotificationFailing"}
    assert not watch.quiet
    system.deliver("LLMLatencyHigh", fired_at=now)
    watch.update()
    assert set(watch.first_seen_firing) == {"LLMLatencyHigh"}


def test_deliveries_before_the_fault_are_not_those_of_the_fault() -> None:
    system = FakeSystem()
    watch = watching(system)
    system.deliver("LLMHighErrorRate")  # received at 11 s
    system.deliver("LLMHighErrorRate")  # received at 12 s
    watch.update()
    found = watch.first_delivery("LLMHighErrorRate", since=11.5)
    assert found is not None
    assert found.received_at == 12.0
