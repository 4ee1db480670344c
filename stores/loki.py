"""Loki, full's log store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from stores.connection import ANSWER_WITHIN_S, Connection
from stores.log_filter import LogFilter, loki_name
from stores.logs import Histogram, LogLine, check_limit, histogram_of, log_line, most_frequent
from stores.times import from_nanoseconds, milliseconds, nanoseconds

T = TypeVar("T")


class Loki:
    """Asks Loki, in LogQL. A count takes a line that lies on the very edge of two steps to the earlier one."""

    server = "loki"

    def __init__(self, url: str, timeout_s: float = ANSWER_WITHIN_S) -> None:
        self._connection = Connection(self.server, url, timeout_s)
        self.url = self._connection.url

    def query(self, which: LogFilter, limit: int = 100, *, newest_first: bool = True) -> list[LogLine]:
        """See LogStore."""
        check_limit(limit)
        return self._lines(which.logql(), *which.span(), limit, newest_first)

    def native(self, query: str, start: float, end: float, limit: int = 100) -> list[LogLine]:
        """See LogStore: a selector of LogQL and its stages."""
        check_limit(limit)
        return self._lines(query, start, end, limit, newest_first=True)

    def histogram(self, which: LogFilter, step_s: float, by: str = "") -> Histogram:
        """See LogStore."""
        which = which.in_steps(step_s)
        start, end = which.span()
        label = loki_name(by)
        grouping = f" by ({label})" if by else ""
        series = self._ask(
            "query_range",
            lambda data: data["result"],
            {
                # At each step's end Loki counts back over one step.
                "query": f"sum{grouping} (count_over_time({which.logql()} [{milliseconds(step_s)}ms]))",
                "start": nanoseconds(start + step_s),
                "end": nanoseconds(end),
                "step": f"{milliseconds(step_s)}ms",
            },
        )
        rows = (
            (one["metric"].get(label, ""), ((float(at) - step_s, round(float(count))) for at, count in one["values"]))
            for one in series
        )
        return histogram_of(which, step_s, rows)

    def field_values(self, field: str, which: LogFilter, limit: int = 100) -> dict[str, int]:
        """See LogStore."""
        start, end = which.span()
        label = loki_name(field)
        vector = self._ask(
            "query",
            lambda data: data["result"],
            {
                "query": f"sum by ({label}) (count_over_time({which.logql()} [{milliseconds(end - start)}ms]))",
                "time": nanoseconds(end),
            },
        )
        return most_frequent({one["metric"].get(label, ""): round(float(one["value"][1])) for one in vector}, limit)

    def check_ready(self) -> None:
        """See LogStore."""
        self._connection.check("/ready")

    def ready(self) -> bool:
        """See LogStore."""
        return self._connection.is_ready("/ready")

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
    """Of every stream: each combination of attributes is one, with the attributes as its labels."""
    if data["resultType"] != "streams":
        raise ValueError(f"the query gives a {data['resultType']}")
    return [
        log_line(from_nanoseconds(entry[0]), entry[1], stream["stream"])
        for stream in data["result"]
        for entry in stream["values"]
    ]
