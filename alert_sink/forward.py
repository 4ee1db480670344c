"""Sends the sink's own alarm on: it comes when Alertmanager, or what feeds it, cannot say anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from alert_sink.webhook import Notification
from stores.timestamps import rfc3339

_ANSWER_WITHIN_S = 10.0


class ForwardFailed(Exception):
    """It was not taken; the message does not name the URL, which may be a secret."""


def forward(one: Notification, url: str, slack_file: Path | None) -> None:
    """Send to `url` as Alertmanager's webhook would, and to Slack.

    Raises:
        ForwardFailed: one of them did not take it.
    """
    if slack_file:
        try:
            slack_url = slack_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ForwardFailed(f"the Slack webhook's file cannot be read: {error.strerror}") from error
        _post("Slack", slack_url, {"text": slack_text(one)})
    if url:
        _post("the forward URL", url, as_webhook(one))


def as_webhook(one: Notification) -> dict[str, Any]:
    """As Alertmanager would send it."""
    alert = {
        "status": one.status,
        "labels": dict(one.labels),
        "annotations": dict(one.annotations),
        "startsAt": rfc3339(one.starts),
        "endsAt": "0001-01-01T00:00:00Z" if one.ends is None else rfc3339(one.ends),
        "generatorURL": one.generator_url,
        "fingerprint": one.fingerprint,
    }
    return {
        "version": "4",
        "status": one.status,
        "receiver": "alert-sink",
        "groupKey": f"alert-sink:{one.fingerprint}",
        "truncatedAlerts": 0,
        "groupLabels": {"alertname": one.alert},
        "commonLabels": dict(one.labels),
        "commonAnnotations": dict(one.annotations),
        "externalURL": "",
        "alerts": [alert],
    }


def slack_text(one: Notification) -> str:
    """One message; everything in it is our own text."""
    mark = ":red_circle: <!here>" if one.status == "firing" else ":white_check_mark: resolved:"
    runbook = one.annotations.get("runbook_url", "")
    return f"{mark} *{one.alert}* {one.annotations['description']}" + (f" <{runbook}|Runbook>" if runbook else "")


def _post(where: str, url: str, body: object) -> None:
    try:
        answer = requests.post(url, json=body, timeout=_ANSWER_WITHIN_S, allow_redirects=False)
    except requests.RequestException as error:
        raise ForwardFailed(f"{where} cannot be reached ({type(error).__name__})") from None
    if not 200 <= answer.status_code < 300:
        raise ForwardFailed(f"{where} answered {answer.status_code}")
