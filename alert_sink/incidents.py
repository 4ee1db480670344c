"""What the page and the API show: deliveries as JSON, and the begin and end of an alert as one incident."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alert_sink.links import Links
from alert_sink.storage import Delivered

_NO_SCOPE = ("alertname", "severity", "team")  # labels that say nothing of where an alert is
_WORST_FIRST = ("critical", "warning")


@dataclass(frozen=True)
class Incident:
    """One alert from its start to its end."""

    last: Delivered  # its end, or its begin while it fires
    links: dict[str, str]
    scope: dict[str, str]

    @property
    def firing(self) -> bool:
        """Whether it goes on."""
        return self.last.notification.status == "firing"

    @property
    def severity(self) -> str:
        """As its label says."""
        return self.last.notification.labels.get("severity", "")

    @property
    def ended(self) -> float:
        """Unix s; when its end was said, where the message has no time of it."""
        return self.last.notification.ends or self.last.received


def as_json(one: Delivered, links: Links) -> dict[str, Any]:
    """One delivery, for the API. Times are Unix seconds."""
    said = one.notification
    return {
        "id": one.id,
        "alert": said.alert,
        "status": said.status,
        "severity": said.labels.get("severity", ""),
        "team": said.labels.get("team", ""),
        "summary": said.annotations.get("summary", ""),
        "description": said.annotations.get("description", ""),
        "scope": scope_of(said.labels),
        "starts_at": said.starts,
        "ends_at": said.ends,
        "received_at": one.received,
        "repeated_at": one.repeated,
        "deliveries": one.deliveries,
        "receiver": said.receiver,
        "fingerprint": said.fingerprint,
        "labels": said.labels,
        "annotations": said.annotations,
        "trace_id": one.trace_id or None,
        "trace_state": one.trace_state,
        "links": links.of(said, one.trace_id),
    }


def incidents(delivered: Iterable[Delivered], links: Links) -> list[Incident]:
    """Firing ones first, the worst of them first; then those that ended last.

    Args:
        delivered: newest first.
        links: builds their links.
    """
    last: dict[tuple[str, float], Delivered] = {}
    for one in delivered:
        key = (one.notification.fingerprint, one.notification.starts)
        known = last.get(key)
        if known is None or known.notification.status == "firing":
            last[key] = one
    found = [
        Incident(one, links.of(one.notification, one.trace_id), scope_of(one.notification.labels))
        for one in last.values()
    ]
    firing = [one for one in found if one.firing]
    firing.sort(key=lambda one: (rank(one.severity), -one.last.notification.starts))
    return firing + sorted((one for one in found if not one.firing), key=lambda one: -one.last.id)


def scope_of(labels: Mapping[str, str]) -> dict[str, str]:
    """Where an alert is: labels but for those that every alert has."""
    return {name: value for name, value in sorted(labels.items()) if name not in _NO_SCOPE}


def rank(severity: str) -> int:
    """The worst is the least."""
    return _WORST_FIRST.index(severity) if severity in _WORST_FIRST else len(_WORST_FIRST)


def moment(unix_s: float) -> str:
    """`24 Nov 14:23:05` (UTC)."""
    try:
        return f"{datetime.fromtimestamp(unix_s, UTC):%-d %b %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "?"


def length(seconds: float) -> str:
    """`12 min`, for people."""
    if seconds < 0:
        return "0 s"  # of a clock that was set back
    for unit_s, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds:.0f} s"
