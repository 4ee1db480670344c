"""Retries, fallback and the retry budget: their effect, and how telemetry shows them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from demo_live import ANSWER, STREAM, App, Provider, Start, cost_of, series

ERROR: dict[str, Any] = {"server_error": {"status": 500}}


EMPTY: dict[str, Any] = {"empty_answer": {}}


def limited(seconds: float) -> dict[str, Any]:
    return {"rate_limit": {"retry_after_s": seconds}}


def ask(app: App, stream: bool) -> Any:
    """The facts of an answer, streamed or not."""
    return app.stream().one("done") if stream else app.ask().json()


@pytest.mark.parametrize("stream", [False, True])
def test_retry_then_success(app: App, provider: Provider, stream: bool) -> None:
    provider.script("gpt-4o", limited(0.3), ERROR, {})
    answer = ask(app, stream)
    assert (answer["attempts"], answer["model"], answer["fallback_from"]) == (3, "gpt-4o", None)
    assert [entry["outcome"] for entry in provider.chats()] == ["rate_limit", "server_error", "ok"]
    assert app.changed("llm_retries_total", "llm_fallbacks_total") == {
        series("llm_retries_total", provider="openai", model="gpt-4o", reason="rate_limit"): 1,
        series("llm_retries_total", provider="openai", model="gpt-4o", reason="server_error"): 1,
    }
    outcomes = ("rate_limit", "server_error", "ok")
    assert app.changed('llm_provider_attempts_total{model="gpt-4o"') == {
        series("llm_provider_attempts_total", provider="openai", model="gpt-4o", outcome=outcome): 1
        for outcome in outcomes
    }
    assert app.total("llm_requests_total") == app.total("llm_requests_total", status="ok") == 1
    assert app.total("llm_errors_total") == 0
    spans = app.spans("chat gpt-4o")
    assert [span.attributes["llm.attempt"] for span in spans] == [1, 2, 3]
    assert [span.attributes.get("error.type") for span in spans] == ["rate_limit", "server_error", None]
    assert app.call()["attempts"] == 3
    assert answer["latency_ms"] >= 300, "Retry-After was not waited for"


def test_retry_after_zero_is_at_once(app: App, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo_app.model_client._FIRST_WAIT_S", 1e6)
    provider.script("gpt-4o", limited(0), {})
    assert app.ask().json()["attempts"] == 2


def test_long_retry_after_is_not_waited_for(app: App, provider: Provider) -> None:
    provider.script("gpt-4o", limited(3600))
    answer = app.ask().json()
    assert (answer["attempts"], answer["model"], answer["fallback_from"]) == (2, "gpt-4o-mini", "gpt-4o")
    assert app.total("llm_fallbacks_total", from_model="gpt-4o", to_model="gpt-4o-mini", reason="rate_limit") == 1


@pytest.mark.parametrize("stream", [False, True])
def test_fallback(app: App, provider: Provider, stream: bool) -> None:
    provider.fault("server_error", model="gpt-4o")
    answer = ask(app, stream)
    assert (answer["attempts"], answer["model"], answer["fallback_from"]) == (4, "gpt-4o-mini", "gpt-4o")
    assert app.changed("llm_fallbacks_total") == {
        series("llm_fallbacks_total", from_model="gpt-4o", to_model="gpt-4o-mini", reason="server_error"): 1
    }
    assert app.total("llm_retries_total") == 2
    assert app.total("llm_requests_total", model="gpt-4o-mini", status="ok") == 1
    assert app.total("llm_requests_total") == 1
    line = app.call()
    assert (line["model"], line["fallback_from"], line["attempts"]) == ("gpt-4o-mini", "gpt-4o", 4)
    assert line["model_version"] == "gpt-4o-mini-2024-07-18"
    assert app.span("generate").attributes["llm.fallback_from"] == "gpt-4o"
    (paid,) = [entry for entry in provider.chats() if entry["outcome"] == "ok"]
    assert line["cost_usd"] == pytest.approx(cost_of(paid), abs=1e-12)
    assert app.total("llm_retry_cost_dollars_total") == 0, "a refused attempt costs nothing"


@pytest.mark.parametrize("stream", [False, True])
def test_an_unused_answer_is_paid_for(app: App, provider: Provider, stream: bool) -> None:
    provider.script("gpt-4o", EMPTY, {})
    answer = ask(app, stream)
    thrown, used = provider.chats()
    assert answer["attempts"] == 2
    assert app.total("llm_retries_total", reason="validation_failed") == 1
    assert app.total("llm_retry_cost_dollars_total") == pytest.approx(cost_of(thrown), abs=1e-12)
    assert app.total("llm_cost_dollars_total", model="gpt-4o") == pytest.approx(cost_of(thrown, used), abs=1e-12)
    assert answer["cost_usd"] == app.call()["cost_usd"] == pytest.approx(cost_of(thrown, used), abs=1e-12)
    assert answer["usage"]["input_tokens"] == thrown["prompt_tokens"] + used["prompt_tokens"]
    assert app.total("llm_input_tokens_total", model="gpt-4o") == answer["usage"]["input_tokens"]


def test_unused_answers_before_a_fallback_are_paid_for(app: App, provider: Provider) -> None:
    provider.script("gpt-4o", EMPTY, EMPTY, EMPTY)
    answer = app.ask().json()
    *thrown, used = provider.chats()
    assert app.total("llm_fallbacks_total", reason="validation_failed") == 1
    assert app.total("llm_retry_cost_dollars_total", model="gpt-4o") == pytest.approx(cost_of(*thrown), abs=1e-12)
    assert answer["cost_usd"] == pytest.approx(cost_of(*thrown, used), abs=1e-12)


def test_wrong_request_is_not_tried_again(start: Start, provider: Provider) -> None:
    app = start(max_output_tokens=1_000_000)
    assert app.ask().json()["error"]["type"] == "invalid_request"
    assert len(provider.chats()) == 1
    assert app.total("llm_retries_total") == app.total("llm_fallbacks_total") == 0


def test_nothing_is_retried_once_a_stream_has_text(app: App, provider: Provider) -> None:
    provider.fault("truncated_stream", after_chunks=3, model="gpt-4o")
    streamed = app.stream()
    assert [name for name, _ in streamed.events] == ["sources", "token", "token", "token", "error"]
    assert len(provider.chats()) == 1


def test_stream_cut_before_its_first_text_is_retried(app: App, provider: Provider) -> None:
    provider.script("gpt-4o", {"truncated_stream": {"clean": False, "after_chunks": 0}}, {})
    assert app.stream().one("done")["attempts"] == 2
    assert app.total("llm_retries_total", reason="connection") == 1


async def outage(app: App, requests: int, path: str) -> Counter[int]:
    async with httpx.AsyncClient(timeout=30) as client:
        limit = asyncio.Semaphore(25)

        async def one(number: int) -> int:
            async with limit:
                answer = await client.post(app.url + path, json={"question": f"How is question {number} answered?"})
                return answer.status_code

        return Counter(await asyncio.gather(*(one(number) for number in range(requests))))


@pytest.mark.parametrize(("path", "status"), [(ANSWER, 502), (STREAM, 200)])
async def test_full_outage_with_a_budget(start: Start, provider: Provider, path: str, status: int) -> None:
    app = start(retry_budget=True, breaker_failures=10**6)
    for model in ("gpt-4o", "gpt-4o-mini"):
        provider.fault("server_error", model=model)
    assert await outage(app, 100, path) == {status: 100}
    attempts = len(provider.chats())
    assert 100 < attempts <= 120
    chats = app.total("llm_provider_attempts_total", outcome="server_error")
    assert chats == attempts
    assert app.total("llm_retries_total") + app.total("llm_fallbacks_total") == attempts - 100
    assert app.total("llm_requests_total", status="error") == app.total("llm_errors_total") == 100


async def test_full_outage_without_a_budget(start: Start, provider: Provider) -> None:
    app = start(retry_budget=False, breaker_failures=10**6)
    for model in ("gpt-4o", "gpt-4o-mini"):
        provider.fault("server_error", model=model)
    await outage(app, 30, ANSWER)
    assert len(provider.chats()) == 30 * 6


def test_budget_starts_empty(start: Start, provider: Provider) -> None:
    app = start(retry_budget=True)
    provider.fault("server_error", model="gpt-4o")
    assert app.ask().status_code == 502
    assert len(provider.chats()) == 1
