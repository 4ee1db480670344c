"""Handles for a running provider and a running application, and assertions on responses."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import uvicorn
from fastapi import FastAPI
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette

from llm_telemetry import Prices, Usage

T = TypeVar("T")

ANSWER, STREAM, SUMMARISE = "/api/support/answer", "/api/support/stream", "/api/search/summarise"
QUESTION = "Is it cheaper to pay once a year?"
WHO = {"x-tenant-id": "acme", "x-user-id": "user-4711"}
JSON = WHO | {"content-type": "application/json"}
OPENMETRICS = {"accept": "application/openmetrics-text; version=1.0.0"}
# prometheus_client's parser takes 0.1 s; a test compares this expression with it.
_SAMPLE = re.compile(r"(llm_\w+)(?<!_bucket)(?<!_sum)\{(.*?)\} (\S+)(?: #.*)?$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_PATIENCE_S = 15.0
_PRICES = Prices()


def wait_for(what: Callable[[], T], why: str) -> T:
    """Wait until `what()` is truthy, and return its result."""
    deadline = time.monotonic() + _PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < deadline, f"timeout: {why}"
        time.sleep(0.005)
    return found


def cost_of(*entries: Mapping[str, Any]) -> float:
    """The cost of entries of the ledger, in US dollars, by the price table."""
    costs = [
        _PRICES.cost(
            entry["model"],
            Usage(entry["prompt_tokens"], entry["completion_tokens"], entry["cached_tokens"]),
            provider="openai",
        ).dollars
        for entry in entries
    ]
    return sum(cost for cost in costs if cost is not None)


@dataclass
class Provider:
    """The simulated provider at `url`."""

    app: Starlette
    url: str
    http: httpx.Client

    def script(self, model: str, *hits: Mapping[str, Mapping[str, Any]]) -> None:
        """Set the faults of the next chats with `model`, in order. `{}` is no fault."""
        board: Any = self.app.state.provider.faults
        draw, left = board.draw, list(hits)

        def scripted(model_id: str, roll: Any, *, chat: bool) -> Mapping[str, Mapping[str, Any]]:
            drawn: Mapping[str, Mapping[str, Any]] = draw(model_id, roll, chat=chat)
            return left.pop(0) if chat and left and model_id == model else drawn

        board.draw = scripted

    def forget(self) -> None:
        """Forget all earlier requests."""
        provider: Any = self.app.state.provider
        provider.random._seen.clear()
        provider.prefix_cache._expires.clear()

    def fault(self, name: str, **body: Any) -> None:
        answer = self.http.put(f"{self.url}/admin/faults/{name}", json={"duration_s": 600} | body)
        assert answer.status_code == 200, answer.text

    def without_faults(self) -> None:
        self.http.delete(f"{self.url}/admin/faults")

    def entries(self, endpoint: str | None = None) -> Sequence[Mapping[str, Any]]:
        """The entries of the ledger in the order in which requests finished; waits until none is in progress."""
        page = wait_for(self._quiet, "the provider still answers requests")
        return [entry for entry in page["entries"] if endpoint in (None, entry["endpoint"])]

    def chats(self) -> Sequence[Mapping[str, Any]]:
        return self.entries("chat")

    def _quiet(self) -> dict[str, Any] | None:
        page: dict[str, Any] = self.http.get(f"{self.url}/admin/ledger", params={"limit": 10_000}).json()
        return None if page["in_progress"] else page

    def in_progress(self) -> int:
        return int(self.http.get(f"{self.url}/admin/ledger", params={"limit": 1}).json()["in_progress"])

    def reset(self) -> None:
        """End all faults, wait until no request is in progress, and empty the ledger."""
        self.app.state.provider.faults.__dict__.pop("draw", None)
        self.without_faults()
        self.entries()
        self.http.delete(f"{self.url}/admin/ledger")


Series = dict[str, float]


@dataclass
class App:
    """The application at `url`, with its metrics, log lines and spans."""

    url: str
    http: httpx.Client
    stdout: io.StringIO
    spans_out: InMemorySpanExporter
    records_out: InMemoryLogRecordExporter
    baseline: Series = field(default_factory=dict)

    # Asking -----------------------------------------------------------------------------------------

    def ask(self, question: str = QUESTION, **headers: str) -> httpx.Response:
        return self.http.post(self.url + ANSWER, json={"question": question}, headers=WHO | headers)

    def summarise(self, query: str = "parcels", **headers: str) -> httpx.Response:
        return self.http.post(self.url + SUMMARISE, json={"query": query}, headers=WHO | headers)

    def stream(self, question: str = QUESTION, **headers: str) -> Streamed:
        answer = self.http.post(self.url + STREAM, json={"question": question}, headers=WHO | headers)
        return Streamed(answer, events(answer.text) if answer.status_code == 200 else [])

    @contextmanager
    def reading(self, question: str = QUESTION, **headers: str) -> Iterator[Reading]:
        """A stream that is read event by event. Leaving the block disconnects."""
        body = {"question": question}
        with self.http.stream("POST", self.url + STREAM, json=body, headers=WHO | headers) as response:
            yield Reading(response, response.iter_lines())

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.http.post(self.url + path, **options)

    # Telemetry --------------------------------------------------------------------------------------

    def metrics(self) -> Series:
        """Every series by `name{label="value",…}`, without the label `service` and without buckets."""
        found = {}
        for line in self.scrape().splitlines():
            if (sample := _SAMPLE.match(line)) and 'service="demo-app"' in sample[2]:
                found[series(sample[1], **dict(_LABEL.findall(sample[2])))] = float(sample[3])
        return found

    def scrape(self) -> str:
        return self.http.get(self.url + "/metrics", headers=OPENMETRICS).text

    def changed(self, *prefixes: str) -> Series:
        """How far series have moved since the test began, without gauges that time moves."""
        now = self.metrics()
        moved = {name: value - self.baseline.get(name, 0.0) for name, value in now.items()}
        return {
            name: value
            for name, value in moved.items()
            if value and not name.startswith(_MOVED_BY_TIME) and (not prefixes or name.startswith(prefixes))
        }

    def total(self, metric: str, **labels: str) -> float:
        """The sum of how far the series of `metric` with these labels have moved."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(
            value
            for name, value in self.changed(metric).items()
            if name.split("{")[0] == metric and all(label in name for label in wanted)
        )

    def lines(self) -> list[dict[str, Any]]:
        """The log lines on stdout."""
        return [json.loads(line) for line in self.stdout.getvalue().splitlines()]

    def calls(self) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == "llm_call"]

    def call(self) -> dict[str, Any]:
        (line,) = self.calls()
        return line

    def records(self) -> list[Any]:
        """The library's log records by OTLP."""
        records = [entry.log_record for entry in self.records_out.get_finished_logs()]
        return [record for record in records if record.body in ("llm_call", "llm_feedback")]

    def spans(self, name: str | None = None) -> list[ReadableSpan]:
        return [span for span in self.spans_out.get_finished_spans() if name in (None, span.name)]

    def span(self, name: str) -> ReadableSpan:
        """The only span of that name; waits until it has ended."""
        (span,) = wait_for(lambda: self.spans(name), f"no span {name}")
        return span


