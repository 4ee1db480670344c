"""Fixtures: one provider without latency for the session; for each test, no faults and an empty ledger."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from openai import OpenAI
from sim_live import Live

from sim_provider.app import create_app
from sim_provider.clock import SYSTEM_CLOCK, Clock
from sim_provider.provider import Settings
from sim_provider.server import serve_in_thread

Start = Callable[..., Live]


@pytest.fixture(scope="session")
def _http() -> Iterator[httpx.Client]:
    with httpx.Client() as http:
        yield http


@pytest.fixture(scope="session")
def _shared(_http: httpx.Client) -> Iterator[Live]:
    app = create_app(Settings(latency_scale=0))
    with serve_in_thread(app) as url:
        yield Live(app, url, _http)


@pytest.fixture
def live(_shared: Live) -> Iterator[Live]:
    yield _shared
    _shared.admin("DELETE", "/faults")
    _shared.entries()
    _shared.admin("DELETE", "/ledger")


@pytest.fixture(scope="session")
def _client(_shared: Live) -> Iterator[OpenAI]:
    with _shared.client() as client:
        yield client


@pytest.fixture
def client(_client: OpenAI, live: Live) -> OpenAI:
    """The official client, connected to the session's provider."""
    return _client


@pytest.fixture
def start(_http: httpx.Client) -> Iterator[Start]:
    """Function that starts a provider with other settings, until the end of the test."""
    with ExitStack() as running:

        def start_one(clock: Clock = SYSTEM_CLOCK, **settings: object) -> Live:
            app = create_app(Settings(**({"latency_scale": 0} | settings)), clock=clock)
            return Live(app, running.enter_context(serve_in_thread(app)), _http)

        yield start_one


@pytest.fixture
async def in_process() -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that calls the app without a server."""
    transport = httpx.ASGITransport(app=create_app(Settings(latency_scale=0)))
    async with httpx.AsyncClient(transport=transport, base_url="http://sim") as client:
        yield client
