"""Sends the sink's own alarm to other receivers: Alertmanager cannot, because the alarm means that it is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from alert_sink.webhook import Notification
from stores.timestamps import rfc3339

_ANSWER_WITHIN_S = 10.0


class ForwardFailed(Exception):
    """The receiver did not accept the alarm. The message leaves out the URL, which may be a secret."""


def forward(alarm: Notification, url: str, slack_file: Path | None) -> None:
    """Send the alarm to Slack, and to `url` in the form of Alertmanager's webhook.

    Raises:
        ForwardFailed: one of them did not accept it.
    """
    if slack_file:
        try:
            slack_url = slack_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ForwardFailed(f"the file with Slack's URL cannot be read: {error.strerror}") from error
        _post("Slack", slack_url, {"text": slack_text(alarm)})
    if url:
        _post("the forward URL", url, as_webhook(alarm))


def as_webhook(alarm: Notification) -> dict[str, Any]:
    alert = {
        "status": alarm.status,
        "labels": dict(alarm.labels),
        "annotations": dict(alarm.annotations),
        "startsAt": rfc3339(alarm.starts),
        "endsAt": "0001-01-01T00:00:00Z" if alarm.ends is None else rfc3339(alarm.ends),
        "generatorURL": alarm.generator_url,
        "fingerprint": alarm.fingerprint,
    }
    return {
        "version": "4",
        "status": alarm.status,
        "receiver": "alert-sink",
        "groupKey": f"alert-sink:{alarm.fingerprint}",
        "truncatedAlerts": 0,
        "groupLabels": {"alertname": alarm.alert},
        "commonLabels": dict(alarm.labels),
        "commonAnnotations": dict(alarm.annotations),
        "externalURL": "",
        "alerts": [alert],
    }


def slack_text(alarm: Notification) -> str:
    """The message for Slack. Nothing is escaped: the sink wrote all of it."""
    mark = ":red_circle: <!here>" if alarm.status == "firing" else ":white_check_mark: resolved:"
    runbook = alarm.annotations.get("runbook_url", "")
    return f"{mark} *{alarm.alert}* {alarm.annotations['description']}" + (f" <{runbook}|Runbook>" if runbook else "")


def _post(receiver: str, url: str, body: object) -> None:
    try:
        answer = requests.post(url, json=body, timeout=_ANSWER_WITHIN_S, allow_redirects=False)
    except requests.RequestException as error:
        raise ForwardFailed(f"{receiver} cannot be reached ({type(error).__name__})") from None
    if not 200 <= answer.status_code < 300:
        raise ForwardFailed(f"{receiver} answered {answer.status_code}")
