"""What the console says of itself to Prometheus: what it asks the servers, open pages, its process."""

from __future__ import annotations

from typing import Final

from nicegui import Client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from stores import connection

_SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 20.0)


class ConsoleMetrics:
    """The metrics of one console, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._questions = Counter(
            "console_questions", "Questions to a server, by how they ended.", ["server", "outcome"],
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "console_question_seconds", "Until a server's answer was there.", ["server"], buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        Gauge("console_open_pages", "Pages that are open in a browser.", registry=self._registry).set_function(
            lambda: sum(client.has_socket_connection for client in list(Client.instances.values()))
        )

    def asked(self, server: str, outcome: str, seconds: float) -> None:
        """Count a question. Called in the thread that asked."""
        self._questions.labels(server, outcome).inc()
        self._seconds.labels(server).observe(seconds)

    async def exposition(self, _: Request) -> Response:
        """In Prometheus' text format."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


def measured() -> ConsoleMetrics:
    """Metrics that count every question from now on."""
    metrics = ConsoleMetrics()
    connection.observe(metrics.asked)
    return metrics
