"""What a log or trace panel selects, stated once and rendered for both profiles' stores.

A selection is a filter of `stores`, which renders it (LogQL and LogsQL, TraceQL and Jaeger's parameters);
here only the dashboard's variables are added. A value `$name` in a filter means: any of the values that
are chosen for that variable. Grafana fills it in for Loki and Tempo. Lite's console reads the target's key
`lite` and does the same: for LogsQL the values escaped for a regular expression inside quotes and joined by
`|` (`.*` for All); for Jaeger, which knows equality only, one search per chosen value, and no tag for All.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from llm_telemetry import names
from stores.log_filter import LogFilter, loki_name
from stores.trace_filter import TraceFilter

# `= "$model"`, as each language writes it.
_LOGQL_STREAM: Final = re.compile(r'^\{(\w+)="(\$\w+)"\}')
_LOGQL: Final = re.compile(r' = "(\$\w+)"')
_LOGSQL: Final = re.compile(r':="(\$\w+)"')
_TRACEQL: Final = re.compile(r' = "\$(\w+)"')

TRACES_SHOWN: Final = 20
LINES_SHOWN: Final = 200


@dataclass(frozen=True)
class LogSelection:
    """Log lines, and which of their fields a person reads, in this order."""

    which: LogFilter
    show: Sequence[str]

    def logql(self) -> str:
        """For Loki, which takes the period beside it."""
        text = _LOGQL.sub(r' =~ "\1"', self.which.logql())
        # Loki refuses a selector that could match no label at all, which `.*` does.
        text = _LOGQL_STREAM.sub(r'{\1=~".+", \1=~"\2"}', text)
        shown = " ".join(f"{name}={{{{.{loki_name(name)}}}}}" for name in self.show)
        return f"{text} | line_format {json.dumps(shown)}"

    def lite(self) -> dict[str, Any]:
        """For VictoriaLogs; the console puts the period in front."""
        _, _, conditions = self.which.logsql().partition(") ")  # after `_time:[…, …)`
        return {"logsql": _LOGSQL.sub(r':~"^(?:\1)$"', conditions), "fields": list(self.show)}


@dataclass(frozen=True)
class TraceSelection:
    """Traces with a span for which the filter holds."""

    which: TraceFilter

    def traceql(self) -> str:
        """For Tempo, which takes the period beside it."""
        return _TRACEQL.sub(r' =~ "${\1:pipe}"', self.which.traceql())

    def lite(self) -> dict[str, Any]:
        """For Jaeger; the console adds the period."""
        parameters: dict[str, Any] = dict(self.which.jaeger_parameters())
        del parameters["start"], parameters["end"]
        if "tags" in parameters:
            parameters["tags"] = json.loads(parameters["tags"])
        return {"jaeger": parameters}


# --- The selections of the dashboards ----------------------------------------------------------------------

_SERVICE: Final = "$service"
_CALL_FIELDS: Final = {"endpoint": "$endpoint", "model": "$model", "tenant_id": "$tenant"}
_CALL_SPAN: Final = {names.LLM_ENDPOINT: "$endpoint", names.LLM_MODEL: "$model", names.LLM_TENANT_ID: "$tenant"}

FAILED_CALLS: Final = LogSelection(
    LogFilter(_SERVICE, {"event": names.EVENT_CALL, "status": names.STATUS_ERROR, **_CALL_FIELDS}),
    ("error_type", "endpoint", "model", "tenant_id", "attempts", "latency_ms", "fallback_from", "prompt_version"),
)
EVALUATIONS: Final = LogSelection(
    LogFilter(_SERVICE, {"event": names.EVENT_EVALUATION, "endpoint": "$endpoint", "model": "$model"}),
    ("faithfulness_score", "answer_relevance_score", "endpoint", "model", "prompt_version"),
)


def _generations(error_only: bool = False, min_duration_ms: float = 0) -> TraceSelection:
    return TraceSelection(TraceFilter(_SERVICE, names.SPAN_GENERATE, _CALL_SPAN, error_only, min_duration_ms))


FAILED_GENERATIONS: Final = _generations(error_only=True)


def slow_generations(longer_than_ms: float) -> TraceSelection:
    """Generations that took longer."""
    return _generations(min_duration_ms=longer_than_ms)
