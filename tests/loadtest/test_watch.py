"""What is seen of alerts: since when, of which, and whether they have ended."""

from __future__ import annotations

from typing import Any

from alert_sink.client import Deliveries
from loadtest.watch import Watch
from stores import StoreUnreachable
from stores.metric_answers import RuleAlert


class FakeTarget:
    """A sink and a Prometheus that say what a test has them say."""

    def __init__(self) -> None:
        self.delivered: list[dict[str, Any]] = []
        self.alerting: list[RuleAlert] | None = []
        self.stores = self
        self.metrics = self

    def deliveries(self, *, limit: int, after: int | None = None) -> Deliveries:
        newest = [one for one in reversed(self.delivered) if one["id"] > (after or 0)]
        return Deliveries(newest[:limit], {})

    def alerts(self) -> list[RuleAlert]:
        if self.alerting is None:
            raise StoreUnreachable("prometheus", "http://127.0.0.1:1", "refused")
        return self.alerting

    def deliver(self, alert: str, status: str = "firing", trace_id: str | None = None, **labels: str) -> None:
        self.delivered.append(
            {
                "id": len(self.delivered) + 1, "alert": alert, "status": status, "labels": labels, "starts_at": 10.0,
                "received_at": 11.0 + len(self.delivered), "trace_id": trace_id, "links": {},
            }
        )  # fmt: skip


def watching(target: FakeTarget, *ignored: str) -> Watch:
    return Watch(target, ignored)  # type: ignore[arg-type]


def test_what_was_delivered_before_is_not_seen() -> None:
    target = FakeTarget()
    target.deliver("LLMHighErrorRate")
    target.deliver("StackWatchdog")
    watch = watching(target)
    watch.look()
    assert watch.deliveries == {}
    assert watch.silent
    target.deliver("LLMHighErrorRate")
    watch.look()
    first = watch.first("LLMHighErrorRate")
    assert first is not None
    assert first.id == 3
    assert not watch.silent


def test_an_alert_ends_by_all_of_its_labels() -> None:
    target = FakeTarget()
    watch = watching(target)
    target.deliver("LLMHighErrorRate", endpoint="/a")
    target.deliver("LLMHighErrorRate", endpoint="/b")
    target.deliver("LLMHighErrorRate", "resolved", endpoint="/a")
    watch.look()
    assert watch.unresolved == {"LLMHighErrorRate"}
    target.deliver("LLMHighErrorRate", "resolved", endpoint="/b")
    watch.look()
    assert watch.unresolved == set()
    assert watch.silent


def test_a_trace_that_is_found_later_is_seen() -> None:
    target = FakeTarget()
    watch = watching(target)
    target.deliver("LLMHighErrorRate")
    watch.look()
    target.delivered[0]["trace_id"] = "abc"
    watch.look()
    first = watch.first("LLMHighErrorRate")
    assert first is not None
    assert first.trace_id == "abc"


def test_pending_firing_and_a_prometheus_that_is_away() -> None:
    target = FakeTarget()
    watch = watching(target, "LLMAvailabilityBudgetBurn")
    target.alerting = [
        RuleAlert("LLMHighErrorRate", "pending", 1.0, {}, {}, 0.0),
        RuleAlert("LLMLatencyHigh", "firing", 1.0, {}, {}, 0.0),
        RuleAlert("LLMAvailabilityBudgetBurn", "firing", 1.0, {}, {}, 0.0),
        RuleAlert("StackWatchdog", "firing", 1.0, {"severity": "info"}, {}, 0.0),
    ]
    watch.look()
    assert (watch.pending, watch.firing) == ({"LLMHighErrorRate"}, {"LLMLatencyHigh"})
    assert set(watch.seen_firing) == {"LLMLatencyHigh"}
    target.alerting = None
    watch.look()
    assert not watch.prometheus_answers
    assert not watch.silent
