"""Targets of panels: queries of Prometheus, Loki and Tempo. grafanalib has no exemplars, no Loki and no Tempo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dashboards_src.boards import queries
from dashboards_src.boards.searches import LINES_SHOWN, TRACES_SHOWN, LogSearch, TraceSearch

Json = dict[str, Any]

# The uids of the data sources in grafana/provisioning.
PROMETHEUS: Final = {"type": "prometheus", "uid": "prometheus"}
LOKI: Final = {"type": "loki", "uid": "loki"}
TEMPO: Final = {"type": "tempo", "uid": "tempo"}


@dataclass(frozen=True)
class PrometheusQuery:
    """A query of Prometheus. `expr` is a template (see queries.render)."""

    expr: str
    legend: str = ""
    exemplars: bool = False
    ref: str = "A"
    instant: bool = False
    table: bool = False

    def to_json_data(self) -> Json:
        return {
            "datasource": PROMETHEUS,
            "editorMode": "code",
            "exemplar": self.exemplars,
            "expr": queries.render(self.expr),
            "format": "table" if self.table else "time_series",
            "instant": self.instant,
            "legendFormat": self.legend or "__auto",
            "range": not self.instant,
            "refId": self.ref,
        }


@dataclass(frozen=True)
class LokiQuery:
    """Log lines. The key `lite` is for the console; Grafana ignores it."""

    search: LogSearch
    ref: str = "A"

    def to_json_data(self) -> Json:
        return {
            "datasource": LOKI,
            "direction": "backward",
            "editorMode": "code",
            "expr": self.search.logql(),
            "lite": self.search.lite(),
            "maxLines": LINES_SHOWN,
            "queryType": "range",
            "refId": self.ref,
        }


@dataclass(frozen=True)
class TempoQuery:
    """Traces. The key `lite` is for the console; Grafana ignores it."""

    search: TraceSearch
    ref: str = "A"

    def to_json_data(self) -> Json:
        return {
            "datasource": TEMPO,
            "filters": [],
            "limit": TRACES_SHOWN,
            "lite": self.search.lite(),
            "query": self.search.traceql(),
            "queryType": "traceql",
            "refId": self.ref,
            "tableType": "traces",
        }
