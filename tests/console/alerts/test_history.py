"""Notifications of the sink become periods in which an alert was firing."""

from __future__ import annotations

from typing import Any

from sample_alerts import SCOPE, T0

from console.alerts.history import firing_periods, overlapping, resolved
from console.times import TimeSpan


def notification(
    status: str, start: float, *, end: float | None = None, name: str = "LLMHighErrorRate"
) -> dict[str, Any]:
    return {
        "fingerprint": f"{name}f", "alert": name, "status": status, "starts_at": start, "ends_at": end,
        "received_at": start + 130, "severity": "critical", "team": "application", "description": "34 %",
        "summary": "s", "scope": SCOPE, "deliveries": 2, "trace_id": None, "annotations": {},
    }  # fmt: skip


def test_firing_and_resolved_notifications_are_one_period() -> None:
    newest_first = [
        notification("firing", T0 + 900),
        notification("resolved", T0, end=T0 + 300),
        notification("firing", T0),
        notification("firing", T0, name="StackWatchdog"),
    ]
    found = firing_periods(newest_first)
    assert [(one.start, one.end) for one in found] == [(T0 + 900, None), (T0, T0 + 300)]
    assert resolved(found, T0 + 300) == [found[1]]
    assert resolved(found, T0 + 301) == []
    assert overlapping(found, TimeSpan(T0 + 310, T0 + 2000), T0 + 3000) == [found[0]]
    assert overlapping(found, TimeSpan(T0 - 100, T0 + 10), T0 + 3000) == [found[1]]


def test_a_resolved_notification_without_end_ends_when_it_was_received() -> None:
    [one] = firing_periods([notification("resolved", T0)])
    assert one.end == T0 + 130
