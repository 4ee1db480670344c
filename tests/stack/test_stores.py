"""Stores.of picks the servers of the profile that runs; Stores.at takes one URL per kind of store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from canned_server import CannedServer, canned_server
from live_stack import LiveStack
from store_servers import free_ports

from stack.settings import Stack
from stack.stores import Stores
from stores.jaeger import Jaeger
from stores.loki import Loki
from stores.tempo import Tempo
from stores.victoria_logs import VictoriaLogs

URLS = {"prometheus": "http://p:1", "alertmanager": "http://a:2"}


@pytest.fixture
def tempo_port() -> Iterator[str]:
    """The port of a server that answers as a ready Tempo does."""
    with canned_server() as server:
        server.give("/ready", "ready")
        yield port_of(server)


def port_of(server: CannedServer) -> str:
    return server.url.rpartition(":")[2]


def stack_in(folder: Path, **ports: str) -> Stack:
    return Stack.load({"STACK_STATE": str(folder), **free_ports(["TEMPO_PORT"]), **ports})


def test_stores_of_a_running_lite_stack_are_ready(lite_only: LiveStack) -> None:
    stores = Stores.of(lite_only.stack)
    assert isinstance(stores.traces, Jaeger)
    assert isinstance(stores.logs, VictoriaLogs)
    assert [store.ready() for store in stores.all()] == [True] * 4
    assert stores.metrics.url == lite_only.url("PROMETHEUS_PORT")


def test_full_has_tempo_and_loki(tmp_path: Path) -> None:
    (tmp_path / "profile").write_text("full")
    stores = Stores.of(stack_in(tmp_path, TEMPO_PORT="4001", LOKI_PORT="4002"))
    assert isinstance(stores.traces, Tempo)
    assert isinstance(stores.logs, Loki)
    assert (stores.traces.url, stores.logs.url) == ("http://127.0.0.1:4001", "http://127.0.0.1:4002")


def test_lite_has_jaeger_even_where_a_tempo_answers(tmp_path: Path, tempo_port: str) -> None:
    (tmp_path / "profile").write_text("lite")
    assert isinstance(Stores.of(stack_in(tmp_path, TEMPO_PORT=tempo_port)).traces, Jaeger)


def test_a_stack_that_make_up_did_not_start_is_full_where_tempo_answers(tmp_path: Path, tempo_port: str) -> None:
    assert isinstance(Stores.of(stack_in(tmp_path, TEMPO_PORT=tempo_port)).logs, Loki)


def test_stores_by_url() -> None:
    stores = Stores.at({**URLS, "tempo": "http://t:3/", "victoria-logs": "http://v:4"})
    assert isinstance(stores.traces, Tempo)
    assert isinstance(stores.logs, VictoriaLogs)
    assert [store.url for store in stores.all()] == ["http://p:1", "http://t:3", "http://v:4", "http://a:2"]


def test_one_url_per_kind_is_needed() -> None:
    with pytest.raises(ValueError, match="one URL of jaeger or tempo is needed, 0"):
        Stores.at({**URLS, "loki": "http://l"})
    with pytest.raises(ValueError, match="one URL of victoria-logs or loki is needed, 2"):
        Stores.at({**URLS, "tempo": "http://t", "loki": "http://l", "victoria-logs": "http://v"})
