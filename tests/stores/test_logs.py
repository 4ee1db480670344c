"""A real VictoriaLogs and canned answers of Loki give the same log lines, histograms and field values."""

import math
from typing import Any

import pytest
import store_sent as sent
from canned_server import CannedServer
from store_servers import Running

from llm_telemetry import names
from stack.stores import Stores
from stores import LogFilter, LogLine, LogStore, Tail, poll_until
from stores.logs import MOST_LINES, Histogram, log_line
from stores.loki import Loki

NEWEST = list(reversed(sent.RECORDS))


def streams(records: list[dict[str, Any]]) -> dict[str, Any]:
    data = {"resultType": "streams", "result": sent.loki_streams(records), "stats": {}}
    return {"status": "success", "data": data}


@pytest.fixture
def loki(canned: CannedServer) -> Loki:
    """Loki, which answers every query with all records."""
    canned.give("/loki/api/v1/query_range", streams(sent.RECORDS))
    return Loki(canned.url)


@pytest.fixture(params=["victoria-logs", "loki"])
def logs(request: pytest.FixtureRequest) -> LogStore:
    """Each store in turn."""
    if request.param == "loki":
        return request.getfixturevalue("loki")
    return request.getfixturevalue("stores").logs


def test_a_line_comes_back_value_by_value_and_typed(logs: LogStore) -> None:
    line = logs.query(LogFilter("demo-app"), newest_first=False)[0]
    assert line.time == pytest.approx(sent.T0, abs=1e-6)
    assert (line.body, line.service, line.severity, line.scope) == ("llm_call", "demo-app", "info", "llm_telemetry")
    assert (line.trace_id, line.span_id) == (sent.ASKED, sent.LOGGED)
    of_the_contract = {name: value for name, value in sent.CALL.items() if name in names.LOG_FIELDS}
    assert {name: line.fields[name] for name in of_the_contract} == of_the_contract
    assert {name: type(line.fields[name]) for name in of_the_contract} == {
        name: type(value) for name, value in of_the_contract.items()
    }
    assert line.fields["user_id"] == "0123"  # ids stay text
    assert line.value("http.route") == "/ask"
    assert line.value("nasty") == sent.NASTY
    assert line.value("empty") is line.value("no such") is None


def test_lines_come_newest_or_oldest_first(logs: LogStore) -> None:
    bodies = [record["body"] for record in NEWEST]
    assert [line.body for line in logs.query(LogFilter("demo-app"))] == bodies
    assert [line.body for line in logs.query(LogFilter("demo-app"), newest_first=False)] == bodies[::-1]


def test_severities_have_the_same_name_in_both_stores(logs: LogStore) -> None:
    assert [line.severity for line in logs.query(LogFilter("demo-app"))] == ["error", "warning", "info", "info"]


def test_both_stores_return_equal_lines(stores: Stores, loki: Loki) -> None:
    ours, theirs = (store.query(LogFilter("demo-app")) for store in (stores.logs, loki))
    for one, other in zip(ours, theirs, strict=True):
        # Loki writes underscores for dots; everything else is equal.
        fields = {name.replace(".", "_"): value for name, value in one.fields.items()}
        assert fields == other.fields
        assert (one.body, one.trace_id, one.span_id, one.service, one.severity, one.scope) == (
            other.body,
            other.trace_id,
            other.span_id,
            other.service,
            other.severity,
            other.scope,
        )
        assert one.time == pytest.approx(other.time, abs=1e-6)


def test_a_limit_keeps_the_newest_or_the_oldest_lines(stores: Stores) -> None:
    assert [line.body for line in stores.logs.query(LogFilter("demo-app"), 1)] == ["Gave up"]
    oldest = stores.logs.query(LogFilter("demo-app"), 2, newest_first=False)
    assert [round((line.time - sent.T0) * 1000) for line in oldest] == [0, 1500]


def test_a_query_in_logsql(stores: Stores) -> None:
    query = '"service.name":~"^(?:demo-app|other)$" "event":=llm_call'
    lines = stores.logs.native(query, sent.T0, sent.T0 + 9, 5)
    assert [round((line.time - sent.T0) * 1000) for line in lines] == [1500, 0]
    assert stores.logs.native(query, sent.T0, sent.T0 + 9, 1) == lines[:1]
    assert stores.logs.native(query, sent.T0 + 1, sent.T0 + 1.5) == []  # the end is not in it


def test_a_query_in_logql_is_sent_unchanged(canned: CannedServer, loki: Loki) -> None:
    loki.native('{service_name=~"demo-.*"} | event = "llm_call"', 1000.25, 2000.5, 5)
    (asked,) = canned.asked
    assert asked.parameters["query"] == '{service_name=~"demo-.*"} | event = "llm_call"'
    assert (asked.parameters["start"], asked.parameters["end"]) == ("1000250000000", "2000500000000")
    assert (asked.parameters["limit"], asked.parameters["direction"]) == ("5", "backward")


