"""Alerts and silences in Alertmanager."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from stores.connection import StoreClient
from stores.quoting import quoted
from stores.timestamps import from_rfc3339, rfc3339


@dataclass(frozen=True)
class Matcher:
    """Matches alerts by a label: equal to `value`, matching it as a regular expression, or the opposite."""

    name: str
    value: str
    is_equal: bool = True
    is_regex: bool = False

    def __str__(self) -> str:
        operator = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
        return f"{quoted(self.name)}{operator[self.is_equal, self.is_regex]}{quoted(self.value)}"


@dataclass(frozen=True)
class Alert:
    """An alert that Alertmanager holds. Times are Unix seconds."""

    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    state: str  # active, suppressed (silenced or inhibited), unprocessed
    starts: float
    ends: float  # in the future while the alert is active
    silenced_by: tuple[str, ...]  # ids of silences
    inhibited_by: tuple[str, ...]  # fingerprints of alerts
    receivers: tuple[str, ...]
    fingerprint: str
    generator_url: str  # shows the expression in Prometheus


@dataclass(frozen=True)
class Silence:
    """A silence. Times are Unix seconds."""

    id: str
    matchers: tuple[Matcher, ...]
    state: str  # pending, active, expired
    starts: float
    ends: float
    author: str
    comment: str


class AlertStore(StoreClient):
    """Asks Alertmanager. Every method raises a StoreError when there is no answer."""

    server = "alertmanager"
    ready_path = "/-/ready"

    def alerts(self, matchers: Sequence[Matcher] = ()) -> list[Alert]:
        """Alerts that match every matcher, newest first; silenced and inhibited alerts too."""
        parameters = {"filter": [str(matcher) for matcher in matchers]}
        found = self._connection.get("/api/v2/alerts", lambda body: [_alert(item) for item in body], parameters)
        return sorted(found, key=lambda alert: alert.starts, reverse=True)

    def silences(self, matchers: Sequence[Matcher] = ()) -> list[Silence]:
        """Silences with these matchers, also expired ones while Alertmanager keeps them."""
        parameters = {"filter": [str(matcher) for matcher in matchers]}
        return self._connection.get("/api/v2/silences", lambda body: [_silence(item) for item in body], parameters)

    def create_silence(self, matchers: Sequence[Matcher], duration_s: float, comment: str, author: str) -> str:
        """Silence the alerts that match every matcher, from now on; returns the id of the silence."""
        now = time.time()
        body = {
            "matchers": [
                {
                    "name": matcher.name,
                    "value": matcher.value,
                    "isEqual": matcher.is_equal,
                    "isRegex": matcher.is_regex,
                }
                for matcher in matchers
            ],
            "startsAt": rfc3339(now),
            "endsAt": rfc3339(now + duration_s),
            "createdBy": author,
            "comment": comment,
        }
        return self._connection.post_json("/api/v2/silences", lambda answer: str(answer["silenceID"]), body)

    def expire_silence(self, silence_id: str) -> None:
        """End a silence. Raises QueryRefused: there is no silence with that id."""
        self._connection.delete(f"/api/v2/silence/{quote(silence_id, safe='')}")


def _alert(item: Any) -> Alert:
    return Alert(
        name=item["labels"].get("alertname", ""),
        labels=item["labels"],
        annotations=item["annotations"],
        state=item["status"]["state"],
        starts=from_rfc3339(item["startsAt"]),
        ends=from_rfc3339(item["endsAt"]),
        silenced_by=tuple(item["status"]["silencedBy"]),
        inhibited_by=tuple(item["status"]["inhibitedBy"]),
        receivers=tuple(receiver["name"] for receiver in item["receivers"]),
        fingerprint=item["fingerprint"],
        generator_url=item.get("generatorURL", ""),
    )


def _silence(item: Any) -> Silence:
    return Silence(
        id=item["id"],
        matchers=tuple(
            Matcher(matcher["name"], matcher["value"], matcher.get("isEqual", True), matcher["isRegex"])
            for matcher in item["matchers"]
        ),
        state=item["status"]["state"],
        starts=from_rfc3339(item["startsAt"]),
        ends=from_rfc3339(item["endsAt"]),
        author=item["createdBy"],
        comment=item["comment"],
    )
