"""Each failure of a request: its response and its telemetry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from demo_live import ANSWER, STREAM, App, Provider, Start, series
from opentelemetry.trace import StatusCode

from demo_app.prompts import CANARY


@dataclass(frozen=True)
class Case:
    """A fault on both models. `both`: the fallback is tried too; `late`: a stream has text before it."""

    fault: str
    parameters: dict[str, Any]
    error_type: str
    status: int
    both: bool = True
    late: bool = False
    attempt: str = ""  # the attempt's outcome, where it is not the error type

    def __str__(self) -> str:
        return " ".join([self.fault, *map(str, self.parameters.values())])


CASES = [
    Case("rate_limit", {"retry_after_s": 0}, "rate_limit", 503),
    Case("server_error", {"status": 500}, "server_error", 502),
    Case("server_error", {"status": 502}, "server_error", 502),
    Case("server_error", {"status": 503}, "server_error", 502),
    Case("timeout", {}, "timeout", 504),
    Case("connection_reset", {}, "connection", 502),
    Case("truncated_stream", {"clean": False}, "connection", 502, late=True),
    Case("truncated_stream", {"clean": True}, "connection", 502, late=True),
    Case("empty_answer", {}, "validation_failed", 502),
    Case("content_filter", {"mode": "reject"}, "content_filter", 422, both=False),
    Case("content_filter", {"mode": "finish"}, "content_filter", 422, both=False, late=True),
    Case("leak_system_prompt", {}, "prompt_injection", 422, both=False, late=True),
]


MODELS = ("gpt-4o", "gpt-4o-mini")


@pytest.fixture
def app(start: Start) -> App:
    return start(max_attempts=1, read_timeout_s=0.15)


def assert_counted(app: App, endpoint: str, model: str, error_type: str) -> None:
    place = {"endpoint": endpoint, "model": model, "tenant": "acme"}
    assert app.changed("llm_errors_total") == {series("llm_errors_total", **place, error_type=error_type): 1}
    assert app.changed("llm_requests_total") == {series("llm_requests_total", **place, status="error"): 1}
    assert app.total("llm_latency_ms_count") == 0, "a failure's time would make answers look fast"
    now = app.metrics()
    for gauge in ("llm_in_flight_requests", "llm_queue_depth"):
        assert now[series(gauge, endpoint=endpoint)] == app.baseline[series(gauge, endpoint=endpoint)]


def assert_said(app: App, error: dict[str, Any], error_type: str) -> None:
    assert error["type"] == error_type
    assert error["message"].endswith(".")
    assert error["hint"].endswith(".")
    line = app.call()
    assert (line["status"], line["error_type"], line["level"]) == ("error", error_type, "error")
    assert line["trace_id"] == error["trace_id"]
    generate = app.span("generate")
    assert generate.status.status_code is StatusCode.ERROR
    assert generate.attributes["error.type"] == error_type
    assert app.spans_out.get_finished_spans()
    assert all(CANARY not in str(span.to_json()) for span in app.spans())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_failed_answer_has_its_error_in_response_and_telemetry(app: App, provider: Provider, case: Case) -> None:
    for model in MODELS:
        provider.fault(case.fault, model=model, **case.parameters)
    answer = app.ask()
    assert answer.status_code == case.status
    assert answer.headers["x-trace-id"] == answer.json()["error"]["trace_id"]
    assert_said(app, answer.json()["error"], case.error_type)
    tried = MODELS if case.both else MODELS[:1]
    assert_counted(app, ANSWER, tried[-1], case.error_type)
    assert [entry["model"] for entry in provider.chats()] == list(tried)
    for model in tried:
        assert app.total("llm_provider_attempts_total", model=model, outcome=case.error_type) == 1
        (chat,) = app.spans(f"chat {model}")
        assert chat.attributes["error.type"] == case.error_type
        assert chat.status.status_code is StatusCode.ERROR


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_failed_stream_ends_with_an_error_event(app: App, provider: Provider, case: Case) -> None:
    for model in MODELS:
        provider.fault(case.fault, model=model, **case.parameters)
    streamed = app.stream()
    assert streamed.response.status_code == 200
    assert streamed.events[0][0] == "sources"
    assert streamed.events[-1][0] == "error"
    assert not streamed.all("done")
    assert_said(app, streamed.one("error")["error"], case.error_type)
    tried = MODELS if case.both and not case.late else MODELS[:1]
    assert bool(streamed.text) is case.late
    assert CANARY not in streamed.text
    assert_counted(app, STREAM, tried[-1], case.error_type)
    assert [entry["model"] for entry in provider.chats()] == list(tried)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "settings", [{"model": "no-such-model", "fallback_model": "no-such-model"}, {"max_output_tokens": 1_000_000}]
)
def test_a_refused_request_is_invalid_request(
    start: Start, provider: Provider, stream: bool, settings: dict[str, Any]
) -> None:
    app = start(**settings)
    answer = app.stream() if stream else app.ask()
    error = answer.one("error")["error"] if stream else answer.json()["error"]
    if not stream:
        assert answer.status_code == 502
    assert_said(app, error, "invalid_request")
    assert_counted(app, STREAM if stream else ANSWER, "other" if "model" in settings else "gpt-4o", "invalid_request")


def test_a_provider_that_is_down_is_a_connection_error(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    app = start(index=False, max_attempts=1)
    assert app.http.get(app.url + "/healthz").status_code == 503
    answer = app.ask()
    assert (answer.status_code, answer.json()["error"]["type"]) == (502, "connection")
    assert_counted(app, ANSWER, "gpt-4o-mini", "connection")
    assert app.call()["retrieval_chunks"] > 0, "retrieval goes by words"


def test_retry_after_of_the_provider_is_passed_on(start: Start, provider: Provider) -> None:
    app = start(max_attempts=1)
    for model in MODELS:
        provider.fault("rate_limit", model=model, retry_after_s=41.2)
    answer = app.ask()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "42")


def test_leaked_prompt_is_a_safety_violation(app: App, provider: Provider) -> None:
    provider.fault("leak_system_prompt")
    app.ask()
    assert app.total("llm_safety_violations_total", endpoint=ANSWER, kind="prompt_injection") == 1


@pytest.mark.parametrize("mode", ["finish", "reject"])
def test_filtered_answer_is_a_safety_violation(app: App, provider: Provider, mode: str) -> None:
    provider.fault("content_filter", mode=mode)
    app.ask()
    assert app.total("llm_safety_violations_total", endpoint=ANSWER, kind="content_filter") == 1


def test_failed_answer_is_not_cached(app: App, provider: Provider) -> None:
    provider.fault("empty_answer")
    app.ask()
    provider.without_faults()
    assert app.ask().json()["cache_hit"] is False


def test_hallucination_is_an_answer(app: App, provider: Provider) -> None:
    provider.fault("hallucination")
    assert app.ask().status_code == 200
    assert app.total("llm_errors_total") == 0


def test_an_unexpected_exception_gets_a_json_response(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo_app.answering._prompt", lambda *_: 1 / 0)
    answer = app.ask()
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "internal"
    assert answer.json()["error"]["trace_id"] == answer.headers["x-trace-id"]
    assert app.stream().one("error")["error"]["type"] == "internal"
