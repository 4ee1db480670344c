"""Every failure of a store raises an error that names the server, the URL and the next step."""

import socket
from collections.abc import Callable

import pytest
from canned_server import CannedServer

from stack.stores import Stores
from stores import (
    AlertStore,
    BadAnswer,
    LogFilter,
    LogStore,
    MetricStore,
    QueryRefused,
    StoreError,
    StoreNotReady,
    StoreTimeout,
    StoreUnreachable,
    TraceFilter,
    TraceStore,
    connection,
)
from stores.jaeger import Jaeger
from stores.loki import Loki
from stores.tempo import Tempo
from stores.victoria_logs import VictoriaLogs

AnyStore = MetricStore | AlertStore | TraceStore | LogStore
EVERY: dict[str, tuple[Callable[[str, float], AnyStore], Callable[[AnyStore], object], str, str]] = {
    "prometheus": (MetricStore, lambda store: store.instant("up"), "/api/v1/query", "/-/ready"),
    "alertmanager": (AlertStore, lambda store: store.alerts(), "/api/v2/alerts", "/-/ready"),
    "jaeger": (Jaeger, lambda store: store.search(TraceFilter("x")), "/api/traces", "/api/v3/services"),
    "tempo": (Tempo, lambda store: store.search(TraceFilter("x")), "/api/search", "/ready"),
    "victoria-logs": (VictoriaLogs, lambda store: store.query(LogFilter()), "/select/logsql/query", "/health"),
    "loki": (Loki, lambda store: store.query(LogFilter()), "/loki/api/v1/query_range", "/ready"),
}


@pytest.fixture(params=list(EVERY))
def name(request: pytest.FixtureRequest) -> str:
    """Each server in turn."""
    return request.param


def error_of(name: str, url: str, timeout_s: float = 5.0) -> StoreError:
    make, ask, _, _ = EVERY[name]
    with pytest.raises(StoreError) as caught:
        ask(make(url, timeout_s))
    return caught.value


def names_itself(error: StoreError, name: str, url: str) -> None:
    assert error.server == name
    assert error.url.startswith(url)
    text = str(error)
    assert text.startswith(f"{name} ")
    assert url in text
    assert "\n-> " in text
    assert error.next_step


