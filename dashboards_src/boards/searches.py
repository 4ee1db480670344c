"""Searches of log and trace panels, rendered for the stores of both profiles.

A search is a filter of the package `stores`, which renders LogQL and LogsQL, TraceQL and Jaeger's parameters.
This module adds the dashboard's variables: a value `$name` in a filter stands for the values chosen for that variable.
In full, Grafana fills in the values for Loki and Tempo. In lite, the console reads the target's key `lite` and fills
in the values itself. For LogsQL it escapes them for a regular expression and joins them by `|` (`.*` for All). Jaeger
knows equality only, so the console sends one search per chosen value, and no tag for All.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboards_src.boards.queries import Json
from llm_telemetry import names
from stores.log_filter import LogFilter, loki_name
from stores.trace_filter import TraceFilter

# `= "$model"`, as each language writes it.
_LOGQL_STREAM: Final = re.compile(r'^\{(\w+)="(\$\w+)"\}')
_LOGQL: Final = re.compile(r' = "(\$\w+)"')
_LOGSQL: Final = re.compile(r':="(\$\w+)"')
_TRACEQL: Final = re.compile(r' = "\$(\w+)"')


@dataclass(frozen=True)
class LogSearch:
    """Log lines, and the fields that a panel shows, in this order."""

    filter: LogFilter
    fields: Sequence[str]

    def logql(self) -> str:
        """For Loki; the period is a parameter of the request."""
        text = _LOGQL.sub(r' =~ "\1"', self.filter.logql())
        # Loki refuses a selector that matches the empty string, and `.*` does.
        text = _LOGQL_STREAM.sub(r'{\1=~".+", \1=~"\2"}', text)
        shown = " ".join(f"{name}={{{{.{loki_name(name)}}}}}" for name in self.fields)
        return f"{text} | line_format {json.dumps(shown)}"

    def lite(self) -> Json:
        """For VictoriaLogs; the console adds the period."""
        _, _, conditions = self.filter.logsql().partition(") ")  # after `_time:[…, …)`
        return {"logsql": _LOGSQL.sub(r':~"^(?:\1)$"', conditions), "fields": list(self.fields)}

    def target(self) -> Json:
        return {
            "datasource": {"type": "loki", "uid": "loki"},
            "direction": "backward",
            "editorMode": "code",
            "expr": self.logql(),
            "lite": self.lite(),
            "maxLines": 200,
            "queryType": "range",
            "refId": "A",
        }


@dataclass(frozen=True)
class TraceSearch:
    filter: TraceFilter

    def traceql(self) -> str:
        """For Tempo; the period is a parameter of the request."""
        return _TRACEQL.sub(r' =~ "${\1:pipe}"', self.filter.traceql())

    def lite(self) -> Json:
        """For Jaeger; the console adds the period."""
        parameters: Json = dict(self.filter.jaeger_parameters())
        del parameters["start"], parameters["end"]
        if "tags" in parameters:
            parameters["tags"] = json.loads(parameters["tags"])
        return {"jaeger": parameters}

    def target(self) -> Json:
        return {
            "datasource": {"type": "tempo", "uid": "tempo"},
            "filters": [],
            "limit": 20,
            "lite": self.lite(),
            "query": self.traceql(),
            "queryType": "traceql",
            "refId": "A",
            "tableType": "traces",
        }


# --- The searches of the dashboards ----------------------------------------------------------------------

_SERVICE: Final = "$service"
_CALL_FIELDS: Final = {"endpoint": "$endpoint", "model": "$model", "tenant_id": "$tenant"}
_CALL_SPAN: Final = {names.LLM_ENDPOINT: "$endpoint", names.LLM_MODEL: "$model", names.LLM_TENANT_ID: "$tenant"}

FAILED_CALLS: Final = LogSearch(
    LogFilter(_SERVICE, {"event": names.EVENT_CALL, "status": names.STATUS_ERROR, **_CALL_FIELDS}),
    ("error_type", "endpoint", "model", "tenant_id", "attempts", "latency_ms", "fallback_from", "prompt_version"),
)
EVALUATIONS: Final = LogSearch(
    LogFilter(_SERVICE, {"event": names.EVENT_EVALUATION, "endpoint": "$endpoint", "model": "$model"}),
    ("faithfulness_score", "answer_relevance_score", "endpoint", "model", "prompt_version"),
)


def _generations(error_only: bool = False, min_duration_ms: float = 0) -> TraceSearch:
    return TraceSearch(TraceFilter(_SERVICE, names.SPAN_GENERATE, _CALL_SPAN, error_only, min_duration_ms))


FAILED_GENERATIONS: Final = _generations(error_only=True)


def slow_generations(longer_than_ms: float) -> TraceSearch:
    return _generations(min_duration_ms=longer_than_ms)
