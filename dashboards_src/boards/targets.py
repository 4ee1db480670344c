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
    instant: bool = False
    table: bool = False

    def target(self, ref: str) -> Json:
        return {
            "datasource": PROMETHEUS,
            "editorMode": "code",
            "exemplar": self.exemplars,
            "expr": queries.render(self.expr),
            "format": "table" if self.table else "time_series",
            "instant": self.instant,
            "legendFormat": self.legend or "__auto",
            "range": not self.instant,
            "refId": ref,
        }


# The key `lite` of the targets below is for the console; Grafana ignores it.


def log_lines(search: LogSearch) -> Json:
    return {
        "datasource": LOKI,
        "direction": "backward",
        "editorMode": "code",
        "expr": search.logql(),
        "lite": search.lite(),
        "maxLines": LINES_SHOWN,
        "queryType": "range",
        "refId": "A",
    }


def found_traces(search: TraceSearch) -> Json:
    return {
        "datasource": TEMPO,
        "filters": [],
        "limit": TRACES_SHOWN,
        "lite": search.lite(),
        "query": search.traceql(),
        "queryType": "traceql",
        "refId": "A",
        "tableType": "traces",
    }
