"""The circuit breaker in the running application."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from demo_live import App, Provider, Start, series, wait_for

from demo_app import model_client
from demo_app.circuit_breaker import CircuitBreaker

SETTINGS: dict[str, Any] = {"max_attempts": 1, "breaker_failures": 3, "breaker_open_s": 30.0}


class Clock:
    """Time that the test moves, in s."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(model_client, "CircuitBreaker", partial(CircuitBreaker, clock=clock))
    return clock


@pytest.fixture
def app(clock: Clock, start: Start) -> App:
    return start(**SETTINGS)


def state(app: App, model: str = "gpt-4o") -> float:
    return app.metrics()[series("llm_circuit_breaker_state", provider="openai", model=model)]


def open_breaker(app: App, provider: Provider, *models: str) -> None:
    for model in models:
        provider.fault("server_error", model=model)
    for number in range(3):
        app.ask(f"Which question opens it, {number}?")
    assert [state(app, model) for model in models] == [2] * len(models)


def test_opens_after_failures_in_a_row(app: App, provider: Provider) -> None:
    provider.fault("server_error", model="gpt-4o")
    states = [state(app)]
    for number in range(3):
        app.ask(f"How does door {number} open?")
        states.append(state(app))
    assert states == [0, 0, 0, 2]
    assert app.metrics()[series("llm_circuit_breaker_state", provider="openai", model="gpt-4o-mini")] == 0


def test_a_success_resets_the_count_of_failures(app: App, provider: Provider) -> None:
    error: dict[str, Any] = {"server_error": {"status": 503}}
    provider.script("gpt-4o", error, error, {}, error, error)
    for number in range(5):
        app.ask(f"How does door {number} open?")
    assert state(app) == 0


def test_an_open_breaker_causes_fallback_without_an_attempt(app: App, provider: Provider) -> None:
    open_breaker(app, provider, "gpt-4o")
    before = len(provider.chats())
    answer = app.ask().json()
    assert (answer["model"], answer["attempts"], answer["fallback_from"]) == ("gpt-4o-mini", 1, "gpt-4o")
    assert [entry["model"] for entry in provider.chats()[before:]] == ["gpt-4o-mini"]
    assert app.total("llm_fallbacks_total", reason="circuit_open") == 1
    assert app.total("llm_provider_attempts_total", model="gpt-4o") == 3
    assert app.total("llm_provider_attempts_total", outcome="circuit_open") == 0
    assert app.total("llm_errors_total") == 0


def test_fallback_from_an_open_breaker_needs_no_budget(clock: Clock, start: Start, provider: Provider) -> None:
    app = start(**SETTINGS, retry_budget=True)
    open_breaker(app, provider, "gpt-4o")
    assert app.ask().json()["model"] == "gpt-4o-mini"


@pytest.mark.parametrize("stream", [False, True])
def test_two_open_breakers_give_circuit_open(app: App, provider: Provider, clock: Clock, stream: bool) -> None:
    open_breaker(app, provider, "gpt-4o", "gpt-4o-mini")
    clock.now += 10
    attempts = len(provider.chats())
    if stream:
        error = app.stream().one("error")["error"]
    else:
        refused = app.ask()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "20")
        error = refused.json()["error"]
    assert error["type"] == "circuit_open"
    assert error["hint"]
    assert len(provider.chats()) == attempts
    assert app.total("llm_errors_total", error_type="circuit_open") == 1
    assert app.total("llm_provider_attempts_total", outcome="circuit_open") == 0
    line = app.calls()[-1]
    assert (line["error_type"], line["attempts"], line["status"]) == ("circuit_open", 0, "error")


def test_closes_after_a_good_probe(app: App, provider: Provider, clock: Clock) -> None:
    open_breaker(app, provider, "gpt-4o")
    provider.without_faults()
    clock.now += 29.9
    assert state(app) == 2
    clock.now += 0.2
    assert state(app) == 1
    assert app.ask().json()["model"] == "gpt-4o"
    assert state(app) == 0


def test_opens_again_after_a_bad_probe(app: App, provider: Provider, clock: Clock) -> None:
    open_breaker(app, provider, "gpt-4o")
    clock.now += 31
    app.ask()
    assert state(app) == 2
    assert app.total("llm_provider_attempts_total", model="gpt-4o") == 4
    clock.now += 31
    assert state(app) == 1


def test_there_is_one_probe_at_a_time_and_a_cancelled_probe_is_ignored(
    app: App, provider: Provider, clock: Clock
) -> None:
    open_breaker(app, provider, "gpt-4o")
    provider.without_faults()
    provider.fault("timeout", model="gpt-4o")
    clock.now += 31
    before = app.total("llm_provider_attempts_total", model="gpt-4o")
    with app.reading("Who is the probe?") as probe:
        assert probe.next()[0] == "sources"
        wait_for(lambda: provider.in_progress() == 1, "the probe is not under way")
        for number in range(4):
            assert app.ask(f"Is question {number} the probe?").json()["model"] == "gpt-4o-mini"
        assert state(app) == 1
    wait_for(lambda: app.total("llm_requests_total", status="cancelled") == 1, "the hang-up was not seen")
    assert state(app) == 1
    assert app.total("llm_provider_attempts_total", model="gpt-4o") == before + 1
    provider.without_faults()
    assert app.ask("And now?").json()["model"] == "gpt-4o"
    assert state(app) == 0


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("rate_limit", {"retry_after_s": 0}),
        ("content_filter", {"mode": "reject"}),
        ("content_filter", {"mode": "finish"}),
        ("empty_answer", {}),
        ("leak_system_prompt", {}),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_other_failures_do_not_open_the_breaker(
    app: App, provider: Provider, fault: str, parameters: dict[str, Any], stream: bool
) -> None:
    provider.fault(fault, model="gpt-4o", **parameters)
    for number in range(5):
        (app.stream if stream else app.ask)(f"How does door {number} open?")
    assert state(app) == 0


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("server_error", {"status": 502}),
        ("connection_reset", {}),
        ("timeout", {}),
        ("truncated_stream", {"clean": False}),
        ("truncated_stream", {"clean": True}),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_failures_of_the_model_open_the_breaker(
    clock: Clock, start: Start, provider: Provider, fault: str, parameters: dict[str, Any], stream: bool
) -> None:
    app = start(**SETTINGS, read_timeout_s=0.15)
    provider.fault(fault, model="gpt-4o", **parameters)
    for number in range(3):
        (app.stream if stream else app.ask)(f"How does door {number} open?")
    assert state(app) == 2


def test_invalid_requests_do_not_open_the_breaker(clock: Clock, start: Start, provider: Provider) -> None:
    app = start(**SETTINGS, max_output_tokens=1_000_000)
    for number in range(5):
        assert app.ask(f"How does door {number} open?").json()["error"]["type"] == "invalid_request"
    assert state(app) == 0


def test_the_error_is_of_the_last_attempt_when_the_breaker_opens_during_a_wait(
    start: Start, provider: Provider
) -> None:
    """The third attempt is not made, so the error is that of the second attempt."""
    app = start(max_attempts=5, breaker_failures=2)
    for model in ("gpt-4o", "gpt-4o-mini"):
        provider.fault("server_error", model=model)
    assert app.ask().json()["error"]["type"] == "server_error"
    assert len(provider.chats()) == 4
    assert app.total("llm_errors_total", error_type="server_error") == 1
