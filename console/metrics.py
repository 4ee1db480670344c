"""The console's own metrics: queries to the servers, open pages, and its process."""

from __future__ import annotations

from typing import Final

from nicegui import Client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from stores import connection

_BUCKETS_S: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 20.0)


class ConsoleMetrics:
    """Counts every query of this process from now on."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._queries = Counter(
            "console_questions", "Queries to a server, by outcome.", ["server", "outcome"],
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "console_question_seconds", "Time until a server answered a query.", ["server"], buckets=_BUCKETS_S,
            registry=self._registry,
        )  # fmt: skip
        Gauge("console_open_pages", "Pages that are open in a browser.", registry=self._registry).set_function(
            lambda: sum(client.has_socket_connection for client in list(Client.instances.values()))
        )
        connection.observe(self._count_query)

    def _count_query(self, server: str, outcome: str, seconds: float) -> None:
        """Called from the worker threads that query the servers."""
        self._queries.labels(server, outcome).inc()
        self._seconds.labels(server).observe(seconds)

    async def exposition(self, _: Request) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
