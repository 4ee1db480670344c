"""Whether the links in a delivered message lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import requests

from alert_sink.alert_index import AlertIndex
from alert_sink.settings import ALERTS
from alert_sink.watchdog import SILENT
from dashboards_src import config
from loadtest.target import Target
from loadtest.watch import Delivery
from stack.settings import ROOT
from stores import StoreError

_WITHIN_S: Final = 10.0
_DASHBOARDS: Final = ROOT / "grafana" / "dashboards"
_INDEX: Final = AlertIndex.load(ALERTS)


@dataclass(frozen=True)
class LinkCheck:
    """One link, and what was found behind it."""

    kind: str  # runbook, dashboard, trace, logs
    works: bool
    what: str


def check_links(one: Delivery, target: Target) -> list[LinkCheck]:
    """Follow every link that the message has, and miss those that it should have."""
    return list(_checks(one, target))


def _checks(one: Delivery, target: Target) -> Iterator[LinkCheck]:
    yield _runbook(one.links.get("runbook", ""), target)
    if one.alert == SILENT:
        return  # the sink's own alarm: without Prometheus every dashboard is empty
    yield _dashboard(one.links.get("dashboard", ""))
    if not _INDEX.concerns_requests(one.alert, one.labels):
        return
    if _INDEX.examples(one.alert):
        yield _trace(one, target)
    yield _logs(one, target)


def _runbook(url: str, target: Target) -> LinkCheck:
    """Rules are generated for the default ports; a stack on others is asked for the same page at its own."""
    if not url:
        return LinkCheck("runbook", False, "the message has no such link")
    if url.startswith(f"{config.RUNBOOKS_URL}/"):
        url = target.url("ALERT_SINK_PORT", "/runbooks/" + url.removeprefix(f"{config.RUNBOOKS_URL}/"))
    try:
        response = requests.get(url, timeout=_WITHIN_S)
    except requests.RequestException as error:
        return LinkCheck("runbook", False, f"{url}: {error}")
    return LinkCheck("runbook", response.ok, f"{url}: {response.status_code}")


def _dashboard(url: str) -> LinkCheck:
    """By its uid; the page itself may need a password."""
    parts = urlsplit(url).path.split("/")
    uid = parts[2] if len(parts) > 2 and parts[1] == "d" else ""
    found = bool(uid) and (_DASHBOARDS / f"{uid}.json").exists()
    return LinkCheck(
        "dashboard", found, f"{url or 'no link'}: the dashboard {uid!r} {'exists' if found else 'does not exist'}"
    )


def _trace(one: Delivery, target: Target) -> LinkCheck:
    if not one.trace_id:
        return LinkCheck("trace", not _always_traced(one.alert), "no affected trace was found")
    try:
        trace = target.stores.traces.trace(one.trace_id)
    except StoreError as error:
        return LinkCheck("trace", False, str(error))
    return LinkCheck("trace", trace is not None, f"{one.trace_id}: {len(trace.spans) if trace else 0} spans")


def _logs(one: Delivery, target: Target) -> LinkCheck:
    try:
        lines = target.stores.logs.query(_INDEX.log_filter(one.alert, one.labels, one.fired), limit=1)
    except StoreError as error:
        return LinkCheck("logs", False, str(error))
    return LinkCheck(
        "logs", bool(lines) or not _always_traced(one.alert), f"{'lines' if lines else 'no line'} of its scope"
    )


def _always_traced(alert: str) -> bool:
    """Whether every affected request leaves a log line and a trace: a rejected one leaves none."""
    evidence = _INDEX.evidence.get(alert)
    return evidence is None or evidence.always
