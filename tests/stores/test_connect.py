"""Which servers a stack's stores are."""

from pathlib import Path

import pytest
from canned_server import CannedServer
from store_servers import Running, free_ports

from stack.settings import Stack
from stack.stores import Stores
from stores import NotInTime, StoreError, poll_until
from stores.jaeger import Jaeger
from stores.loki import Loki
from stores.tempo import Tempo
from stores.times import from_rfc3339, period, rfc3339
from stores.victoria_logs import VictoriaLogs

URLS = {"prometheus": "http://p:1", "alertmanager": "http://a:2"}


def stack_in(folder: Path, **ports: str) -> Stack:
    return Stack.load({"STACK_STATE": str(folder), **free_ports(["TEMPO_PORT"]), **ports})


def test_lite(running: Running) -> None:
    stores = Stores.of(running.stack)
    assert isinstance(stores.traces, Jaeger)
    assert isinstance(stores.logs, VictoriaLogs)
    assert [store.ready() for store in stores.all()] == [True] * 4
    assert stores.metrics.url == running.url("PROMETHEUS_PORT")


def test_full_was_started_last(tmp_path: Path) -> None:
    (tmp_path / "profile").write_text("full")
    stores = Stores.of(stack_in(tmp_path, TEMPO_PORT="4001", LOKI_PORT="4002"))
    assert isinstance(stores.traces, Tempo)
    assert isinstance(stores.logs, Loki)
    assert (stores.traces.url, stores.logs.url) == ("http://127.0.0.1:4001", "http://127.0.0.1:4002")


def test_lite_was_started_last(tmp_path: Path, canned: CannedServer) -> None:
    (tmp_path / "profile").write_text("lite")
    canned.give("/ready", "ready")
    assert isinstance(Stores.of(stack_in(tmp_path, TEMPO_PORT=canned.url.rpartition(":")[2])).traces, Jaeger)


def test_nobody_knows_and_tempo_answers(tmp_path: Path, canned: CannedServer) -> None:
    canned.give("/ready", "ready")
    assert isinstance(Stores.of(stack_in(tmp_path, TEMPO_PORT=canned.url.rpartition(":")[2])).logs, Loki)


def test_by_urls() -> None:
    stores = Stores.at({**URLS, "tempo": "http://t:3/", "victoria-logs": "http://v:4"})
    assert isinstance(stores.traces, Tempo)
    assert isinstance(stores.logs, VictoriaLogs)
    assert [store.url for store in stores.all()] == ["http://p:1", "http://t:3", "http://v:4", "http://a:2"]


def test_one_url_per_kind() -> None:
    with pytest.raises(ValueError, match="one URL of jaeger or tempo is needed, 0"):
        Stores.at({**URLS, "loki": "http://l"})
    with pytest.raises(ValueError, match="one URL of victoria-logs or loki is needed, 2"):
        Stores.at({**URLS, "tempo": "http://t", "loki": "http://l", "victoria-logs": "http://v"})


def test_poll_until_returns_what_came() -> None:
    answers = iter([[], [], [1], [1, 2]])
    assert poll_until(lambda: next(answers), every_s=0.001) == [1]
    assert poll_until(lambda: next(answers), lambda found: len(found) == 2, every_s=0.001) == [1, 2]


def test_poll_until_says_what_it_saw_last() -> None:
    with pytest.raises(NotInTime, match=r"not within 0.01 s; seen last: \[3\]") as caught:
        poll_until(lambda: [3], lambda found: len(found) > 1, timeout_s=0.01, every_s=0.001)
    assert caught.value.last == [3]


def test_poll_until_outlives_a_store_that_is_away() -> None:
    away = StoreError("loki", "http://l", "is away", "wait")
    answers = iter([away, away, 7])

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    assert poll_until(ask, every_s=0.001) == 7

    def never() -> int:
        raise away

    with pytest.raises(NotInTime, match="seen last: loki is away"):
        poll_until(never, timeout_s=0.01, every_s=0.001)


def test_times() -> None:
    assert rfc3339(1_795_000_000.125) == "2026-11-18T11:06:40.125000000Z"
    assert from_rfc3339("2026-11-18T11:06:40.125000000Z") == 1_795_000_000.125
    assert from_rfc3339("2026-11-18T12:06:40.125999999+01:00") == pytest.approx(1_795_000_000.126, abs=2e-6)
    assert period(1.0, 2.0) == (1.0, 2.0)
    assert period(None, 5000.0) == (1400.0, 5000.0)
    with pytest.raises(ValueError, match="before it starts"):
        period(2.0, 1.0)
    with pytest.raises(ValueError, match="without a zone"):
        from_rfc3339("2026-11-18T11:06:40")
