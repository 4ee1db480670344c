"""Validates the body of Alertmanager's webhook (version 4) and reports the first field that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from stores.timestamps import from_rfc3339

Status = Literal["firing", "resolved"]

LARGEST_BODY = 4 * 1024 * 1024  # bytes; Alertmanager sends a group of 1,000 alerts in about 1 MB
MOST_LABELS = 100  # per alert
LONGEST_TEXT = 16 * 1024  # characters of one label or annotation

Texts = Mapping[str, str]


class BadNotification(ValueError):
    """The body is not a webhook of Alertmanager. The message names the wrong field and what is expected."""


@dataclass(frozen=True)
class Notification:
    """One alert in one state, as delivered. Times are Unix seconds."""

    alert: str
    status: Status
    fingerprint: str
    labels: Texts
    annotations: Texts
    starts: float
    ends: float | None  # None while the alert fires
    receiver: str = ""
    generator_url: str = field(default="", repr=False)  # shows the expression in Prometheus


def notifications(body: bytes) -> list[Notification]:
    """The alerts in a webhook's body.

    Raises:
        BadNotification: a field is wrong; then no alert of the body is accepted.
    """
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadNotification(f"The body is not JSON: {error}.") from error
    if not isinstance(message, dict) or not isinstance(message.get("alerts"), list):
        raise BadNotification('The body is not a webhook of Alertmanager: it must be an object with a list "alerts".')
    receiver = message.get("receiver", "")
    if not isinstance(receiver, str):
        raise BadNotification('"receiver" must be text.')
    return [_notification(item, f"alerts[{index}]", receiver) for index, item in enumerate(message["alerts"])]


def fingerprint_of(labels: Texts) -> str:
    return hashlib.sha256(orjson.dumps(dict(labels), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _notification(item: Any, where: str, receiver: str) -> Notification:
    if not isinstance(item, dict):
        raise BadNotification(f"{where} must be an object.")
    labels = _texts(item.get("labels"), f"{where}.labels")
    if not labels.get("alertname"):
        raise BadNotification(f'{where}.labels has no "alertname".')
    status = item.get("status")
    if status != "firing" and status != "resolved":
        raise BadNotification(f'{where}.status must be "firing" or "resolved".')
    starts = _time(item.get("startsAt"), f"{where}.startsAt")
    ends = _time(item["endsAt"], f"{where}.endsAt") if status == "resolved" and item.get("endsAt") else None
    return Notification(
        alert=labels["alertname"],
        status=status,
        fingerprint=_text(item.get("fingerprint") or fingerprint_of(labels), f"{where}.fingerprint"),
        labels=labels,
        annotations=_texts(item.get("annotations", {}), f"{where}.annotations"),
        starts=starts,
        ends=ends,
        receiver=receiver[:LONGEST_TEXT],
        generator_url=_text(item.get("generatorURL", ""), f"{where}.generatorURL"),
    )


def _texts(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise BadNotification(f"{where} must be an object of texts.")
    if len(value) > MOST_LABELS:
        raise BadNotification(f"{where} has {len(value)} entries; at most {MOST_LABELS} are accepted.")
    return {_text(name, where): _text(text, f"{where}.{name[:100]}") for name, text in value.items()}


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise BadNotification(f"{where} must be text.")
    if len(value) > LONGEST_TEXT:
        raise BadNotification(f"{where} is longer than {LONGEST_TEXT} characters.")
    return value


def _time(value: Any, where: str) -> float:
    try:
        return from_rfc3339(_text(value, where))
    except (ValueError, OverflowError) as error:
        raise BadNotification(f"{where} must be a time such as 2026-11-24T14:23:05Z.") from error
