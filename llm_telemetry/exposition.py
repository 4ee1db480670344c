"""The response body of an application's `/metrics`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from llm_telemetry.metrics import multiprocess_mode
from llm_telemetry.telemetry import current_telemetry


def exposition(accept: str = "") -> tuple[bytes, str]:
    """Return body and content type for a scrape with the header `Accept: {accept}`.

    The format is OpenMetrics if `accept` asks for it, else Prometheus text. Only OpenMetrics carries exemplars.
    """
    registry = current_telemetry().registry
    if multiprocess_mode():
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
