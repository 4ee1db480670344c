"""Delivered notifications as the API and the page show them. The page shows the start and end of an alert together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alert_sink.links import Links
from alert_sink.storage import StoredNotification

_LABELS_OF_EVERY_ALERT = ("alertname", "severity", "team")
_MOST_SEVERE_FIRST = ("critical", "warning")


@dataclass(frozen=True)
class AlertEpisode:
    latest: StoredNotification  # the resolved one, or the firing one while the alert fires
    links: dict[str, str]
    scope: dict[str, str]

    @property
    def firing(self) -> bool:
        return self.latest.notification.status == "firing"

    @property
    def severity(self) -> str:
        return self.latest.notification.labels.get("severity", "")

    @property
    def ended(self) -> float:
        """Unix s. The time of delivery where the message has no end."""
        return self.latest.notification.ends or self.latest.received


def as_json(stored: StoredNotification, links: Links) -> dict[str, Any]:
    """One notification, for the API. Times are Unix seconds."""
    notification = stored.notification
    return {
        "id": stored.id,
        "alert": notification.alert,
        "status": notification.status,
        "severity": notification.labels.get("severity", ""),
        "team": notification.labels.get("team", ""),
        "summary": notification.annotations.get("summary", ""),
        "description": notification.annotations.get("description", ""),
        "scope": scope_of(notification.labels),
        "starts_at": notification.starts,
        "ends_at": notification.ends,
        "received_at": stored.received,
        "repeated_at": stored.repeated,
        "deliveries": stored.deliveries,
        "receiver": notification.receiver,
        "fingerprint": notification.fingerprint,
        "labels": notification.labels,
        "annotations": notification.annotations,
        "trace_id": stored.trace_id or None,
        "trace_state": stored.trace_state,
        "links": links.of(notification, stored.trace_id),
    }


def episodes(newest_first: Iterable[StoredNotification], links: Links) -> list[AlertEpisode]:
    """Firing alerts first, the most severe on top; then resolved alerts, the latest on top."""
    latest: dict[tuple[str, float], StoredNotification] = {}
    for stored in newest_first:
        key = (stored.notification.fingerprint, stored.notification.starts)
        known = latest.get(key)
        if known is None or known.notification.status == "firing":
            latest[key] = stored
    found = [
        AlertEpisode(stored, links.of(stored.notification, stored.trace_id), scope_of(stored.notification.labels))
        for stored in latest.values()
    ]
    firing = [episode for episode in found if episode.firing]
    firing.sort(key=lambda episode: (severity_rank(episode.severity), -episode.latest.notification.starts))
    resolved = [episode for episode in found if not episode.firing]
    return firing + sorted(resolved, key=lambda episode: -episode.latest.id)


def scope_of(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that tell an alert from others of its name."""
    return {name: value for name, value in sorted(labels.items()) if name not in _LABELS_OF_EVERY_ALERT}


def severity_rank(severity: str) -> int:
    """Sorts severities: 0 is the most severe."""
    return _MOST_SEVERE_FIRST.index(severity) if severity in _MOST_SEVERE_FIRST else len(_MOST_SEVERE_FIRST)