# Gauges that time moves.
_MOVED_BY_TIME = ("llm_active_users", "llm_price_table_timestamp_seconds", "llm_build_info")


@dataclass
class Streamed:
    """A stream that was read to its end."""

    response: httpx.Response
    events: Sequence[tuple[str, Any]]

    def all(self, name: str) -> list[Any]:
        return [data for event, data in self.events if event == name]

    def one(self, name: str) -> Any:
        (data,) = self.all(name)
        return data

    @property
    def text(self) -> str:
        return "".join(data["text"] for data in self.all("token"))


@dataclass
class Reading:
    """A stream that is being read."""

    response: httpx.Response
    lines: Iterator[str]

    def next(self) -> tuple[str, Any]:
        """The next event."""
        name, data, _ = next(self.lines), next(self.lines), next(self.lines)
        return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events as (name, data)."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], json.loads(fields["data"])))
    return found


def series(name: str, **labels: str) -> str:
    """The name of a series with sorted labels, without `service`."""
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()) if label != "service")
    return f"{name}{{{inside}}}" if inside else name


class _Server(uvicorn.Server):
    """uvicorn that stops at once, instead of polling ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    async def main_loop(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self._stop.wait()

    def stop(self) -> None:
        """Safe from another thread."""
        if self.loop:
            self.loop.call_soon_threadsafe(self._stop.set)


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """Serve `app` on a free port with its lifespan. Yields the root URL."""
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="on",
            access_log=False,
            log_level="warning",
            loop="uvloop",
            timeout_graceful_shutdown=5,
            timeout_keep_alive=60,  # uvicorn's 5 s may end just as a busy client sends the next request
        )
    )
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="demo_app")
        thread.start()
        try:
            wait_for(lambda: server.loop or not thread.is_alive(), "the application does not start")
            assert server.started
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.stop()
            thread.join()


Start = Callable[..., App]


def parent(span: ReadableSpan, spans: list[ReadableSpan]) -> str | None:
    return next((other.name for other in spans if span.parent and other.context.span_id == span.parent.span_id), None)


def tree(app: App, route: str) -> dict[str, str | None]:
    wait_for(lambda: app.spans(f"POST {route}"), "no server span")
    spans = app.spans()
    return {
        f"{span.name}{'' if span.name != 'POST' else ' ' + str(parent(span, spans))}": parent(span, spans)
        for span in spans
    }


def assert_rejected(app: App, provider: Provider, path: str, reason: str = "bad_input", times: int = 1) -> None:
    assert app.changed("llm_rejected_requests_total") == {
        series("llm_rejected_requests_total", endpoint=path, reason=reason): times
    }
    assert provider.entries() == []
    untouched = ("llm_requests_total", "llm_cache_requests", "llm_provider", "llm_embedding", "llm_in_flight")
    assert app.changed(*untouched) == {}
    assert app.calls() == []


def assert_says_what_to_do(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/json"
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"type", "message", "hint", "trace_id"}
    assert error["message"].endswith((".", "!"))
    assert len(error["hint"]) > 10
    assert error["trace_id"] == answer.headers["x-trace-id"]
    assert len(error["message"]) < 400
    return error