def test_an_unreachable_server(name: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    error = error_of(name, url)
    assert isinstance(error, StoreUnreachable)
    names_itself(error, name, url)
    assert "cannot be reached: Connection refused" in str(error)
    assert "make up" in error.next_step
    make, _, _, _ = EVERY[name]
    assert make(url, 1.0).ready() is False
    with pytest.raises(StoreUnreachable):
        make(url, 1.0).check_ready()


def test_an_unknown_host() -> None:
    error = error_of("prometheus", "http://no-such-host.invalid")
    assert isinstance(error, StoreUnreachable)
    names_itself(error, "prometheus", "http://no-such-host.invalid")


def test_status_500(name: str, canned: CannedServer) -> None:
    canned.give(EVERY[name][2], "disk on fire", status=500, content_type="text/plain")
    error = error_of(name, canned.url)
    assert isinstance(error, BadAnswer)
    names_itself(error, name, canned.url)
    assert "failed with status 500: disk on fire" in str(error)
    assert f"make logs SERVICE={name}" in error.next_step


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_web_page_instead_of_data(name: str, canned: CannedServer, status: int) -> None:
    canned.give(EVERY[name][2], "<html>hello</html>", status=status, content_type="text/html; charset=utf-8")
    error = error_of(name, canned.url)
    assert isinstance(error, BadAnswer)
    names_itself(error, name, canned.url)
    assert f"answered {status} with a web page" in str(error)
    assert "nothing else listens there" in error.next_step


@pytest.mark.parametrize("body", ["{", "[1, 2]", '{"data": 3}', '"text"', "null"])
def test_json_of_another_shape(name: str, canned: CannedServer, body: str) -> None:
    if name == "tempo" and body == '{"data": 3}':
        pytest.skip("protobuf's JSON leaves out what is empty, so an object without traces is no traces")
    canned.give(EVERY[name][2], body)
    error = error_of(name, canned.url)
    assert isinstance(error, BadAnswer)
    names_itself(error, name, canned.url)
    assert "cannot be read" in str(error)


def test_a_server_that_answers_too_late(name: str, canned: CannedServer) -> None:
    canned.give(EVERY[name][2], {}, delay_s=0.5)
    error = error_of(name, canned.url, timeout_s=0.05)
    assert isinstance(error, StoreTimeout)
    names_itself(error, name, canned.url)
    assert "did not answer within 0.05 s" in str(error)
    assert "shorter period" in error.next_step


def test_a_server_that_is_not_ready(name: str, canned: CannedServer) -> None:
    make, _, path, ready = EVERY[name]
    canned.give(path, "Ingester not ready: waiting for 15s", status=503, content_type="text/plain")
    canned.give(ready, "starting", status=503, content_type="text/plain")
    error = error_of(name, canned.url)
    assert isinstance(error, StoreNotReady)
    names_itself(error, name, canned.url)
    assert "Ingester not ready" in str(error)
    assert "try again" in error.next_step
    store = make(canned.url, 5.0)
    assert store.ready() is False
    with pytest.raises(StoreNotReady, match="503, starting"):
        store.check_ready()
    canned.give(ready, "{}")
    assert store.ready() is True
    store.check_ready()


def test_prometheus_gives_up_on_a_query(canned: CannedServer) -> None:
    body = {"status": "error", "errorType": "timeout", "error": "query timed out in query execution"}
    canned.give("/api/v1/query", body, status=503)
    error = error_of("prometheus", canned.url)
    assert isinstance(error, StoreTimeout)
    assert "query timed out in query execution" in str(error)


REFUSED = {
    "prometheus": ({"status": "error", "errorType": "bad_data", "error": "parse error: x"}, "parse error: x"),
    "alertmanager": ({"code": 602, "message": "bad matcher"}, "bad matcher"),
    "jaeger": ({"data": None, "errors": [{"code": 400, "msg": "parameter 'service' is required"}]}, "is required"),
    "tempo": ("invalid TraceQL query: parse error at line 1", "invalid TraceQL query: parse error at line 1"),
    "victoria-logs": ("cannot parse `query` arg", "cannot parse `query` arg"),
    "loki": ("parse error at line 1, col 2: syntax error", "parse error at line 1, col 2: syntax error"),
}


def test_a_refused_query_carries_the_servers_message(name: str, canned: CannedServer) -> None:
    body, said = REFUSED[name]
    canned.give(EVERY[name][2], body, status=400)
    error = error_of(name, canned.url)
    assert isinstance(error, QueryRefused)
    names_itself(error, name, canned.url)
    assert said in error.message


def test_bad_promql_at_a_real_prometheus(stores: Stores) -> None:
    with pytest.raises(QueryRefused) as caught:
        stores.metrics.instant("sum(up")
    names_itself(caught.value, "prometheus", stores.metrics.url)
    assert "parse error: unclosed left parenthesis" in caught.value.message
    with pytest.raises(QueryRefused, match="exceeded maximum resolution of 11,000 points"):
        stores.metrics.range("up", 0, 1e6, step_s=1)


def test_bad_requests_at_a_real_jaeger(stores: Stores) -> None:
    with pytest.raises(QueryRefused, match="malformed parameter trace_id"):
        stores.traces.trace("no id")
    with pytest.raises(QueryRefused, match="'service' is required"):
        stores.traces.search(TraceFilter(""))


def test_proxy_variables_of_the_environment_are_ignored(canned: CannedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    canned.give("/api/v2/silences", [])
    assert AlertStore(canned.url).silences() == []


def test_observers_see_the_outcome_of_every_request(canned: CannedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str, float]] = []
    monkeypatch.setattr(connection, "_observers", [])
    connection.observe(lambda server, outcome, seconds: seen.append((server, outcome, seconds)))
    path = "/api/v1/query"
    canned.give(path, {"status": "success", "data": {"resultType": "vector", "result": []}})
    MetricStore(canned.url).instant("up")
    for status in (400, 500):
        canned.give(path, {"error": "no"}, status=status)
        error_of("prometheus", canned.url)
    canned.give(path, {}, delay_s=0.5)
    error_of("prometheus", canned.url, timeout_s=0.05)
    error_of("prometheus", "http://127.0.0.1:9")
    assert [outcome for _, outcome, _ in seen] == ["answered", "refused", "failed", "timeout", "unreachable"]
    assert {server for server, _, _ in seen} == {"prometheus"}
    assert seen[3][2] >= 0.05
