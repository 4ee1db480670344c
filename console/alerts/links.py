"""The pages of the console that an alert links to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from urllib.parse import urlencode

from alert_sink.alert_index import AlertIndex
from alert_sink.console_pages import logs_page, query_page, traces_page
from alert_sink.links import web_address
from alert_sink.runbooks import EXAMPLES
from alert_sink.settings import ALERTS
from console.alerts.active_alerts import ActiveAlert
from console.runbooks.view import runbook_library


@cache
def alert_index() -> AlertIndex:
    return AlertIndex.load(ALERTS)


def runbook_page(name: str, labels: Mapping[str, str], url: str = "") -> str:
    """The alert's runbook in the console, with queries for these labels; else the alert's `runbook_url`, else empty."""
    if name not in runbook_library().names():
        return web_address(url)
    query = urlencode({label: labels[label] for label in EXAMPLES if labels.get(label)})
    return f"/runbooks/{name}" + (f"?{query}" if query else "")


def links_of(alert: ActiveAlert) -> list[tuple[str, str]]:
    """Text and address of each link."""
    links = [("Dashboard", alert.dashboard)]
    index = alert_index()
    if index.concerns_requests(alert.name, alert.labels):
        of = (alert.name, alert.labels, alert.since)
        links += [("Log lines", logs_page(index.log_filter(*of))), ("Traces", traces_page(index.trace_filter(*of)))]
    if alert.expression:
        links.append(("Expression", query_page(alert.expression)))
    return [(text, address) for text, address in links if address]


def alerts_page(name: str) -> str:
    return f"/alerts?{urlencode({'alert': name})}"
