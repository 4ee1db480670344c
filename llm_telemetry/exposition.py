"""What `/metrics` answers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from llm_telemetry.metrics import multiprocess_mode
from llm_telemetry.state import telemetry


def exposition(accept: str = "") -> tuple[bytes, str]:
    """The body and content type for a scrape whose `Accept` header is `accept`.

    OpenMetrics where it is asked for: only that carries exemplars.
    """
    registry = telemetry().registry
    if multiprocess_mode():
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
