"""Where a person looks next: pages of Grafana where it runs, else of the console, else of the stores themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from alert_sink.console_pages import logs_page, query_page, trace_page, traces_page
from alert_sink.settings import SinkSettings
from alert_sink.webhook import Notification
from llm_telemetry import names
from stores import LogFilter, TraceFilter
from stores.times import rfc3339

BEFORE_S = 900.0  # of what is shown around an alert's start: its window and its `for`
AFTER_S = 900.0
ABOUT_REQUESTS = "LLM"  # alerts whose scope is one of requests begin so

# Alerts about requests that were slow or failed: what their links search for beyond the scope.
_FAILED = ("Error", "Provider", "Retry", "Breaker", "Availability")
_SLOW = ("Latency", "Queue")
_SLOW_MS = 3000.0


class Links:
    """Builds links for one sink."""

    def __init__(self, settings: SinkSettings) -> None:
        self._settings = settings
        self._grafana = settings.grafana_page.rstrip("/")
        self._console = settings.console_page.rstrip("/")

    def of(self, one: Notification, trace_id: str = "") -> dict[str, str]:
        """What there is of: runbook, dashboard, expression, logs, traces, trace."""
        links = {
            "runbook": web_address(one.annotations.get("runbook_url", "")),
            "dashboard": web_address(one.annotations.get("dashboard_url", "")),
            "expression": self._expression(one.generator_url),
        }
        if one.alert.startswith(ABOUT_REQUESTS):
            links["logs"] = self.logs(logs_of(one.alert, one.labels, one.starts))
            links["traces"] = self.traces(traces_of(one.alert, one.labels, one.starts))
        if trace_id:
            links["trace"] = self.trace(trace_id)
        return {name: url for name, url in links.items() if url}

    def trace(self, trace_id: str) -> str:
        """One trace."""
        if self._settings.trace_link:
            return self._settings.trace_link.replace("{trace_id}", quote(trace_id, safe=""))
        if self._grafana:
            return self._explore("tempo", {"queryType": "traceql", "query": trace_id}, ("now-24h", "now"))
        if self._console:
            return self._console + trace_page(trace_id)
        return f"{self._settings.traces_page.rstrip('/')}/api/v3/traces/{quote(trace_id, safe='')}"

    def traces(self, which: TraceFilter) -> str:
        """A search for traces."""
        if self._grafana:
            query = {"queryType": "traceql", "query": which.traceql(), "tableType": "traces"}
            return self._explore("tempo", query, _period_ms(which))
        if self._console:
            return self._console + traces_page(which)
        return f"{self._settings.traces_page.rstrip('/')}/api/traces?{urlencode(which.jaeger_parameters())}"

    def logs(self, which: LogFilter) -> str:
        """A search for log lines."""
        if self._grafana:
            return self._explore("loki", {"queryType": "range", "expr": which.logql()}, _period_ms(which))
        if self._console:
            return self._console + logs_page(which)
        start, end = which.span()
        # vmui lays its own period over that of the query.
        query = {
            "query": which.logsql(),
            "g0.range_input": f"{max(1, round(end - start))}s",
            "g0.end_input": rfc3339(end)[:19],
            "g0.relative_time": "none",
        }
        return f"{self._settings.logs_page.rstrip('/')}/select/vmui/#/?{urlencode(query, quote_via=quote)}"

    def query(self, promql: str) -> str:
        """The answer to a query of Prometheus."""
        if self._grafana:
            return self._explore("prometheus", {"expr": promql, "instant": True, "range": True}, ("now-1h", "now"))
        if self._console:
            return self._console + query_page(promql)
        return f"{self._settings.prometheus_page.rstrip('/')}/api/v1/query?{urlencode({'query': promql})}"

    def _expression(self, generator_url: str) -> str:
        """The alert's expression; lite's Prometheus has no page of its own for it."""
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


def logs_of(alert: str, labels: Mapping[str, str], at: float) -> LogFilter:
    """Log lines of an alert's scope around the time `at`."""
    said = {"endpoint": "endpoint", "model": "model", "tenant": "tenant_id", "to_model": "model"}
    fields: dict[str, str | int | float | bool] = {
        field: labels[label] for label, field in said.items() if labels.get(label)
    }
    fields["event"] = names.EVENT_EVALUATION if labels.get("metric") else names.EVENT_CALL
    if any(word in alert for word in _FAILED):
        fields["status"] = names.STATUS_ERROR
    return LogFilter(labels.get("service", ""), fields, start=at - BEFORE_S, end=at + AFTER_S)


def traces_of(alert: str, labels: Mapping[str, str], at: float) -> TraceFilter:
    """Traces of an alert's scope around the time `at`; of the demo application where it names no service."""
    said = {"endpoint": names.LLM_ENDPOINT, "model": names.LLM_MODEL, "to_model": names.LLM_MODEL}
    return TraceFilter(
        labels.get("service") or DEFAULT_SERVICE,
        attributes={attribute: labels[label] for label, attribute in said.items() if labels.get(label)},
        error_only=any(word in alert for word in _FAILED),
        min_duration_ms=_SLOW_MS if any(word in alert for word in _SLOW) else 0.0,
        start=at - BEFORE_S,
        end=at + AFTER_S,
    )


DEFAULT_SERVICE = "demo-app"  # traces can only be searched by service


def web_address(text: str) -> str:
    """`text` if it is one, else nothing: a link must not run a script."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.netloc else ""


def _period_ms(which: LogFilter | TraceFilter) -> tuple[str, str]:
    start, end = which.span()
    return str(int(start * 1000)), str(int(end * 1000))
