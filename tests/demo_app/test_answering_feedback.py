"""Votes on answers are counted once, for the model that answered."""

from __future__ import annotations

from typing import Any

import pytest
from demo_live import ANSWER, STREAM, WHO, App, Provider, Start, series

FEEDBACK = "/api/feedback"


def vote(app: App, trace_id: str, value: Any = "up") -> Any:
    return app.post(FEEDBACK, json={"trace_id": trace_id, "value": value}, headers=WHO)


@pytest.mark.parametrize("value", ["up", "down"])
@pytest.mark.parametrize("stream", [False, True])
def test_vote_counts_for_the_model_that_answered(app: App, provider: Provider, value: str, stream: bool) -> None:
    provider.fault("server_error", model="gpt-4o")
    trace_id = app.stream().one("done")["trace_id"] if stream else app.ask().json()["trace_id"]
    assert vote(app, trace_id, value).json() == {"status": "recorded"}
    place = {"endpoint": STREAM if stream else ANSWER, "model": "gpt-4o-mini"}
    assert app.changed("llm_feedback_total") == {series("llm_feedback_total", **place, value=value): 1}
    generate = app.span("generate").context
    line = app.lines()[-1]
    assert (line["event"], line["trace_id"], line["endpoint"]) == ("llm_feedback", trace_id, place["endpoint"])
    assert line["span_id"] == f"{generate.span_id:016x}"
    assert (line["feedback"], line["tenant_id"]) == (value, "acme")
    record = app.records()[-1]
    assert (record.body, f"{record.trace_id:032x}") == ("llm_feedback", trace_id)


def test_only_the_first_vote_counts(app: App) -> None:
    trace_id = app.ask().json()["trace_id"]
    vote(app, trace_id, "up")
    again = vote(app, trace_id, "down")
    assert again.status_code == 409
    assert again.json()["error"]["type"] == "already_recorded"
    assert app.total("llm_feedback_total") == 1


def test_a_cached_answer_can_be_voted_on(app: App) -> None:
    app.ask()
    cached = app.ask().json()
    assert cached["cache_hit"] is True
    assert vote(app, cached["trace_id"]).status_code == 200
    assert app.total("llm_feedback_total", endpoint=ANSWER, model="gpt-4o", value="up") == 1


def test_a_vote_on_an_unknown_trace_is_refused(app: App) -> None:
    answer = vote(app, "0" * 31 + "1")
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found"
    assert "trace_id" in answer.json()["error"]["hint"]


def test_failed_answer_cannot_be_voted_on(app: App, provider: Provider) -> None:
    provider.fault("content_filter")
    trace_id = app.ask().headers["x-trace-id"]
    assert vote(app, trace_id).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"trace_id": "0" * 32, "value": "great"},
        {"trace_id": "0" * 32, "value": 1},
        {"trace_id": "0" * 32},
        {"trace_id": "xyz", "value": "up"},
        {"trace_id": "A" * 32, "value": "up"},
        {"value": "up"},
    ],
)
def test_invalid_votes_are_rejected(app: App, body: dict[str, Any]) -> None:
    answer = app.post(FEEDBACK, json=body, headers=WHO)
    assert answer.status_code == 422
    assert answer.json()["error"]["hint"]
    assert app.total("llm_feedback_total") == 0
    assert app.total("llm_rejected_requests_total", reason="bad_input") == 1


def test_a_vote_of_an_unknown_tenant_is_refused(app: App) -> None:
    trace_id = app.ask().json()["trace_id"]
    assert (
        app.post(FEEDBACK, json={"trace_id": trace_id, "value": "up"}, headers={"x-tenant-id": "x"}).status_code == 403
    )
    assert vote(app, trace_id).status_code == 200


def test_answers_are_given_without_traces(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo_app.tracing.current_trace_id", lambda: None)
    app = start()
    assert app.ask().status_code == 200
