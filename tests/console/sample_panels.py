"""A dashboard with panel types and options as Grafana exports them, for the live stack."""

from __future__ import annotations

import itertools
from typing import Any, Final

PROMETHEUS: Final = {"type": "prometheus", "uid": "prometheus"}
LOKI: Final = {"type": "loki", "uid": "loki"}
TEMPO: Final = {"type": "tempo", "uid": "tempo"}
BY_ENDPOINT: Final = 'sum by (endpoint) (llm_requests_total{service="demo-app"})'
STEPS: Final = [
    {"color": "green", "value": None},
    {"color": "yellow", "value": 1},
    {"color": "red", "value": 1e6},
]

_ids = itertools.count(1)


def query(expr: str, legend: str = "{{endpoint}}", ref: str = "A", *, table: bool = False, instant: bool = True) -> Any:
    """A Prometheus query."""
    return {
        "refId": ref, "datasource": PROMETHEUS, "editorMode": "code", "expr": expr, "legendFormat": legend,
        "instant": instant, "range": not instant, "format": "table" if table else "time_series",
    }  # fmt: skip


def panel(
    kind: str, title: str, *targets: Any, options: Any = None, defaults: Any = None, overrides: Any = (), **json: Any
) -> Any:
    """A panel of 8 by 7; three panels per line."""
    number = next(_ids)
    return {
        "id": number, "type": kind, "title": title, "pluginVersion": "11.3.0",
        "gridPos": {"x": (number - 1) % 3 * 8, "y": (number - 1) // 3 * 7, "w": 8, "h": 7},
        "datasource": PROMETHEUS, "targets": list(targets), "options": options or {},
        "fieldConfig": {"defaults": defaults or {}, "overrides": list(overrides)}, **json,
    }  # fmt: skip


def reduce_options(calculation: str = "lastNotNull") -> Any:
    return {"calcs": [calculation], "fields": "", "values": False}


def by(kind: str, wanted: Any, **properties: Any) -> Any:
    """An override; `custom__x` becomes `custom.x`."""
    named = [{"id": name.replace("__", "."), "value": value} for name, value in properties.items()]
    return {"matcher": {"id": kind, "options": wanted}, "properties": named}


STAT: Final = {
    "colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "auto",
    "wideLayout": True, "showPercentChange": False, "percentChangeColorMode": "standard",
    "reduceOptions": reduce_options(),
}  # fmt: skip
BARS: Final = {
    "orientation": "auto", "showValue": "auto", "stacking": "none", "groupWidth": 0.7, "barWidth": 0.97,
    "barRadius": 0, "fullHighlight": False, "xTickLabelRotation": 0, "xTickLabelSpacing": 0, "xField": "endpoint",
    "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
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
LINES: Final = {
    "refId": "A", "datasource": LOKI, "expr": '{service_name="demo-app"}', "maxLines": 30,
    "lite": {"logsql": 'service.name:="demo-app"', "fields": ["endpoint", "model"]},
}  # fmt: skip
SEARCH: Final = {
    "refId": "A", "datasource": TEMPO, "queryType": "traceql", "query": "{}", "limit": 10, "tableType": "traces",
    "lite": {"jaeger": {"service": "demo-app"}},
}  # fmt: skip
AROUND_ZERO: Final = f"{BY_ENDPOINT} - scalar(avg({BY_ENDPOINT})) - 0.5"  # at least one value is negative
UP_OR_DOWN: Final = [{"type": "value", "options": {
    "0": {"text": "down", "color": "red", "index": 0}, "1": {"text": "up", "color": "green", "index": 1},
}}]  # fmt: skip

PANELS: Final = [
    panel("stat", "Sparkline", query(BY_ENDPOINT, instant=False), options={**STAT, "graphMode": "area"},
          defaults={"unit": "short", "thresholds": {"mode": "absolute", "steps": STEPS}}),
    panel("stat", "Stat without value", query("unknown_metric"), options=STAT,
          defaults={"noValue": "none yet"}),
    panel("bargauge", "Bar gauge without value", query("unknown_metric"), defaults={"noValue": "nothing yet"},
          options={"displayMode": "basic", "orientation": "horizontal", "reduceOptions": reduce_options()}),
    panel("bargauge", "Override by name", query(BY_ENDPOINT), defaults={"unit": "short"},
          options={"displayMode": "basic", "orientation": "horizontal", "reduceOptions": reduce_options()},
          overrides=[by("byName", "/api/support/answer", unit="reqpm")]),
    panel("bargauge", "Unknown calculation", query(BY_ENDPOINT),
          options={"reduceOptions": reduce_options("variance_of_moods")}),
    panel("table", "Newest traces", SEARCH, datasource=TEMPO),
    panel("logs", "Newest lines", LINES, datasource=LOKI, options=LOGS),
    panel("annolist", "Annotations", options={"limit": 10, "tags": []}),
    panel("state-timeline", "Up", query('up{job!=""}', "{{job}}", instant=False), options=TIMELINE,
          defaults={"mappings": UP_OR_DOWN}),
    panel("barchart", "By endpoint", query(BY_ENDPOINT, table=True), options=BARS, defaults={"unit": "short"}),
    panel("barchart", "Below zero", query(AROUND_ZERO, table=True), options=BARS),
]  # fmt: skip

BOARD: Final[dict[str, Any]] = {
    "uid": "types",
    "title": "Types of panels",
    "schemaVersion": 42,
    "time": {"from": "now-30m", "to": "now"},
    "panels": PANELS,
}
