"""A dashboard with every type of panel in the form in which Grafana exports it, about the live stack."""

from __future__ import annotations

import itertools
from typing import Any, Final

PROMETHEUS: Final = {"type": "prometheus", "uid": "prometheus"}
LOKI: Final = {"type": "loki", "uid": "loki"}
TEMPO: Final = {"type": "tempo", "uid": "tempo"}
BY_ENDPOINT: Final = 'sum by (endpoint) (llm_requests_total{service="demo-app"})'
STEPS: Final = [
    {"color": "green", "value": None},
    {"color": "#EAB839", "value": 50},
    {"color": "semi-dark-red", "value": 80},
]

_ids = itertools.count(1)


def query(expr: str, legend: str = "{{endpoint}}", ref: str = "A", *, table: bool = False, instant: bool = True) -> Any:
    """A query to Prometheus."""
    return {
        "refId": ref, "datasource": PROMETHEUS, "editorMode": "code", "expr": expr, "legendFormat": legend,
        "instant": instant, "range": not instant, "format": "table" if table else "time_series",
    }  # fmt: skip


def panel(
    kind: str, title: str, *targets: Any, options: Any = None, defaults: Any = None, overrides: Any = (), **said: Any
) -> Any:
    """A panel of 8 by 7 where it says nothing else; three in a row."""
    number = next(_ids)
    return {
        "id": number, "type": kind, "title": title, "pluginVersion": "11.3.0",
        "gridPos": {"x": (number - 1) % 3 * 8, "y": (number - 1) // 3 * 7, "w": 8, "h": 7},
        "datasource": PROMETHEUS, "targets": list(targets), "options": options or {},
        "fieldConfig": {"defaults": defaults or {}, "overrides": list(overrides)}, **said,
    }  # fmt: skip


def reduce_options(calculation: str = "lastNotNull", *, values: bool = False) -> Any:
    """As Grafana writes them."""
    return {"calcs": [calculation], "fields": "", "values": values}


def by(kind: str, wanted: Any, **properties: Any) -> Any:
    """An override; `custom__x` stands for `custom.x`."""
    named = [{"id": name.replace("__", "."), "value": value} for name, value in properties.items()]
    return {"matcher": {"id": kind, "options": wanted}, "properties": named}


GAUGE: Final = {
    "orientation": "auto", "showThresholdLabels": False, "showThresholdMarkers": True, "sizing": "auto",
    "minVizHeight": 75, "minVizWidth": 75, "reduceOptions": reduce_options(),
}  # fmt: skip
STAT: Final = {
    "colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "auto",
    "wideLayout": True, "showPercentChange": False, "percentChangeColorMode": "standard",
    "reduceOptions": reduce_options(),
}  # fmt: skip
ALERTS: Final = {
    "viewMode": "list", "groupMode": "default", "groupBy": [], "maxItems": 20, "sortOrder": 3, "dashboardAlerts": False,
    "alertName": "", "alertInstanceLabelFilter": "", "datasource": "Prometheus", "showInstances": False,
    "stateFilter": {"firing": True, "pending": True, "noData": False, "normal": False, "error": True},
}  # fmt: skip
BARS: Final = {
    "orientation": "auto", "showValue": "auto", "stacking": "none", "groupWidth": 0.7, "barWidth": 0.97,
    "barRadius": 0, "fullHighlight": False, "xTickLabelRotation": 0, "xTickLabelSpacing": 0, "xField": "endpoint",
    "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []},
    "tooltip": {"mode": "single", "sort": "none"},
}  # fmt: skip
TIMELINE: Final = {
    "alignValue": "left", "mergeValues": True, "rowHeight": 0.9, "showValue": "auto",
    "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom"},
    "tooltip": {"mode": "single", "sort": "none"},
}  # fmt: skip
LOGS: Final = {
    "showTime": True, "showLabels": False, "showCommonLabels": False, "wrapLogMessage": True, "enableLogDetails": True,
    "prettifyLogMessage": False, "dedupStrategy": "none", "sortOrder": "Descending",
}  # fmt: skip
PALETTE: Final = {"color": {"mode": "palette-classic"}}
BLUE: Final = {"color": {"mode": "fixed", "fixedColor": "blue"}}
LINES: Final = {
    "refId": "A", "datasource": LOKI, "expr": '{service_name="demo-app"}', "maxLines": 30,
    "lite": {"logsql": 'service.name:="demo-app"', "fields": ["endpoint", "model"]},
}  # fmt: skip
SEARCH: Final = {
    "refId": "A", "datasource": TEMPO, "queryType": "traceql", "query": "{}", "limit": 10, "tableType": "traces",
    "lite": {"jaeger": {"service": "demo-app"}},
}  # fmt: skip
SHARE: Final = f"100 * {BY_ENDPOINT} / ignoring(endpoint) group_left sum({BY_ENDPOINT})"
AROUND_ZERO: Final = f"{BY_ENDPOINT} - scalar(avg({BY_ENDPOINT})) - 0.5"  # one is below, whatever they are
PERCENT: Final = {"unit": "percent", "min": 0, "max": 100, "thresholds": {"mode": "absolute", "steps": STEPS}}

