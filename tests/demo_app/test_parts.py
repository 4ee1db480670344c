"""Budget, queue, cache, settings, prompts, and what is read off a provider's refusal."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demo_app import model_client
from demo_app.answer_cache import AnswerCache, CachedAnswer
from demo_app.articles import articles, corpus_version, example_questions
from demo_app.bounded_queue import BoundedQueue
from demo_app.failures import _RESPONSES, ModelFailure, QueueFull
from demo_app.prompts import CANARY, check_version, messages
from demo_app.retry_budget import MOST_KEPT, RetryBudget
from demo_app.settings import DemoSettings, DemoSettingsError
from llm_telemetry.names import ERROR_TYPES, HALLUCINATION

# Budget ---------------------------------------------------------------------------------------------------


def test_five_requests_pay_for_one_second_attempt() -> None:
    budget = RetryBudget()
    for _ in range(4):
        budget.request()
        assert not budget.withdraw()
    budget.request()
    assert budget.withdraw()
    assert not budget.withdraw()


@pytest.mark.parametrize("requests", [1, 99, 1_000, 10_007])
def test_outage_costs_a_fifth_more(requests: int) -> None:
    budget, second = RetryBudget(), 0
    for _ in range(requests):
        budget.request()
        while budget.withdraw():
            second += 1
    assert requests * 0.2 - 1 <= second <= requests * 0.2


def test_good_times_are_kept_up_to_a_limit() -> None:
    budget = RetryBudget()
    for _ in range(10_000):
        budget.request()
    assert sum(budget.withdraw() for _ in range(100)) == MOST_KEPT


# Queue ----------------------------------------------------------------------------------------------------


async def settle() -> None:
    """Let every task go on until it waits for something that does not come."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_queue_has_places_and_room_to_wait() -> None:
    queue = BoundedQueue(2, 1)
    first, second, third = (queue.reserve() for _ in range(3))
    with pytest.raises(QueueFull) as full:
        queue.reserve()
    assert full.value.retry_after_s == 1
    await first.wait()
    await second.wait()
    waiting = asyncio.create_task(third.wait())
    await settle()
    assert not waiting.done()
    first.release()
    await waiting
    queue.reserve()


async def test_reserved_place_counts_before_it_is_used() -> None:
    queue = BoundedQueue(1, 0)
    ticket = queue.reserve()
    with pytest.raises(QueueFull):
        queue.reserve()
    with ticket:
        pass
    queue.reserve()


async def test_place_is_given_back_once() -> None:
    queue = BoundedQueue(1, 0)
    ticket = queue.reserve()
    await ticket.wait()
    for _ in range(3):
        ticket.release()
    other = queue.reserve()
    await other.wait()
    with pytest.raises(QueueFull):
        queue.reserve()


async def test_who_stops_waiting_takes_no_place() -> None:
    queue = BoundedQueue(1, 2)
    first, second, third = (queue.reserve() for _ in range(3))
    await first.wait()
    waiting = asyncio.create_task(second.wait())
    await settle()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    second.release()
    first.release()
    await asyncio.wait_for(third.wait(), 5)


async def test_more_places_are_taken_by_who_waits_longest() -> None:
    queue = BoundedQueue(1, 4)
    tickets = [queue.reserve() for _ in range(5)]
    waiting = [asyncio.create_task(ticket.wait()) for ticket in tickets]
    await asyncio.wait_for(waiting[0], 5)
    queue.concurrency = 3
    await asyncio.wait_for(asyncio.gather(*waiting[:3]), 5)
    await settle()
    assert not waiting[3].done()
    tickets[0].release()
    await asyncio.wait_for(waiting[3], 5)
    await settle()
    assert not waiting[4].done()
    tickets[1].release()
    await asyncio.wait_for(waiting[4], 5)


async def test_of_fewer_places_nobody_loses_one() -> None:
    queue = BoundedQueue(3, 2)
    running = [queue.reserve() for _ in range(3)]
    for ticket in running:
        await ticket.wait()
    queue.concurrency = 1
    with pytest.raises(QueueFull) as full:
        queue.reserve()
    assert full.value.retry_after_s == 4, "two wait for one place, and not for three"
    running[0].release()
    next_one = queue.reserve()
    waiting = asyncio.create_task(next_one.wait())
    running[1].release()
    await settle()
    assert not waiting.done(), "one still runs, and there is one place"
    running[2].release()
    await asyncio.wait_for(waiting, 5)