@pytest.mark.parametrize("limit", [0, -1, MOST_LINES + 1])
def test_a_limit_beyond_both_stores_is_refused(logs: LogStore, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 5000"):
        logs.query(LogFilter(), limit)
    with pytest.raises(ValueError, match="1 to 5000"):
        logs.native("*", 0, 1, limit)


def test_loki_receives_filter_period_and_limit(canned: CannedServer, loki: Loki) -> None:
    which = LogFilter("demo-app", {"event": "llm_call", "input_tokens": 7, "http.route": "/ask"}, "call", "ab")
    loki.query(LogFilter(which.service, which.fields, which.text, which.trace_id, 1000.25, 2000.5), 5)
    (asked,) = canned.asked
    assert (asked.method, asked.path) == ("POST", "/loki/api/v1/query_range")
    assert asked.parameters == {
        "query": '{service_name="demo-app"} |= "call" | event = "llm_call" | input_tokens == 7'
        ' | http_route = "/ask" | trace_id = "ab" | __error__ = ""',
        "start": "1000250000000",
        "end": "2000500000000",
        "limit": "5",
        "direction": "backward",
    }


STEP = sent.STEP_S
FIRST = math.floor(sent.T0 / STEP) * STEP
WHOLE = LogFilter("demo-app", start=FIRST - STEP, end=FIRST + 2 * STEP)


def matrix(rows: list[tuple[dict[str, str], list[tuple[float, str]]]]) -> dict[str, Any]:
    result = [{"metric": metric, "values": [list(value) for value in values]} for metric, values in rows]
    return {"status": "success", "data": {"resultType": "matrix", "result": result, "stats": {}}}


def expected(counts: dict[str, int]) -> Histogram:
    return Histogram(STEP, (FIRST - STEP, FIRST, FIRST + STEP), {value: (0, n, 0) for value, n in counts.items()})


def test_both_stores_return_equal_histograms(stores: Stores, canned: CannedServer) -> None:
    canned.give("/loki/api/v1/query_range", matrix([({}, [(FIRST + STEP, "4")])]))
    for store in (stores.logs, Loki(canned.url)):
        histogram = store.histogram(WHOLE, STEP)
        assert histogram == expected({"": 4})
    assert canned.asked[0].parameters == {
        "query": 'sum (count_over_time({service_name="demo-app"} [600000ms]))',
        "start": f"{FIRST:.0f}000000000",
        "end": f"{FIRST + 2 * STEP:.0f}000000000",
        "step": "600000ms",
    }


def test_both_stores_return_equal_histograms_by_field(stores: Stores, canned: CannedServer) -> None:
    rows = [({}, "1"), ({"model": "gpt-4o"}, "2"), ({"model": "small"}, "1")]
    canned.give("/loki/api/v1/query_range", matrix([(metric, [(FIRST + STEP, n)]) for metric, n in rows]))
    for store in (stores.logs, Loki(canned.url)):
        assert store.histogram(WHOLE, STEP, by="model") == expected({"": 1, "gpt-4o": 2, "small": 1})
    query = canned.asked[0].parameters["query"]
    assert query == 'sum by (model) (count_over_time({service_name="demo-app"} [600000ms]))'


def test_a_histogram_covers_whole_steps(stores: Stores) -> None:
    histogram = stores.logs.histogram(LogFilter("demo-app", start=sent.T0 + 0.5, end=sent.T0 + 1.7), 1.0)
    assert histogram == Histogram(1.0, (sent.T0, sent.T0 + 1), {"": (1, 2)})


def test_a_histogram_of_nothing(stores: Stores) -> None:
    assert stores.logs.histogram(LogFilter("nobody", start=0, end=60), 30).counts == {}


def test_both_stores_return_equal_field_values(stores: Stores, canned: CannedServer) -> None:
    which = LogFilter("demo-app", start=sent.T0 - 10, end=sent.T0 + 50)
    result = [
        {"metric": {}, "value": [sent.T0 + 50, "1"]},
        {"metric": {"model": "small"}, "value": [sent.T0 + 50, "1"]},
        {"metric": {"model": "gpt-4o"}, "value": [sent.T0 + 50, "2"]},
    ]
    canned.give("/loki/api/v1/query", {"status": "success", "data": {"resultType": "vector", "result": result}})
    for store in (stores.logs, Loki(canned.url)):
        assert list(store.field_values("model", which).items()) == [("gpt-4o", 2), ("small", 1)]
        assert store.field_values("model", which, limit=1) == {"gpt-4o": 2}
    assert canned.asked[0].parameters == {
        "query": 'sum by (model) (count_over_time({service_name="demo-app"} [60000ms]))',
        "time": str(sent.T0_NS + 50 * 10**9),
    }


def test_a_tail_returns_each_line_once_late_lines_too(running: Running) -> None:
    sent.send(running.logs_url, sent.log_request(sent.RECORDS, {"service.name": "followed"}))
    tail = Tail(running.stores.logs, LogFilter("followed"), every_s=0.01, late_s=3600, start=sent.T0)

    def new_bodies(count: int) -> list[str]:
        lines: list[LogLine] = []

        def polled() -> list[LogLine]:
            lines.extend(tail.poll())
            return lines

        return [line.body for line in poll_until(polled, lambda found: len(found) >= count)]

    assert new_bodies(len(sent.RECORDS)) == [record["body"] for record in sent.RECORDS]
    late = {**sent.RECORDS[-1], "body": "came later"}
    sent.send(running.logs_url, sent.log_request([late], {"service.name": "followed"}))
    assert new_bodies(1) == ["came later"]


@pytest.mark.parametrize(
    ("raw", "severity"),
    [
        ({"severity_number": "17", "severity_text": "info"}, "error"),
        ({"severity_number": "0", "severity_text": "Unspecified"}, ""),
        ({"severity_text": "WARN"}, "warning"),
        ({"level": "error"}, "error"),
        ({}, ""),
    ],
)
def test_the_severity_number_wins_over_the_text(raw: dict[str, str], severity: str) -> None:
    assert log_line(0.0, "", raw).severity == severity


def test_a_record_without_a_body_has_an_empty_body(running: Running) -> None:
    record = {"ms": 0, "number": 9, "text": "info", "attributes": {"only": "this"}}
    sent.send(running.logs_url, sent.log_request([record], {"service.name": "bodiless"}))
    (line,) = poll_until(lambda: running.stores.logs.query(LogFilter("bodiless")))
    assert (line.body, line.fields) == ("", {"only": "this"})
