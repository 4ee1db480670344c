"""What a panel asks its data source: grafanalib's Target knows no exemplars, no Loki and no Tempo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dashboards_src.boards import scope
from dashboards_src.boards.selections import LINES_SHOWN, TRACES_SHOWN, LogSelection, TraceSelection

Json = dict[str, Any]

# The data sources' uids of grafana/provisioning.
PROMETHEUS: Final = {"type": "prometheus", "uid": "prometheus"}
LOKI: Final = {"type": "loki", "uid": "loki"}
TEMPO: Final = {"type": "tempo", "uid": "tempo"}


@dataclass(frozen=True)
class Prom:
    """A query of Prometheus. `expr` is a template of scope.query."""

    expr: str
    legend: str = ""
    exemplars: bool = False
    ref: str = "A"
    instant: bool = False
    table: bool = False

    def to_json_data(self) -> Json:
        """As Grafana's data source reads it."""
        return {
            "datasource": PROMETHEUS,
            "editorMode": "code",
            "exemplar": self.exemplars,
            "expr": scope.query(self.expr),
            "format": "table" if self.table else "time_series",
            "instant": self.instant,
            "legendFormat": self.legend or "__auto",
            "range": not self.instant,
            "refId": self.ref,
        }


@dataclass(frozen=True)
class LokiLines:
    """Log lines; `lite` is for the console, Grafana does not look at it."""

    which: LogSelection
    ref: str = "A"

    def to_json_data(self) -> Json:
        """As Grafana's data source reads it."""
        return {
            "datasource": LOKI,
            "direction": "backward",
            "editorMode": "code",
            "expr": self.which.logql(),
            "lite": self.which.lite(),
            "maxLines": LINES_SHOWN,
            "queryType": "range",
            "refId": self.ref,
        }


@dataclass(frozen=True)
class TempoTraces:
    """A search for traces; `lite` is for the console, Grafana does not look at it."""

    which: TraceSelection
    ref: str = "A"

    def to_json_data(self) -> Json:
        """As Grafana's data source reads it."""
        return {
            "datasource": TEMPO,
            "filters": [],
            "limit": TRACES_SHOWN,
            "lite": self.which.lite(),
            "query": self.which.traceql(),
            "queryType": "traceql",
            "refId": self.ref,
            "tableType": "traces",
        }
