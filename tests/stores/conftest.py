"""Four real servers with known data for the whole run, and a canned server for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import store_sent as sent
from canned_server import CannedServer, canned_server
from store_servers import Running, running_servers

from stack.stores import Stores
from stores import LogFilter, TraceFilter, poll_until


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_servers(tmp_path_factory.mktemp("stores")) as servers:
        yield servers


@pytest.fixture(scope="session")
def stores(running: Running) -> Stores:
    """The stores of the real servers, with the telemetry of store_sent."""
    sent.send(running.url("JAEGER_OTLP_PORT") + "/v1/traces", sent.traces())
    sent.send(running.logs_url, sent.log_request(sent.RECORDS, sent.RESOURCE))
    for at_s, total in ((0, 3), (15, 5), (30, 11)):
        sent.send(
            running.url("PROMETHEUS_PORT") + "/api/v1/otlp/v1/metrics",
            sent.metrics(sent.T0_NS + at_s * 10**9, total),
        )
    stores = running.stores
    poll_until(lambda: stores.traces.search(TraceFilter("evaluation")))
    poll_until(lambda: stores.logs.query(LogFilter("demo-app")), lambda lines: len(lines) == len(sent.RECORDS))
    return stores


@pytest.fixture
def canned() -> Iterator[CannedServer]:
    with canned_server() as server:
        yield server
