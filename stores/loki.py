"""Loki, full's log store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from stores.connection import StoreClient
from stores.log_filter import LogFilter, loki_name
from stores.logs import Histogram, LogLine, check_limit, histogram_of, log_line, most_frequent
from stores.timestamps import from_nanoseconds, milliseconds, nanoseconds

T = TypeVar("T")


class Loki(StoreClient):
    """Asks Loki, in LogQL. Loki counts a line between two steps in the earlier step."""

    server = "loki"
    ready_path = "/ready"

    def query(self, which: LogFilter, limit: int = 100, *, newest_first: bool = True) -> list[LogLine]:
        check_limit(limit)
        return self._lines(which.logql(), *which.period(), limit, newest_first)

    def native(self, query: str, start: float, end: float, limit: int = 100) -> list[LogLine]:
        """`query` is LogQL: a selector and its stages."""
        check_limit(limit)
        return self._lines(query, start, end, limit, newest_first=True)

    def histogram(self, which: LogFilter, step_s: float, by: str = "") -> Histogram:
        which = which.in_steps(step_s)
        start, end = which.period()
        label = loki_name(by)
        grouping = f" by ({label})" if by else ""
        series = self._ask(
            "query_range",
            lambda data: data["result"],
            {
                # Loki counts over the step that ends at each point.
                "query": f"sum{grouping} (count_over_time({which.logql()} [{milliseconds(step_s)}ms]))",
                "start": nanoseconds(start + step_s),
                "end": nanoseconds(end),
                "step": f"{milliseconds(step_s)}ms",
            },
        )
        rows = (
            (row["metric"].get(label, ""), ((float(at) - step_s, round(float(count))) for at, count in row["values"]))
            for row in series
        )
        return histogram_of(which, step_s, rows)

    def field_values(self, field: str, which: LogFilter, limit: int = 100) -> dict[str, int]:
        start, end = which.period()
        label = loki_name(field)
        vector = self._ask(
            "query",
            lambda data: data["result"],
            {
                "query": f"sum by ({label}) (count_over_time({which.logql()} [{milliseconds(end - start)}ms]))",
                "time": nanoseconds(end),
            },
        )
        return most_frequent({row["metric"].get(label, ""): round(float(row["value"][1])) for row in vector}, limit)

    def _lines(self, query: str, start: float, end: float, limit: int, newest_first: bool) -> list[LogLine]:
        lines = self._ask(
            "query_range",
            _lines,
            {
                "query": query,
                "start": nanoseconds(start),
                "end": nanoseconds(end),
                "limit": limit,
                "direction": "backward" if newest_first else "forward",
            },
        )
        return sorted(lines, key=lambda line: line.time, reverse=newest_first)

    def _ask(self, what: str, parse: Callable[[Any], T], parameters: dict[str, Any]) -> T:
        return self._connection.post_form(f"/loki/api/v1/{what}", lambda body: parse(body["data"]), parameters)


def _lines(data: Any) -> list[LogLine]:
    """The lines of all streams. A stream has one combination of attributes, as its labels."""
    if data["resultType"] != "streams":
        raise ValueError(f"the query returns a {data['resultType']} instead of log lines")
    return [
        log_line(from_nanoseconds(entry[0]), entry[1], stream["stream"])
        for stream in data["result"]
        for entry in stream["values"]
    ]
