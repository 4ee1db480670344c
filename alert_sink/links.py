"""Builds the links of an alert: to Grafana where it runs, else to the console, else to the stores' own pages.

Every address comes from the settings. Where the settings name no page that shows something, there is no link to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from alert_sink.alert_index import AlertIndex
from alert_sink.console_pages import logs_page, query_page, trace_page, traces_page
from alert_sink.settings import SinkSettings
from alert_sink.webhook import Notification
from stores import LogFilter, TraceFilter
from stores.timestamps import rfc3339


class Links:
    """Builds the links of one sink. An address is empty where no page can show what is asked for."""

    def __init__(self, settings: SinkSettings, index: AlertIndex) -> None:
        self._index = index
        self._trace_link = settings.trace_link
        self._grafana = settings.grafana_page.rstrip("/")
        self.to_grafana = bool(self._grafana)
        self._console = settings.console_page.rstrip("/")
        self._prometheus = settings.prometheus_page.rstrip("/")
        self._victoria_logs = settings.logs_page.rstrip("/")
        self._jaeger = settings.traces_page.rstrip("/")

    def of(self, notification: Notification, trace_id: str = "") -> dict[str, str]:
        """The links of one alert by what they lead to: runbook, dashboard, expression, logs, traces, trace."""
        alert, labels, starts = notification.alert, notification.labels, notification.starts
        links = {
            "runbook": web_address(notification.annotations.get("runbook_url", "")),
            "dashboard": web_address(notification.annotations.get("dashboard_url", "")),
            "expression": self._expression(notification.generator_url),
        }
        if self._index.concerns_requests(alert, labels):
            links["logs"] = self.logs(self._index.log_filter(alert, labels, starts))
            links["traces"] = self.traces(self._index.trace_filter(alert, labels, starts))
        if trace_id:
            links["trace"] = self.trace(trace_id)
        return {name: url for name, url in links.items() if url}

    def trace(self, trace_id: str) -> str:
        if self._trace_link:
            return self._trace_link.replace("{trace_id}", quote(trace_id, safe=""))
        if self._grafana:
            return self._explore("tempo", {"queryType": "traceql", "query": trace_id}, ("now-24h", "now"))
        if self._console:
            return self._console + trace_page(trace_id)
        return f"{self._jaeger}/api/v3/traces/{quote(trace_id, safe='')}" if self._jaeger else ""

    def traces(self, which: TraceFilter) -> str:
        if self._grafana:
            query = {"queryType": "traceql", "query": which.traceql(), "tableType": "traces"}
            return self._explore("tempo", query, _period_ms(which))
        if self._console:
            return self._console + traces_page(which)
        # Jaeger searches the traces of one service only.
        found = self._jaeger and which.service
        return f"{self._jaeger}/api/traces?{urlencode(which.jaeger_parameters())}" if found else ""

    def logs(self, which: LogFilter) -> str:
        if self._grafana:
            return self._explore("loki", {"queryType": "range", "expr": which.logql()}, _period_ms(which))
        if self._console:
            return self._console + logs_page(which)
        if not self._victoria_logs:
            return ""
        start, end = which.period()
        # VictoriaLogs' page narrows the query's period to the one that these parameters give.
        query = {
            "query": which.logsql(),
            "g0.range_input": f"{max(1, round(end - start))}s",
            "g0.end_input": rfc3339(end)[:19],
            "g0.relative_time": "none",
        }
        return f"{self._victoria_logs}/select/vmui/#/?{urlencode(query, quote_via=quote)}"

    def query(self, promql: str) -> str:
        if self._grafana:
            return self._explore("prometheus", {"expr": promql, "instant": True, "range": True}, ("now-1h", "now"))
        if self._console:
            return self._console + query_page(promql)
        return f"{self._prometheus}/api/v1/query?{urlencode({'query': promql})}" if self._prometheus else ""

    def _expression(self, generator_url: str) -> str:
        """The alert's expression; in the console, because lite's Prometheus has no pages."""
        url = web_address(generator_url)
        expression = parse_qs(urlsplit(url).query).get("g0.expr", [""])[0]
        return self._console + query_page(expression) if self._console and expression else url

    def _explore(self, source: str, query: Mapping[str, Any], period: tuple[str, str]) -> str:
        pane = {
            "datasource": source,
            "queries": [{"refId": "A", "datasource": {"type": source, "uid": source}, **query}],
            "range": {"from": period[0], "to": period[1]},
        }
        panes = json.dumps({"a": pane}, separators=(",", ":"))
        return f"{self._grafana}/explore?{urlencode({'schemaVersion': 1, 'orgId': 1, 'panes': panes})}"


def web_address(text: str) -> str:
    """`text` if it is a web address, else nothing: a link must not run a script."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.netloc else ""


def _period_ms(which: LogFilter | TraceFilter) -> tuple[str, str]:
    start, end = which.period()
    return str(int(start * 1000)), str(int(end * 1000))
