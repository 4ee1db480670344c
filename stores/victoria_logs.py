"""VictoriaLogs, lite's log store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from stores.connection import StoreClient
from stores.log_filter import LogFilter
from stores.logs import Histogram, LogLine, check_limit, histogram_of, log_line, most_frequent
from stores.timestamps import from_rfc3339, milliseconds, rfc3339

T = TypeVar("T")

_NO_BODY = "missing _msg field"  # start of the text that VictoriaLogs stores for a record without a body


class VictoriaLogs(StoreClient):
    """Asks VictoriaLogs, in LogsQL. VictoriaLogs takes about a second before a query finds a new line."""

    server = "victoria-logs"
    ready_path = "/health"

    def query(self, which: LogFilter, limit: int = 100, *, newest_first: bool = True) -> list[LogLine]:
        check_limit(limit)
        return self._lines(which.logsql(), limit, newest_first)

    def native(self, query: str, start: float, end: float, limit: int = 100) -> list[LogLine]:
        """`query` is LogsQL: a filter without a period and without pipes."""
        check_limit(limit)
        return self._lines(f"_time:[{rfc3339(start)}, {rfc3339(end)}) {query}", limit, newest_first=True)

    def histogram(self, which: LogFilter, step_s: float, by: str = "") -> Histogram:
        which = which.in_steps(step_s)
        hits = self._ask(
            "hits",
            lambda body: body["hits"],
            {"query": which.logsql(), "step": f"{milliseconds(step_s)}ms", "field": by or None},
        )
        rows = (
            (row["fields"].get(by, ""), zip(map(from_rfc3339, row["timestamps"]), row["values"], strict=True))
            for row in hits
        )
        return histogram_of(which, step_s, rows)

    def field_values(self, field: str, which: LogFilter, limit: int = 100) -> dict[str, int]:
        values = self._ask("field_values", lambda body: body["values"], {"query": which.logsql(), "field": field})
        return most_frequent({item["value"]: int(item["hits"]) for item in values}, limit)

    def _lines(self, filtered: str, limit: int, newest_first: bool) -> list[LogLine]:
        order = "_time desc" if newest_first else "_time"
        query = f"{filtered} | sort by ({order}) limit {limit}"
        return self._connection.lines("/select/logsql/query", _line, {"query": query})

    def _ask(self, what: str, parse: Callable[[Any], T], parameters: dict[str, Any]) -> T:
        return self._connection.post_form(f"/select/logsql/{what}", parse, parameters)


def _line(raw: dict[str, str]) -> LogLine:
    body = raw.get("_msg", "")
    return log_line(from_rfc3339(raw["_time"]), "" if body.startswith(_NO_BODY) else body, raw)
