"""A real Jaeger and canned answers of Tempo give the same traces."""

import pytest
import store_sent as sent
from canned_server import CannedServer
from trace_spans import children_of, spans_named

from stack.stores import Stores
from stores import TraceFilter
from stores.tempo import Tempo
from stores.traces import SpanEvent, SpanLink, TraceStore, TraceSummary


@pytest.fixture
def tempo(canned: CannedServer) -> Tempo:
    for trace_id in sent.SPANS:
        canned.give(f"/api/v2/traces/{trace_id}", sent.tempo_trace(trace_id))
    return Tempo(canned.url)


@pytest.fixture(params=["jaeger", "tempo"])
def traces(request: pytest.FixtureRequest) -> TraceStore:
    """Each store in turn."""
    return request.getfixturevalue("stores").traces if request.param == "jaeger" else request.getfixturevalue("tempo")


def test_a_trace_comes_back_value_by_value(traces: TraceStore) -> None:
    trace = traces.trace(sent.ASKED)
    assert trace is not None
    assert trace.complete
    assert [(span.name, span.span_id, span.parent_id) for span in trace.spans] == [
        ("POST /ask", "0000000000000001", ""),
        ("generate", "0000000000000002", "0000000000000001"),
        ("chat gpt-4o", "0000000000000003", "0000000000000002"),
        ("chat gpt-4o", "0000000000000004", "0000000000000002"),
    ]
    assert children_of(trace, None) == [trace.spans[0]]
    assert children_of(trace, trace.spans[1]) == spans_named(trace, "chat gpt-4o") == list(trace.spans[2:])
    chat = trace.spans[3]
    assert chat.trace_id == sent.ASKED
    assert (chat.service, chat.kind, chat.scope) == ("demo-app", "client", "llm_telemetry")
    assert chat.start == pytest.approx(sent.T0 + 0.3, abs=1e-6)
    assert chat.duration_ms == 1200.0
    assert (chat.status, chat.error) == ("unset", "")
    assert chat.attributes == {**sent.CHAT, "a map": '{"a":[1,"x"],"b":1}'}
    assert {name: type(value) for name, value in chat.attributes.items()} == {
        name: str if isinstance(value, dict) else type(value) for name, value in sent.CHAT.items()
    }
    assert chat.resource == sent.RESOURCE
    assert chat.links == (SpanLink(sent.OTHER, "0000000000000009"),)


def test_an_error_comes_back_with_its_event(traces: TraceStore) -> None:
    trace = traces.trace(sent.ASKED)
    assert trace is not None
    failed = trace.spans[2]
    assert (failed.status, failed.error) == ("error", "429 slow down")
    assert failed.events == (SpanEvent("exception", pytest.approx(sent.T0 + 0.25, abs=1e-6), {"type": "X"}),)


def test_an_id_keeps_its_leading_zeros(traces: TraceStore) -> None:
    trace = traces.trace(sent.FAILED)
    assert trace is not None
    assert [span.trace_id for span in trace.spans] == [sent.FAILED]


def test_an_unknown_trace_is_none(traces: TraceStore) -> None:
    assert traces.trace("f" * 32) is None


def test_both_stores_return_equal_traces(stores: Stores, tempo: Tempo) -> None:
    for trace_id in sent.SPANS:
        assert stores.traces.trace(trace_id) == tempo.trace(trace_id)


SUMMARY_OF_ASKED = TraceSummary(sent.ASKED, "demo-app", "POST /ask", sent.T0, 2000)
SUMMARY_OF_FAILED = TraceSummary(sent.FAILED, "demo-app", "chat gpt-4o", sent.T0 + 5, 3500)


def found(summaries: list[TraceSummary]) -> list[str]:
    return [summary.trace_id for summary in summaries]


@pytest.mark.parametrize(
    ("which", "ids"),
    [
        (TraceFilter("demo-app"), [sent.FAILED, sent.ASKED]),
        (TraceFilter("evaluation"), [sent.OTHER]),
        (TraceFilter("nobody"), []),
        (TraceFilter("demo-app", "generate"), [sent.ASKED]),
        (TraceFilter("demo-app", "no such"), []),
        (TraceFilter("demo-app", attributes={"llm.input_tokens": 1847}), [sent.ASKED]),
        (TraceFilter("demo-app", attributes={"llm.input_tokens": "1847"}), []),
        (TraceFilter("demo-app", attributes={"llm.cost_usd": 0.0000125}), [sent.ASKED]),
        (TraceFilter("demo-app", attributes={"llm.cache_hit": False, "nasty": sent.NASTY}), [sent.ASKED]),
        (TraceFilter("demo-app", attributes={"http route": "with a blank"}), [sent.ASKED]),
        (TraceFilter("demo-app", attributes={"service.instance.id": "one"}), [sent.FAILED, sent.ASKED]),
        (TraceFilter("demo-app", error_only=True), [sent.FAILED, sent.ASKED]),
        (TraceFilter("demo-app", error_only=True, attributes={"llm.input_tokens": 1847}), []),  # not on one span
        (TraceFilter("demo-app", min_duration_ms=2000), [sent.FAILED, sent.ASKED]),
        (TraceFilter("demo-app", min_duration_ms=2000.5), [sent.FAILED]),
        (TraceFilter("demo-app", "chat gpt-4o", min_duration_ms=1300), [sent.FAILED]),
        (TraceFilter("demo-app", start=sent.T0 + 1, end=sent.T0 + 60), [sent.FAILED]),
        (TraceFilter("demo-app", start=sent.T0 - 60, end=sent.T0 + 1), [sent.ASKED]),
    ],
)
def test_jaeger_finds_the_traces_of_a_filter(stores: Stores, which: TraceFilter, ids: list[str]) -> None:
    assert found(stores.traces.search(which)) == ids


