"""Writes events: one JSON line on stdout and one OpenTelemetry log record with the same fields."""

import json
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from opentelemetry._logs import Logger, SeverityNumber, get_logger
from opentelemetry.context import Context
from opentelemetry.trace import Span, set_span_in_context

from llm_telemetry import names

_SEVERITIES = {"info": SeverityNumber.INFO, "warning": SeverityNumber.WARN, "error": SeverityNumber.ERROR}
# A log record has fields of its own for these; as attributes a log store would hold them twice.
_LOG_RECORD_FIELDS = frozenset({"timestamp", "trace_id", "span_id"})
_LOG_RECORD_FIELDS_WITHOUT_SPAN = frozenset({"timestamp"})
_EMPTY_CONTEXT = Context()
_ALL_FIELDS_NONE: Mapping[str, Any] = dict.fromkeys(names.LOG_FIELDS)

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class EventLog:
    """Writes events as JSON lines to a stream, and as OpenTelemetry log records. Thread-safe."""

    def __init__(self, service: str, stream: TextIO | None = None) -> None:
        """Write JSON lines to `stream`. Without one, write to the current `sys.stdout` at each event."""
        self._service = service
        self._stream = stream
        self._lock = threading.Lock()
        self._logger: Logger = get_logger("llm_telemetry")

    def emit(self, event: str, span: Span, fields: Mapping[str, Any], level: str = "info") -> None:
        """Write one event with the trace id and span id of `span`. A missing field is null in the JSON line.

        Raises OSError if the stream cannot be written (disk full, pipe closed). The log record is emitted anyway.
        """
        now = time.time_ns()
        context = span.get_span_context()
        record: dict[str, Any] = {
            **_ALL_FIELDS_NONE,
            **fields,
            "timestamp": rfc3339(now),
            "level": level,
            "event": event,
            "service": self._service,
        }
        if context.is_valid:
            record["trace_id"] = f"{context.trace_id:032x}"
            record["span_id"] = f"{context.span_id:016x}"
        self._export(event, now, set_span_in_context(span, _EMPTY_CONTEXT), record, level)
        line = _to_json(record) + "\n"
        stream = self._stream or sys.stdout
        with self._lock:
            stream.write(line)
            stream.flush()

    def _export(self, event: str, now: int, context: Context, record: Mapping[str, Any], level: str) -> None:
        left_out = _LOG_RECORD_FIELDS if record["span_id"] else _LOG_RECORD_FIELDS_WITHOUT_SPAN
        self._logger.emit(
            timestamp=now,
            context=context,
            severity_number=_SEVERITIES[level],
            severity_text=level,
            body=event,
            attributes={name: value for name, value in record.items() if value is not None and name not in left_out},
        )


def rfc3339(unix_ns: int) -> str:
    """Format Unix nanoseconds as UTC in milliseconds, such as `2026-11-24T14:23:05.123Z`."""
    seconds, rest = divmod(unix_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest // 1_000_000:03d}Z"


def round_ms(milliseconds: float | None) -> float | None:
    """Round to 0.001 ms; finer digits are noise."""
    return None if milliseconds is None else round(milliseconds, 3)