PANELS: Final = [
    panel("gauge", "Share by endpoint", query(SHARE), options=GAUGE, defaults=PERCENT),
    panel("gauge", "Share, labels of thresholds", query(SHARE), options={**GAUGE, "orientation": "horizontal",
          "showThresholdLabels": True, "showThresholdMarkers": False}, defaults=PERCENT,
          overrides=[by("byName", "/api/support/answer", displayName="The large one", decimals=2, max=200),
                     by("byRegexp", "/SUMMARISE$/i", color={"mode": "fixed", "fixedColor": "purple"})]),
    panel("gauge", "Of a ratio, thresholds in percent", query("vector(0.55)", "share"), options=GAUGE,
          defaults={"unit": "percentunit", "thresholds": {"mode": "percentage", "steps": STEPS}}),
    panel("gauge", "With a word for nothing", query("nobody_made_this_metric"), options=GAUGE,
          defaults={"noValue": "none yet"}),
    panel("gauge", "Of a table", query(BY_ENDPOINT, table=True),
          options={**GAUGE, "reduceOptions": reduce_options(values=True)},
          defaults={"unit": "short", "max": 2000, "min": 0}),
    panel("gauge", "Mapped", query("vector(1)", "state"), options=GAUGE,
          defaults={"max": 2, "mappings": [
              {"type": "value", "options": {"1": {"text": "half-open", "color": "yellow", "index": 0}}},
              {"type": "special", "options": {"match": "null+nan", "result": {"text": "?", "index": 1}}}]}),
    panel("stat", "Filled", query(BY_ENDPOINT), options={**STAT, "colorMode": "background", "graphMode": "area"},
          defaults={"unit": "short", "thresholds": {"mode": "absolute", "steps": STEPS}}),
    panel("stat", "Median", query(BY_ENDPOINT, "{{endpoint}}", instant=False),
          options={**STAT, "textMode": "value", "reduceOptions": reduce_options("median")}),
    panel("stat", "Named after its labels", query(BY_ENDPOINT, "__auto"), options={**STAT, "orientation": "horizontal"},
          defaults={"displayName": "at ${__field.labels.endpoint}"}),
    panel("bargauge", "With a word for none", query("nobody_made_this_metric"), defaults={"noValue": "nothing yet"},
          options={"displayMode": "gradient", "orientation": "horizontal", "reduceOptions": reduce_options()}),
    panel("bargauge", "Several by name", query(BY_ENDPOINT), defaults=BLUE,
          options={"displayMode": "lcd", "orientation": "horizontal", "reduceOptions": reduce_options()},
          overrides=[by("byNames", {"mode": "exclude", "names": ["/api/support/answer"]}, unit="reqpm")]),
    panel("bargauge", "A calculation nobody knows", query(BY_ENDPOINT),
          options={"reduceOptions": reduce_options("variance_of_moods")}),
    panel("text", "Markdown", options={"mode": "markdown", "content": "### On call\n\n- **one** for `$tenant`\n"
          "- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[Alerts](/alerts)"}),
    panel("text", "HTML", options={"mode": "html", "content": '<h3>On call</h3><p style="color: red">Ask '
          '<b>$tenant</b></p><script>window.hacked=8</script><a href="javascript:window.hacked=9">link</a>'}),
    panel("text", "Plain", options={"mode": "code", "content": "curl -s \\\n  <address> **not bold** $tenant",
          "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False}}),
    panel("alertlist", "All alerts", options=ALERTS),
    panel("alertlist", "Critical ones", options={**ALERTS, "sortOrder": 1, "maxItems": 2,
          "alertInstanceLabelFilter": '{severity="critical", alertname=~"LLM.*"}'}),
    panel("alertlist", "How many", options={**ALERTS, "viewMode": "stat",
          "stateFilter": {"firing": True, "pending": False}}),
    panel("alertlist", "By severity", options={**ALERTS, "groupMode": "custom", "groupBy": ["severity"]}),
    panel("alertlist", "About nothing", options={**ALERTS, "alertName": "NobodyWroteThisAlert"}),
    panel("traces", "Newest traces", SEARCH, datasource=TEMPO),
    panel("logs", "Oldest first", LINES, datasource=LOKI, options={**LOGS, "sortOrder": "Ascending"}),
    panel("logs", "On one line", LINES, datasource=LOKI,
          options={**LOGS, "wrapLogMessage": False, "showTime": False}),
    panel("annolist", "Annotations", options={"limit": 10, "tags": []}),
    panel("state-timeline", "Above a threshold", query(BY_ENDPOINT, instant=False), options=TIMELINE,
          defaults={"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": STEPS},
                    "custom": {"fillOpacity": 70, "lineWidth": 0}}),
    panel("state-timeline", "Without words", query("max by (model) (llm_circuit_breaker_state)", "{{model}}",
          instant=False), options={**TIMELINE, "showValue": "never", "legend": {"showLegend": False}},
          defaults={"mappings": [{"type": "value", "options": {
              "0": {"text": "closed", "color": "green", "index": 0},
              "2": {"text": "open", "color": "red", "index": 1}}}]}),
    panel("state-timeline", "Up", query('up{job!=""}', "{{job}}", instant=False), options=TIMELINE,
          defaults={"mappings": [{"type": "range", "options": {"from": None, "to": 0,
                                                               "result": {"text": "down", "color": "red"}}},
                                 {"type": "range", "options": {"from": 1, "to": None,
                                                               "result": {"text": "up", "color": "green"}}}]}),
    panel("barchart", "By endpoint", query(BY_ENDPOINT, table=True), options=BARS,
          defaults={**PALETTE, "unit": "short"}),
    panel("barchart", "Below zero", query(AROUND_ZERO, table=True), options={**BARS, "showValue": "never"},
          defaults=PALETTE),
    panel("barchart", "Two values, lying", query(BY_ENDPOINT, table=True),
          query(f"{BY_ENDPOINT} / 2", ref="B", table=True),
          options={**BARS, "orientation": "horizontal"}, defaults=PALETTE,
          overrides=[by("byName", "Value #B", displayName="Half")],
          transformations=[{"id": "merge", "options": {}}]),
    panel("barchart", "Over time", query(BY_ENDPOINT, instant=False), maxDataPoints=30, interval="1m",
          options={**BARS, "xField": "Time", "stacking": "normal"}, defaults=PALETTE),
]  # fmt: skip

BOARD: Final[dict[str, Any]] = {
    "uid": "types",
    "title": "Types of panels",
    "schemaVersion": 39,
    "time": {"from": "now-30m", "to": "now"},
    "templating": {"list": [
        {"name": "tenant", "type": "custom", "query": "acme,globex", "current": {"value": "acme", "text": "acme"},
         "options": []},
    ]},
    "panels": PANELS,
}  # fmt: skip
