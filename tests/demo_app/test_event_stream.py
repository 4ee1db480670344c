"""A client that disconnects ends its generation and frees its slot; waiting requests get the next slot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from demo_live import ANSWER, QUESTION, STREAM, App, Provider, Reading, Start, series, wait_for

import demo_app.app
from demo_app import answering
from demo_app.settings import DemoSettings

RealQueue = answering.BoundedQueue


PLACE = {"endpoint": STREAM, "model": "gpt-4o"}


def gauge(app: App, name: str, endpoint: str = STREAM) -> float:
    return app.metrics()[series(name, endpoint=endpoint)]


def cancelled(app: App) -> bool:
    return app.total("llm_requests_total", status="cancelled") == 1


def assert_cancelled(app: App) -> None:
    wait_for(lambda: cancelled(app), "the hang-up was not seen")
    assert app.changed("llm_requests_total") == {
        series("llm_requests_total", **PLACE, tenant="acme", status="cancelled"): 1
    }
    assert app.total("llm_errors_total") == 0
    assert app.total("llm_latency_ms_count") == 0
    assert gauge(app, "llm_in_flight_requests") == gauge(app, "llm_queue_depth") == 0
    assert app.metrics()[series("llm_circuit_breaker_state", provider="openai", model="gpt-4o")] == 0
    line = app.call()
    assert (line["status"], line["error_type"], line["level"]) == ("cancelled", None, "info")
    assert app.span("generate").attributes["llm.status"] == "cancelled"
    assert app.span("generate").status.is_ok


def test_a_disconnect_during_the_text_cancels_the_generation(start: Start, slow_provider: Provider) -> None:
    """The whole answer would take a minute; the request to the provider ends long before."""
    app = start(index=False, concurrency=1, queue_capacity=0)
    with app.reading() as reading:
        assert reading.next()[0] == "sources"
        assert reading.next()[0] == "token"
        assert gauge(app, "llm_in_flight_requests") == 1
    assert_cancelled(app)
    (chat,) = slow_provider.chats()
    assert (chat["outcome"], chat["usage_sent"]) == ("client_gone", False)
    assert app.changed("llm_usage_unknown_total") == {series("llm_usage_unknown_total", **PLACE): 1}
    assert app.total("llm_provider_attempts_total", model="gpt-4o", outcome="cancelled") == 1
    assert app.total("llm_provider_attempts_total", model="gpt-4o") == 1
    assert app.total("llm_ttft_ms_count", **PLACE) == 1
    with app.reading("Is the place free again?") as reading:
        assert reading.next()[0] == "sources"


def test_a_disconnect_before_the_first_text_cancels_the_generation(app: App, provider: Provider) -> None:
    provider.fault("timeout", model="gpt-4o")
    with app.reading() as reading:
        assert reading.next()[0] == "sources"
        wait_for(lambda: provider.in_progress() == 1, "the model was not asked")
    assert_cancelled(app)
    assert [entry["outcome"] for entry in provider.chats()] == ["timeout"]
    assert provider.chats()[0]["duration_ms"] < 100_000, "the provider was left, not waited for"
    assert app.total("llm_usage_unknown_total") == 0, "nothing was answered"


def test_a_disconnect_during_a_retry_wait_cancels_the_generation(app: App, provider: Provider) -> None:
    provider.script("gpt-4o", {"rate_limit": {"retry_after_s": 4.0}})
    with app.reading() as reading:
        assert reading.next()[0] == "sources"
        wait_for(lambda: provider.chats(), "the model was not asked")
    assert_cancelled(app)
    assert len(provider.chats()) == 1


def test_a_plain_answer_is_finished_after_a_disconnect(app: App, provider: Provider) -> None:
    """uvicorn does not tell the handler that the client left. The finished answer goes into the cache."""
    provider.fault("ttft", model="gpt-4o", added_ms=300)
    with pytest.raises(Exception, match="timed out"):
        app.http.post(app.url + ANSWER, json={"question": QUESTION}, timeout=0.1)
    wait_for(lambda: app.total("llm_requests_total", status="ok") == 1, "the answer was not finished")
    assert gauge(app, "llm_in_flight_requests", ANSWER) == 0


def test_a_disconnect_after_the_answer_is_not_a_cancellation(app: App) -> None:
    assert app.stream().one("done")
    assert app.total("llm_requests_total", status="ok") == 1


class Hanging:
    """A client that receives `sends` messages, then blocks and disconnects."""

    def __init__(self, sends: int) -> None:
        self.sends = sends
        self.sent: list[dict[str, Any]] = []
        self.hung_up = asyncio.Event()
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b'{"question": "%s"}' % QUESTION.encode(), "more_body": False}
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if len(self.sent) >= self.sends:
            self.hung_up.set()
            await asyncio.Event().wait()
        self.sent.append(message)


@pytest.mark.parametrize("sends", [0, 1, 2])
async def test_the_slot_is_free_after_a_slow_client_disconnects(
    start: Start, provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, sends: int
) -> None:
    """The stream waits in `send`, where a cancellation does not reach its generator."""
    start()  # telemetry that the test can see, and an index
    queues = []
    monkeypatch.setattr(answering, "BoundedQueue", lambda *args: queues.append(made := RealQueue(*args)) or made)
    app = demo_app.app.create_app(DemoSettings(data_dir=tmp_path / "data"))
    client = Hanging(sends)
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "method": "POST", "path": STREAM,
        "raw_path": STREAM.encode(), "root_path": "", "query_string": b"", "scheme": "http", "http_version": "1.1",
        "headers": [(b"content-type", b"application/json")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    await asyncio.wait_for(app(scope, client.receive, client.send), 10)
    assert len(client.sent) == sends
    assert [queue._tickets for queue in queues] == [0, 0, 0]


@contextmanager
def held(app: App, provider: Provider, question: str) -> Iterator[Reading]:
    """A stream that keeps its slot until the block is left."""
    with app.reading(question) as reading:
        assert reading.next()[0] == "sources"
        yield reading


def test_a_full_queue_rejects_requests(start: Start, provider: Provider) -> None:
    app = start(concurrency=1, queue_capacity=1)
    provider.fault("timeout", model="gpt-4o")
    assert gauge(app, "llm_queue_capacity") == 1
    with ExitStack() as held_open:
        held_open.enter_context(held(app, provider, "Who is first?"))
        wait_for(lambda: provider.in_progress() == 1, "the first is not being answered")
        held_open.enter_context(held(app, provider, "Who is second?"))
        wait_for(lambda: gauge(app, "llm_queue_depth") == 1, "nobody waits")
        assert gauge(app, "llm_in_flight_requests") == 1
        assert provider.in_progress() == 1
        third = app.stream("Who is third?").response
        assert third.status_code == 429
        assert int(third.headers["retry-after"]) >= 1
        assert third.json()["error"]["type"] == "queue_full"
        assert third.json()["error"]["hint"].startswith("Try again in")
        assert app.changed("llm_rejected_requests_total") == {
            series("llm_rejected_requests_total", endpoint=STREAM, reason="queue_full"): 1
        }
        assert app.total("llm_requests_total") == 0
    wait_for(lambda: app.total("llm_requests_total", status="cancelled") == 2, "the hang-ups were not seen")
    assert gauge(app, "llm_in_flight_requests") == gauge(app, "llm_queue_depth") == 0


def test_next_in_the_queue_is_served(start: Start, provider: Provider) -> None:
    app = start(concurrency=1, queue_capacity=1)
    provider.fault("timeout", model="gpt-4o")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(app.stream("Who is second?")))
    with held(app, provider, "Who is first?"):
        wait_for(lambda: provider.in_progress() == 1, "the first is not being answered")
        waiting.start()
        wait_for(lambda: gauge(app, "llm_queue_depth") == 1, "nobody waits")
        provider.without_faults()
    waiting.join()
    assert answers[0].one("done")["attempts"] == 1
    second = app.spans("generate")[-1].attributes
    assert 0 < second["llm.queue_ms"] <= second["llm.latency_ms"]
    assert answers[0].one("done")["ttft_ms"] > second["llm.queue_ms"], "waiting is part of what a person waits"


def test_a_disconnect_in_the_queue_frees_the_place(start: Start, provider: Provider) -> None:
    app = start(concurrency=1, queue_capacity=1)
    provider.fault("timeout", model="gpt-4o")
    with held(app, provider, "Who is first?"):
        wait_for(lambda: provider.in_progress() == 1, "the first is not being answered")
        with held(app, provider, "Who is second?"):
            wait_for(lambda: gauge(app, "llm_queue_depth") == 1, "nobody waits")
        wait_for(lambda: cancelled(app), "the hang-up was not seen")
        assert gauge(app, "llm_queue_depth") == 0
        assert gauge(app, "llm_in_flight_requests") == 1
        assert app.calls()[0]["attempts"] == 0
        with held(app, provider, "Is there room for a third?"):
            pass


def test_a_cached_answer_needs_no_slot(start: Start, provider: Provider) -> None:
    app = start(concurrency=1, queue_capacity=0)
    app.stream(QUESTION)
    provider.fault("timeout", model="gpt-4o")
    with held(app, provider, "Who has the place?"):
        assert app.stream(QUESTION).one("done")["cache_hit"] is True