def test_a_search_result_describes_the_trace(stores: Stores) -> None:
    which = TraceFilter("demo-app", "chat gpt-4o", min_duration_ms=1000)
    assert stores.traces.search(which) == [SUMMARY_OF_FAILED, SUMMARY_OF_ASKED]
    assert stores.traces.search(which, limit=1) == [SUMMARY_OF_FAILED]


def test_jaeger_examines_more_traces_when_its_index_finds_wrong_ones(stores: Stores) -> None:
    which = TraceFilter(
        "demo-app", attributes={"llm.cost_usd": 0.0000125}
    )  # Jaeger cannot look up a fraction in its index
    assert found(stores.traces.search(which, limit=1)) == [sent.ASKED]


def test_tempo_receives_traceql_and_period(canned: CannedServer) -> None:
    canned.give(
        "/api/search",
        {
            "traces": [
                {
                    "traceID": sent.ASKED,
                    "rootServiceName": "demo-app",
                    "rootTraceName": "POST /ask",
                    "startTimeUnixNano": str(sent.T0_NS),
                    "durationMs": 2000,
                    "spanSets": [
                        {
                            "spans": [
                                {
                                    "spanID": "0000000000000004",
                                    "startTimeUnixNano": str(sent.T0_NS + 3 * 10**8),
                                    "durationNanos": "1200000000",
                                }
                            ],
                            "matched": 1,
                        }
                    ],
                },
                {
                    "traceID": sent.FAILED.lstrip("0"),  # Tempo drops leading zeros here
                    "rootServiceName": "demo-app",
                    "rootTraceName": "chat gpt-4o",
                    "startTimeUnixNano": str(sent.T0_NS + 5 * 10**9),
                    "durationMs": 3500,
                    "spanSets": [{"spans": [], "matched": 1}],
                },
            ],
            "metrics": {"totalBlocks": 13},
        },
    )
    which = TraceFilter("demo-app", "chat gpt-4o", min_duration_ms=1000, start=sent.T0 - 10.5, end=sent.T0 + 20.5)
    assert Tempo(canned.url).search(which, limit=7) == [SUMMARY_OF_FAILED, SUMMARY_OF_ASKED]
    (asked,) = canned.asked
    assert (asked.method, asked.path) == ("GET", "/api/search")
    assert asked.parameters == {
        "q": '{ resource.service.name = "demo-app" && name = "chat gpt-4o" && duration >= 1000000us }'
        " with (most_recent=true)",
        "start": str(int(sent.T0) - 11),
        "end": str(int(sent.T0) + 21),
        "limit": "7",
    }


def test_tempo_results_without_a_root_and_without_traces(canned: CannedServer) -> None:
    item = {"traceID": "1", "rootServiceName": "", "rootTraceName": "<root span not yet received>"}
    canned.give("/api/search", {"traces": [{**item, "startTimeUnixNano": str(sent.T0_NS)}]})
    assert Tempo(canned.url).search(TraceFilter("x")) == [TraceSummary("1".rjust(32, "0"), "", "", sent.T0, 0)]
    canned.give("/api/search", {"metrics": {}})
    assert Tempo(canned.url).search(TraceFilter("x")) == []


def test_a_partial_trace_of_tempo_is_incomplete(canned: CannedServer) -> None:
    body = {**sent.tempo_trace(sent.ASKED), "status": "PARTIAL", "message": "Trace exceeds maximum size"}
    canned.give(f"/api/v2/traces/{sent.ASKED}", body)
    trace = Tempo(canned.url).trace(sent.ASKED)
    assert trace is not None
    assert not trace.complete


def test_an_empty_trace_of_tempo_is_none(canned: CannedServer) -> None:
    canned.give(f"/api/v2/traces/{sent.ASKED}", {"trace": {}, "metrics": {}})
    assert Tempo(canned.url).trace(sent.ASKED) is None


def test_both_stores_list_services(stores: Stores, canned: CannedServer) -> None:
    assert stores.traces.services() == ["demo-app", "evaluation"]
    values = [{"type": "string", "value": "evaluation"}, {"type": "string", "value": "demo-app"}]
    canned.give("/api/v2/search/tag/resource.service.name/values", {"tagValues": values, "metrics": {}})
    assert Tempo(canned.url).services() == ["demo-app", "evaluation"]
    assert int(canned.asked[0].parameters["end"]) - int(canned.asked[0].parameters["start"]) >= 7 * 86_400
