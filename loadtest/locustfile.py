"""The simulated users, for Locust. Scenarios run this file headless; `make load-ui` opens Locust's web page with it.

Environment:
    LOADTEST_TRAFFIC   file with the Traffic to make; read again when it changes. Without it Locust's web page sets
                       the number of users
    LOADTEST_SAMPLES   file for one GeneratorSample a second; without it none are written
    LOADTEST_SEED      whole number, seed of all random choices; random without it
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import gevent
import psutil
import requests
from locust import HttpUser, LoadTestShape, constant, events, task

from loadtest import questions
from loadtest.health import GeneratorSample
from loadtest.traffic import STREAM, SUMMARISE, Traffic

_TIMEOUT_S: Final = 60.0
_TRAFFIC = Path(os.environ["LOADTEST_TRAFFIC"]) if os.environ.get("LOADTEST_TRAFFIC") else None
_SAMPLES = Path(os.environ["LOADTEST_SAMPLES"]) if os.environ.get("LOADTEST_SAMPLES") else None
_SEED = os.environ.get("LOADTEST_SEED")


@dataclass
class _State:
    """Shared by all users of this process. Requests are counted since its start."""

    traffic: Traffic = field(default_factory=Traffic)
    random: random.Random = field(default_factory=lambda: random.Random(int(_SEED) if _SEED else None))  # noqa: S311
    due: int = 0
    started: int = 0
    finished: int = 0
    failed: int = 0


_state = _State()


class Customer(HttpUser):
    """A user who asks at random times. Requests that come due while the user waits for an answer are skipped."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Start at a random moment of the first interval, so that the rate is even from the beginning."""
        self._due = time.monotonic() + _state.random.random() * self._interval_s()
        self._tenant = questions.tenant(_state.random)
        self._name = f"{self._tenant or 'guest'}-{_state.random.randrange(questions.USERS_PER_TENANT)}"

    @task
    def ask(self) -> None:
        pause_s = self._due - time.monotonic()
        if pause_s > 0:
            gevent.sleep(pause_s)
        now = time.monotonic()
        _state.due += 1
        self._due += _state.random.expovariate(1 / self._interval_s())
        while self._due < now:  # due while the user waited for the last answer: counted as due, never started
            _state.due += 1
            self._due += _state.random.expovariate(1 / self._interval_s())
        _state.started += 1
        traffic = _state.traffic
        endpoint = _state.random.choices(list(traffic.mix), list(traffic.mix.values()))[0]
        injection = _state.random.random() < traffic.injections
        text = questions.injection(_state.random) if injection else questions.question(traffic.repeats, _state.random)
        self._send(endpoint, text, injection)

    def _interval_s(self) -> float:
        return _state.traffic.users / _state.traffic.rate

    def _send(self, endpoint: str, text: str, injection: bool) -> None:
        body = {"query" if endpoint == SUMMARISE else "question": text}
        with self.client.post(
            endpoint,
            json=body,
            headers=self._headers(),
            timeout=_TIMEOUT_S,
            stream=endpoint == STREAM,
            catch_response=True,
        ) as response:
            trace_id, error = _result(response, endpoint)
            failed = bool(error) and not (injection and error == "bad_input")
            if failed:
                response.failure(error)
            else:
                response.success()
        _state.finished += 1
        _state.failed += failed
        if not error and trace_id and _state.random.random() < _state.traffic.votes:
            self._vote(trace_id)

    def _vote(self, trace_id: str) -> None:
        vote = {"trace_id": trace_id, "value": "up" if _state.random.random() < 0.8 else "down"}
        self.client.post("/api/feedback", json=vote, headers=self._headers(), timeout=_TIMEOUT_S)

    def _headers(self) -> dict[str, str]:
        return {"x-user-id": self._name} | ({"x-tenant-id": self._tenant} if self._tenant else {})


def _result(response: Any, endpoint: str) -> tuple[str, str]:
    """Trace id and error of a response; no error: "", no usable response: `client`."""
    try:
        if response.status_code == 200:
            return _streamed(response) if endpoint == STREAM else (response.json()["trace_id"] or "", "")
        if response.status_code:
            return "", str(response.json()["error"]["type"])
    except (requests.RequestException, ValueError, KeyError):  # broken off, or not a response of the application
        pass
    return "", "client"


def _streamed(response: Any) -> tuple[str, str]:
    """Read a stream to its end, as a browser would; its trace id and error."""
    for name, data in _server_sent_events(response.iter_content(chunk_size=None)):
        if name == "done":
            return json.loads(data)["trace_id"] or "", ""
        if name == "error":
            return "", str(json.loads(data)["error"]["type"])
    return "", "client"


def _server_sent_events(chunks: Iterator[bytes]) -> Iterator[tuple[str, str]]:
    """Name and data of each event; the application sends both on one line."""
    rest = b""
    for chunk in chunks:
        *complete, rest = (rest + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
        for event in complete:
            fields = dict(line.split(": ", 1) for line in event.decode().splitlines() if ": " in line)
            yield fields.get("event", "message"), fields.get("data", "")


if _TRAFFIC:

    class TrafficShape(LoadTestShape):
        """Sets the number of users to that of the traffic; Locust calls `tick` once a second."""

        use_common_options = False

        def tick(self) -> tuple[int, float]:
            """Users, and how many of them may start per second."""
            return _state.traffic.users, 100.0


@events.init.add_listener  # type: ignore[untyped-decorator]
def _start(**_: Any) -> None:
    if _TRAFFIC:
        _state.traffic = Traffic.read(_TRAFFIC)
        gevent.spawn(_follow_traffic, _TRAFFIC)
    if _SAMPLES:
        gevent.spawn(_write_samples, _SAMPLES)


def _follow_traffic(path: Path) -> None:
    last_change = 0
    while True:
        changed = path.stat().st_mtime_ns
        if changed != last_change:
            last_change, _state.traffic = changed, Traffic.read(path)
        gevent.sleep(0.5)


def _write_samples(path: Path) -> None:
    process, tick_s = psutil.Process(), 0.1
    cpu_s = sum(process.cpu_times()[:2])
    with path.open("a", encoding="utf-8", buffering=1) as file:
        while True:
            start, late_s = time.monotonic(), 0.0
            while time.monotonic() - start < 1.0:
                before = time.monotonic()
                gevent.sleep(tick_s)
                late_s = max(late_s, time.monotonic() - before - tick_s)
            cpu_s, last_cpu_s = sum(process.cpu_times()[:2]), cpu_s
            sample = GeneratorSample(
                time=time.time(),
                due=_state.due,
                started=_state.started,
                finished=_state.finished,
                failed=_state.failed,
                late_ms=late_s * 1e3,
                cpu=round((cpu_s - last_cpu_s) / (time.monotonic() - start), 3),
            )
            file.write(json.dumps(asdict(sample)) + "\n")
