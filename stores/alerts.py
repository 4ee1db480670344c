"""The store of delivered alerts: Alertmanager."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from stores.connection import ANSWER_WITHIN_S, Connection
from stores.quoting import quoted
from stores.times import from_rfc3339, rfc3339


@dataclass(frozen=True)
class Matcher:
    """Which alerts: those whose label `name` is `value`, or is not, or fits it as a regular expression."""

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
    ends: float  # in the future while it goes on
    silenced_by: tuple[str, ...]  # ids of silences
    inhibited_by: tuple[str, ...]  # fingerprints of alerts
    receivers: tuple[str, ...]
    fingerprint: str
    generator_url: str  # the expression in Prometheus


@dataclass(frozen=True)
class Silence:
    """Keeps alerts from being delivered for a time. Times are Unix seconds."""

    id: str
    matchers: tuple[Matcher, ...]
    state: str  # pending, active, expired
    starts: float
    ends: float
    author: str
    comment: str


@dataclass(frozen=True)
class AlertmanagerStatus:
    """What Alertmanager says of itself."""

    version: str  # empty in lite's build
    started: float
    config: str  # YAML


class AlertStore:
    """Asks Alertmanager. Every method raises a StoreError where there is no answer."""

    server = "alertmanager"

    def __init__(self, url: str, timeout_s: float = ANSWER_WITHIN_S) -> None:
        self._connection = Connection(self.server, url, timeout_s)
        self.url = self._connection.url

    def alerts(
        self,
        matchers: Sequence[Matcher] = (),
        *,
        active: bool = True,
        silenced: bool = True,
        inhibited: bool = True,
    ) -> list[Alert]:
        """Alerts that fit every matcher, newest first; False leaves alerts of that state out."""
        parameters = {
            "filter": [str(matcher) for matcher in matchers],
            **{name: str(value).lower() for name, value in _flags(active, silenced, inhibited).items()},
        }
        found = self._connection.get("/api/v2/alerts", lambda body: [_alert(item) for item in body], parameters)
        return sorted(found, key=lambda alert: alert.starts, reverse=True)

    def silences(self, matchers: Sequence[Matcher] = ()) -> list[Silence]:
        """Silences whose own matchers fit, expired ones included while Alertmanager keeps them."""
        parameters = {"filter": [str(matcher) for matcher in matchers]}
        return self._connection.get("/api/v2/silences", lambda body: [_silence(item) for item in body], parameters)

    def silence(self, matchers: Sequence[Matcher], duration_s: float, comment: str, author: str) -> str:
        """Silence what fits every matcher, from now on; returns the silence's id."""
        now = time.time()
        body = {
            "matchers": [
                {"name": one.name, "value": one.value, "isEqual": one.is_equal, "isRegex": one.is_regex}
                for one in matchers
            ],
            "startsAt": rfc3339(now),
            "endsAt": rfc3339(now + duration_s),
            "createdBy": author,
            "comment": comment,
        }
        return self._connection.post_json("/api/v2/silences", lambda answer: str(answer["silenceID"]), body)

    def expire_silence(self, silence_id: str) -> None:
        """End a silence.

        Raises:
            QueryRefused: there is none of that id.
        """
        self._connection.delete(f"/api/v2/silence/{quote(silence_id, safe='')}")

    def receivers(self) -> list[str]:
        """Where alerts are delivered, by name."""
        return self._connection.get("/api/v2/receivers", lambda body: [item["name"] for item in body])

    def status(self) -> AlertmanagerStatus:
        """Version, start and configuration."""
        return self._connection.get(
            "/api/v2/status",
            lambda body: AlertmanagerStatus(
                body["versionInfo"]["version"], from_rfc3339(body["uptime"]), body["config"]["original"]
            ),
        )

    def check_ready(self) -> None:
        """Pass if it can be asked; else raise the StoreError that says why not."""
        self._connection.check("/-/ready")

    def ready(self) -> bool:
        """Whether it can be asked."""
        return self._connection.is_ready("/-/ready")


def _flags(active: bool, silenced: bool, inhibited: bool) -> dict[str, bool]:
    return {"active": active, "silenced": silenced, "inhibited": inhibited}


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
            Matcher(one["name"], one["value"], one.get("isEqual", True), one["isRegex"]) for one in item["matchers"]
        ),
        state=item["status"]["state"],
        starts=from_rfc3339(item["startsAt"]),
        ends=from_rfc3339(item["endsAt"]),
        author=item["createdBy"],
        comment=item["comment"],
    )
