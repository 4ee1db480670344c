"""The JSON line per generation on stdout, and the same event by OTLP."""

from __future__ import annotations

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
# The OTLP record has fields of its own for these; as attributes a log store would hold them twice.
_RECORD_FIELDS = frozenset({"timestamp", "trace_id", "span_id"})
_NO_CONTEXT = Context()
_NO_FIELDS: Mapping[str, Any] = dict.fromkeys(names.LOG_FIELDS)
_NO_SPAN_FIELDS = frozenset({"timestamp"})

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class EventLog:
    """Writes events to a stream as JSON lines and to OpenTelemetry's logs. Thread-safe."""

    def __init__(self, service: str, stream: TextIO | None = None) -> None:
        """Write to `stream`, else to whatever `sys.stdout` is at the time of each event."""
        self._service = service
        self._stream = stream
        self._lock = threading.Lock()
        self._logger: Logger = get_logger("llm_telemetry")

    def emit(self, event: str, span: Span, fields: Mapping[str, Any], level: str = "info") -> None:
        """Write one event that belongs to `span`. `fields` are values of names.LOG_FIELDS.

        Raises:
            OSError: the stream cannot be written (a full disk, a closed pipe). OTLP went out before.
        """
        now = time.time_ns()
        context = span.get_span_context()
        record: dict[str, Any] = {
            **_NO_FIELDS,
            **fields,
            "timestamp": rfc3339(now),
            "level": level,
            "event": event,
            "service": self._service,
        }
        if context.is_valid:
            record["trace_id"] = f"{context.trace_id:032x}"
            record["span_id"] = f"{context.span_id:016x}"
        self._export(event, now, set_span_in_context(span, _NO_CONTEXT), record, level)
        line = _dumps(record) + "\n"
        stream = self._stream or sys.stdout
        with self._lock:
            stream.write(line)
            stream.flush()

    def _export(self, event: str, now: int, context: Context, record: Mapping[str, Any], level: str) -> None:
        own = _RECORD_FIELDS if record["span_id"] else _NO_SPAN_FIELDS
        self._logger.emit(
            timestamp=now,
            context=context,
            severity_number=_SEVERITIES[level],
            severity_text=level,
            body=event,
            attributes={name: value for name, value in record.items() if value is not None and name not in own},
        )


def rfc3339(unix_ns: int) -> str:
    """`2026-11-24T14:23:05.123Z` for a time in Unix nanoseconds."""
    seconds, rest = divmod(unix_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest // 1_000_000:03d}Z"
