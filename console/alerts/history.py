"""The history of alerts, from the alert sink's notifications: when each alert fired and when it was resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alert_sink.watchdog import WATCHDOG
from console.alerts.active_alerts import dashboard_path
from console.times import TimeSpan


@dataclass(frozen=True)
class FiringPeriod:
    """One alert from the time it fired until it was resolved. Times are Unix seconds."""

    name: str
    severity: str
    description: str
    scope: Mapping[str, str]
    start: float
    end: float | None  # None while the alert is firing
    trace_id: str  # of one affected request; empty if none was found
    dashboard: str

    @property
    def firing(self) -> bool:
        return self.end is None


def firing_periods(notifications: Iterable[Mapping[str, Any]]) -> list[FiringPeriod]:
    """The periods, newest first. `notifications` are the sink's, newest first. The watchdog is left out."""
    last: dict[tuple[str, float], Mapping[str, Any]] = {}
    for one in notifications:
        key = (one["fingerprint"], one["starts_at"])
        if one["alert"] != WATCHDOG and (key not in last or one["status"] == "resolved"):
            last[key] = one
    periods = [_firing_period(one) for one in last.values()]
    return sorted(periods, key=lambda one: (-one.start, one.name))


def resolved(periods: Iterable[FiringPeriod], since: float) -> list[FiringPeriod]:
    ended = [one for one in periods if one.end is not None and one.end >= since]
    return sorted(ended, key=lambda one: (-(one.end or 0), one.name))


def overlapping(periods: Iterable[FiringPeriod], span: TimeSpan, now: float) -> list[FiringPeriod]:
    return [one for one in periods if one.start <= span.end and (now if one.end is None else one.end) >= span.start]


def _firing_period(one: Mapping[str, Any]) -> FiringPeriod:
    is_resolved = one["status"] == "resolved"
    return FiringPeriod(
        name=one["alert"],
        severity=one["severity"],
        description=one["description"] or one["summary"],
        scope=one["scope"],
        start=one["starts_at"],
        end=(one["ends_at"] or one["received_at"]) if is_resolved else None,
        trace_id=one["trace_id"] or "",
        dashboard=dashboard_path(one["annotations"].get("dashboard_url", "")),
    )
