"""A sink in this process with a clock that tests move, and alerts in the form of Alertmanager's webhook."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import orjson

from alert_sink.app import create_app
from alert_sink.settings import SinkSettings
from alert_sink.sink import Clock, Sink
from stores.timestamps import rfc3339

T0 = 1_795_530_185.0  # 2026-11-24T14:23:05Z
NOBODY = "http://127.0.0.1:1"
PAGES = {
    "own_page": "http://localhost:9095",
    "prometheus_page": "http://localhost:9090",
    "logs_page": "http://localhost:9428",
    "traces_page": "http://localhost:16686",
}
HERE = {"service": "demo-app", "endpoint": "/api/support/answer"}


@dataclass
class FakeClock:
    """Monotonic and wall clock, moved by the test."""

    passed: float = 1_000.0
    wall: float = T0

    def clock(self) -> Clock:
        return Clock(lambda: self.passed, lambda: self.wall)

    def move(self, seconds: float) -> None:
        self.passed += seconds
        self.wall += seconds


@dataclass
class Running:
    http: httpx.AsyncClient
    sink: Sink
    clock: FakeClock

    async def deliver(self, *alerts: dict[str, Any]) -> httpx.Response:
        return await self.http.post("/webhook", json=message(*alerts))

    async def delivered(self, **asked: str) -> list[dict[str, Any]]:
        answer = await self.http.get("/api/notifications", params=asked)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["notifications"])

    async def pass_time(self, seconds: int) -> None:
        """Moves the clock second by second, and checks the watchdog after each."""
        for _ in range(seconds):
            self.clock.move(1)
            await self.sink.check_watchdog()

    async def settled(self) -> None:
        """Waits until no search for a trace and no forward is under way."""
        while self.sink._tasks:
            await asyncio.wait(set(self.sink._tasks))


@asynccontextmanager
async def running_sink(data: Path, clock: FakeClock | None = None, **settings: Any) -> AsyncIterator[Running]:
    """A sink without Prometheus, unless the settings give its URL."""
    clock = clock or FakeClock()
    app = create_app(SinkSettings(data=data, **{"prometheus_url": NOBODY, **PAGES, **settings}), clock.clock())
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://sink") as client:
            yield Running(client, app.state.sink, clock)


def alert(name: str = "LLMHighErrorRate", status: str = "firing", **changes: Any) -> dict[str, Any]:
    """One alert of a webhook's body. `labels` and `annotations` are added, other fields are replaced."""
    labels = {"alertname": name, "severity": "critical", "team": "application", **HERE, **changes.pop("labels", {})}
    return {
        "status": status,
        "labels": labels,
        "annotations": {
            "summary": "Too many requests get no usable answer.",
            "description": "34.2% of the requests failed.",
            "runbook_url": f"http://localhost:9095/runbooks/{name}",
            "dashboard_url": "http://localhost:3000/d/llm-incident",
            **changes.pop("annotations", {}),
        },
        "startsAt": rfc3339(T0 - 60),
        "endsAt": rfc3339(T0 + 300) if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "http://localhost:9090/graph?g0.expr=x",
        "fingerprint": f"{abs(hash(tuple(sorted(labels.items())))):016x}"[:16],
        **changes,
    }


def watchdog(status: str = "firing") -> dict[str, Any]:
    return alert("StackWatchdog", status, labels={"severity": "info", "team": "platform"})


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


def message(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {"version": "4", "receiver": "application", "status": "firing", "groupKey": "g", "alerts": list(alerts)}


@dataclass
class Answers:
    """What a canned server answers, and which requests it received."""

    url: str
    body: Any = None
    status: int = 200
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@contextmanager
def answering(body: Any = None, status: int = 200) -> Iterator[Answers]:
    """An HTTP server that gives every POST the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answers.paths.append(self.path)
            answers.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            text = orjson.dumps(answers.body)
            self.send_response(answers.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers = Answers(f"http://127.0.0.1:{server.server_port}", body, status)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def exemplars(*found: tuple[str, float, float]) -> dict[str, Any]:
    """Prometheus' answer with these exemplars: trace id, value and time of each."""
    listed = [{"labels": {"trace_id": trace_id}, "value": str(value), "timestamp": at} for trace_id, value, at in found]
    return {"status": "success", "data": [{"seriesLabels": {"le": "5000"}, "exemplars": listed}]}
