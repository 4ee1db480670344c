"""Checks a delivered message: its links open, and the requests that it is about are in the stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import requests

from alert_sink.alert_index import AlertIndex, Evidence
from alert_sink.settings import ALERTS
from alert_sink.watchdog import SILENT
from loadtest.system import SystemUnderTest
from loadtest.watch import Delivery
from stores import StoreError

_TIMEOUT_S: Final = 10.0
_INDEX: Final = AlertIndex.load(ALERTS)


@dataclass(frozen=True)
class MessageCheck:
    """One link of a message, or one piece of evidence."""

    name: str
    passed: bool
    detail: str  # what was found


def check_message(delivery: Delivery, system: SystemUnderTest, *, with_evidence: bool = True) -> list[MessageCheck]:
    """Open every link as it is, check that none is missing, and look for the affected requests if `with_evidence`."""
    evidence = _INDEX.evidence.get(delivery.alert)
    checks = list(_links(delivery, evidence))
    if evidence and with_evidence:
        if evidence.exemplars:
            checks.append(_affected_trace(delivery, evidence, system))
        checks.append(_log_lines(delivery, evidence, system))
    return checks


def _links(delivery: Delivery, evidence: Evidence | None) -> Iterator[MessageCheck]:
    for name in _required_links(delivery.alert, evidence):
        if name not in delivery.links:
            yield MessageCheck(f"{name} link", False, "the message has no such link")
    for name, url in delivery.links.items():
        yield _opened(f"{name} link", url)


def _required_links(alert: str, evidence: Evidence | None) -> tuple[str, ...]:
    if alert == SILENT:
        return ("runbook",)  # without Prometheus no dashboard has data, so the message has no link to one
    return ("runbook", "dashboard", *(("logs", "traces") if evidence else ()))


def _opened(name: str, url: str) -> MessageCheck:
    """Whether the page answers 200. Grafana redirects to its login page, which answers 200, too."""
    try:
        status = requests.get(url, timeout=_TIMEOUT_S).status_code
    except requests.RequestException as error:
        return MessageCheck(name, False, f"{url}: {error}")
    return MessageCheck(name, status == 200, f"{url}: {status}")


def _affected_trace(delivery: Delivery, evidence: Evidence, system: SystemUnderTest) -> MessageCheck:
    name = "affected trace"
    if not delivery.trace_id:
        return MessageCheck(name, not evidence.always, "the alert sink found none")
    try:
        trace = system.stores.traces.trace(delivery.trace_id)
    except StoreError as error:
        return MessageCheck(name, False, str(error))
    return MessageCheck(name, trace is not None, f"{delivery.trace_id}: {len(trace.spans) if trace else 0} spans")


def _log_lines(delivery: Delivery, evidence: Evidence, system: SystemUnderTest) -> MessageCheck:
    name = "log lines"
    which = _INDEX.log_filter(delivery.alert, delivery.labels, delivery.fired_at)
    try:
        lines = system.stores.logs.query(which, limit=1)
    except StoreError as error:
        return MessageCheck(name, False, str(error))
    return MessageCheck(name, bool(lines) or not evidence.always, "found" if lines else "none with the alert's labels")