async def test_wait_follows_how_long_answers_take(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("demo_app.bounded_queue.time", SimpleNamespace(monotonic=lambda: now[0]))
    queue = BoundedQueue(1, 2)
    for _ in range(200):
        ticket = queue.reserve()
        await ticket.wait()
        now[0] += 20.0
        ticket.release()
    for _ in range(3):
        queue.reserve()
    with pytest.raises(QueueFull) as full:
        queue.reserve()
    assert full.value.retry_after_s == 40
    assert full.value.hint == "Try again in 40 s."


# Cache ----------------------------------------------------------------------------------------------------


def test_cache_forgets_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = CachedAnswer("Yes.", (), "gpt-4o")
    cache = AnswerCache(10, ttl_s=0)
    cache.put(answer, "Why?", "acme")
    assert cache.get("Why?", "acme") is None
    cache = AnswerCache(10, ttl_s=60)
    cache.put(answer, "Why?", "acme")
    assert cache.get(" WHY?", "acme") is answer
    assert cache.get("Why?", "globex") is None


def test_cache_keeps_the_newest() -> None:
    cache = AnswerCache(2, ttl_s=60)
    for number in range(3):
        cache.put(CachedAnswer(str(number), (), "m"), str(number))
    assert [bool(cache.get(str(number))) for number in range(3)] == [False, True, True]


# Settings -------------------------------------------------------------------------------------------------


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MODEL": "gpt-4.1", "CONCURRENCY": "3", "READ_TIMEOUT_S": "0.5", "RETRY_BUDGET": "off", "DATA_DIR": "/tmp/x",
        "TOP_K": "",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"DEMO_{name}", value)
    assert DemoSettings.from_environment() == DemoSettings(
        model="gpt-4.1", concurrency=3, read_timeout_s=0.5, retry_budget=False, data_dir=Path("/tmp/x")
    )


@pytest.mark.parametrize(("value", "meaning"), [("on", True), ("TRUE", True), ("1", True), ("no", False), ("0", False)])
def test_switches(monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool) -> None:
    monkeypatch.setenv("DEMO_RETRY_BUDGET", value)
    assert DemoSettings.from_environment().retry_budget is meaning


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("CONCURRENCY", "many", "a number >= 1 such as 16"),
        ("CONCURRENCY", "0", "a number >= 1 such as 16"),
        ("CACHE_SIZE", "0", "a number >= 1 such as 1000"),
        ("QUEUE_CAPACITY", "-1", "a number >= 0 such as 32"),
        ("TOP_K", "1.5", "a number >= 1 such as 4"),
        ("READ_TIMEOUT_S", "nan", "a number >= 0 such as 10.0"),
        ("READ_TIMEOUT_S", "inf", "a number >= 0 such as 10.0"),
        ("RETRY_BUDGET", "perhaps", "on or off"),
    ],
)
def test_settings_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, name: str, value: str, remedy: str) -> None:
    monkeypatch.setenv(f"DEMO_{name}", value)
    with pytest.raises(DemoSettingsError) as error:
        DemoSettings.from_environment()
    assert str(error.value) == f"DEMO_{name}={value!r} is invalid: it must be {remedy}"


def test_unknown_prompt_version() -> None:
    check_version("v2")
    with pytest.raises(DemoSettingsError, match=r"DEMO_PROMPT_VERSION='v9': prompts.yaml has v1, v2"):
        check_version("v9")


# Prompts and articles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(("task", "label"), [("support", "Question: Why?"), ("summary", "Topic: Why?")])
def test_messages(version: str, task: Any, label: str) -> None:
    system, user = messages(version, task, "Why?", articles()[:2])
    assert (system["role"], user["role"]) == ("system", "user")
    assert CANARY in system["content"]
    assert CANARY not in user["content"]
    assert f"[1] {articles()[0].title}\n" in user["content"]
    assert f"[2] {articles()[1].title}\n" in user["content"]
    assert user["content"].endswith(label)


def test_question_in_braces_is_only_text() -> None:
    assert messages("v1", "support", "{canary} {0}", ())[1]["content"].endswith("Question: {canary} {0}")


def test_articles() -> None:
    assert len(articles()) >= 60
    assert len({article.id for article in articles()}) == len(articles())
    assert len(corpus_version()) == 16
    assert len(example_questions()) > 50


# What a provider says ---------------------------------------------------------------------------------------


def refusal(value: str | None) -> Any:
    error: Any = RuntimeError()
    error.response = SimpleNamespace(headers={} if value is None else {"retry-after": value})
    return error


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("3", 3),
        ("0.5", 0.5),
        ("0", 0),
        ("-2", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert model_client._retry_after_s(refusal(value)) == seconds


def test_retry_after_as_a_date() -> None:
    now = datetime.now(UTC)
    ahead = model_client._retry_after_s(refusal(format_datetime(now + timedelta(seconds=90), usegmt=True)))
    assert ahead is not None
    assert 60 < ahead <= 90
    assert model_client._retry_after_s(refusal(format_datetime(now - timedelta(days=1), usegmt=True))) == 0
    assert model_client._retry_after_s(refusal("Fri, 31 Dec 1999 23:59:59 -0000")) == 0


def test_no_answer_at_all_has_no_retry_after() -> None:
    assert model_client._retry_after_s(RuntimeError()) is None


def test_backoff_grows_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_client, "_FIRST_WAIT_S", 0.2)
    monkeypatch.setattr(model_client.random, "uniform", lambda *_: 1.0)
    waits = [model_client._wait_s(SimpleNamespace(outcome=None, attempt_number=number)) for number in range(1, 8)]  # type: ignore[arg-type]
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0])


def test_every_error_type_can_be_said() -> None:
    assert set(_RESPONSES) == set(ERROR_TYPES) - {HALLUCINATION}
    for error_type in _RESPONSES:
        failure = ModelFailure(error_type)
        assert 400 <= failure.status < 600
        assert failure.message.endswith(".")
        assert failure.hint.endswith(".")
