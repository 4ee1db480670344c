"""Checks a delivered message: its links open, and the affected requests are in the stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import requests

from alert_sink.affected_trace import CLUES
from alert_sink.links import ABOUT_REQUESTS, logs_of
from alert_sink.watchdog import SILENT
from loadtest.system import SystemUnderTest
from loadtest.watch import Delivery
from stores import StoreError

_TIMEOUT_S: Final = 10.0
# Alerts on requests that were turned away before a model was asked: there is no line and no trace of a call.
_OF_NO_CALL: Final = ("LLMSafetyViolations",)


@dataclass(frozen=True)
class LinkCheck:
    """One check of a message."""

    name: str
    works: bool
    detail: str  # what was found


def check_links(one: Delivery, system: SystemUnderTest) -> list[LinkCheck]:
    """Open every link of the message as it is, check that none is missing, and look for the affected requests."""
    return [*_link_checks(one), *_evidence_checks(one, system)]


def _link_checks(one: Delivery) -> Iterator[LinkCheck]:
    for name in _required_links(one.alert):
        if name not in one.links:
            yield LinkCheck(f"{name} link", False, "the message has no such link")
    for name, url in one.links.items():
        yield _opened(f"{name} link", url)


def _required_links(alert: str) -> tuple[str, ...]:
    if alert == SILENT:
        return ("runbook",)  # raised by the sink itself: without Prometheus every dashboard is empty
    return ("runbook", "dashboard", *(("logs", "traces") if alert.startswith(ABOUT_REQUESTS) else ()))


def _opened(name: str, url: str) -> LinkCheck:
    """Grafana redirects to its login page, which answers 200 as well."""
    try:
        status = requests.get(url, timeout=_TIMEOUT_S).status_code
    except requests.RequestException as error:
        return LinkCheck(name, False, f"{url}: {error}")
    return LinkCheck(name, status == 200, f"{url}: {status}")


def _evidence_checks(one: Delivery, system: SystemUnderTest) -> Iterator[LinkCheck]:
    if not one.alert.startswith(ABOUT_REQUESTS):
        return
    if one.alert in CLUES:
        yield _affected_trace(one, system)
    yield _log_lines(one, system)


def _affected_trace(one: Delivery, system: SystemUnderTest) -> LinkCheck:
    name = "affected trace"
    if not one.trace_id:
        return LinkCheck(name, one.alert in _OF_NO_CALL, "the alert sink found none")
    try:
        trace = system.stores.traces.trace(one.trace_id)
    except StoreError as error:
        return LinkCheck(name, False, str(error))
    return LinkCheck(name, trace is not None, f"{one.trace_id}: {len(trace.spans) if trace else 0} spans")


def _log_lines(one: Delivery, system: SystemUnderTest) -> LinkCheck:
    name = "log lines"
    try:
        lines = system.stores.logs.query(logs_of(one.alert, one.labels, one.fired_at), limit=1)
    except StoreError as error:
        return LinkCheck(name, False, str(error))
    return LinkCheck(name, bool(lines) or one.alert in _OF_NO_CALL, "found" if lines else "none of the alert's labels")
