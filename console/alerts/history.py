"""What was delivered, from the sink: alerts from their start to their end, and how often each came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alert_sink.watchdog import WATCHDOG
from console.alerts.standing import dashboard_path
from console.times import Span


@dataclass(frozen=True)
class Incident:
    """One alert from its start to its end. Times are Unix seconds."""

    name: str
    severity: str
    said: str
    scope: Mapping[str, str]
    start: float
    end: float | None  # None while it goes on
    deliveries: int
    trace_id: str  # of one affected request; empty: none was found
    dashboard: str

    @property
    def firing(self) -> bool:
        """Whether it goes on."""
        return self.end is None


def incidents(notifications: Iterable[Mapping[str, Any]]) -> list[Incident]:
    """One of each begin and end, newest first; `notifications` are the sink's, newest first. The watchdog is none."""
    last: dict[tuple[str, float], Mapping[str, Any]] = {}
    for one in notifications:
        key = (one["fingerprint"], one["starts_at"])
        if one["alert"] != WATCHDOG and (key not in last or one["status"] == "resolved"):
            last[key] = one
    found = [_incident(one) for one in last.values()]
    return sorted(found, key=lambda one: (-one.start, one.name))


def ended(found: Iterable[Incident], since: float) -> list[Incident]:
    """Those that ended after `since`, the last one first."""
    over = [one for one in found if one.end is not None and one.end >= since]
    return sorted(over, key=lambda one: (-(one.end or 0), one.name))


def overlapping(found: Iterable[Incident], span: Span, now: float) -> list[Incident]:
    """Those that fired within `span`."""
    return [one for one in found if one.start <= span.end and (now if one.end is None else one.end) >= span.start]


def _incident(one: Mapping[str, Any]) -> Incident:
    resolved = one["status"] == "resolved"
    return Incident(
        name=one["alert"],
        severity=one["severity"],
        said=one["description"] or one["summary"],
        scope=one["scope"],
        start=one["starts_at"],
        end=(one["ends_at"] or one["received_at"]) if resolved else None,
        deliveries=one["deliveries"],
        trace_id=one["trace_id"] or "",
        dashboard=dashboard_path(one["annotations"].get("dashboard_url", "")),
    )
