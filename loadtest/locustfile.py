"""The users, for Locust. `make load-ui` opens Locust's own page with it; scenarios run it without one.

Environment:
    LOADTEST_TRAFFIC   file with the Traffic to make, read again when it changes; without it Locust's page decides
                       how many users there are
    LOADTEST_EVENTS    file that every request and a beat a second are written to; without it none are
    LOADTEST_SEED      of all chance, a whole number; random without it
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import gevent
import psutil
import requests
from locust import HttpUser, LoadTestShape, constant, events, task
from locust.env import Environment

from loadtest import questions
from loadtest.events import Beat, Request
from loadtest.traffic import STREAM, SUMMARISE, Traffic

_GIVES_UP_S: Final = 60.0  # a person who waits longer has left
_TRAFFIC = Path(os.environ["LOADTEST_TRAFFIC"]) if os.environ.get("LOADTEST_TRAFFIC") else None
_EVENTS = os.environ.get("LOADTEST_EVENTS")
_SEED = os.environ.get("LOADTEST_SEED")


class _Now:
    """What holds at the moment, for all users of this process."""

    traffic = Traffic()
    chance = random.Random(int(_SEED)) if _SEED else random.Random()  # noqa: S311 - not a secret
    asked = started = finished = failed = 0
    file = open(_EVENTS, "a", encoding="utf-8", buffering=1) if _EVENTS else None  # noqa: SIM115 - as long as the process

    @classmethod
    def write(cls, item: Request | Beat) -> None:
        if cls.file:
            cls.file.write(json.dumps(asdict(item)) + "\n")


class Customer(HttpUser):
    """One of many who ask now and then. What is due while one still waits is asked right after, once."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Begin at some moment of the interval, so that all together are even from the start."""
        self._due = time.monotonic() + _Now.chance.random() * self._interval()
        self._tenant = questions.tenant(_Now.chance)
        self._name = f"{self._tenant or 'guest'}-{_Now.chance.randrange(questions.USERS_PER_TENANT)}"

    @task
    def ask(self) -> None:
        """Wait until the next question is due, and ask it."""
        pause = self._due - time.monotonic()
        if pause > 0:
            gevent.sleep(pause)
        now = time.monotonic()
        _Now.asked += 1
        self._due += _Now.chance.expovariate(1 / self._interval())
        while self._due < now:  # it waited for its last answer: these are asked for, and never begun
            _Now.asked += 1
            self._due += _Now.chance.expovariate(1 / self._interval())
        _Now.started += 1
        traffic = _Now.traffic
        endpoint = _Now.chance.choices(list(traffic.mix), list(traffic.mix.values()))[0]
        attack = _Now.chance.random() < traffic.injections
        text = questions.injection(_Now.chance) if attack else questions.question(traffic.repeats, _Now.chance)
        self._send(endpoint, text, attack)

    def _interval(self) -> float:
        return _Now.traffic.users / _Now.traffic.rate

    def _send(self, endpoint: str, text: str, attack: bool) -> None:
        body = {"query" if endpoint == SUMMARISE else "question": text}
        started = time.time()
        facts: dict[str, Any] = {}
        error, status = "", 0
        with self.client.post(
            endpoint,
            json=body,
            headers=self._headers(),
            timeout=_GIVES_UP_S,
            stream=endpoint == STREAM,
            catch_response=True,
        ) as response:
            status = response.status_code
            try:
                if status == 200:
                    facts, error = _streamed(response) if endpoint == STREAM else (response.json(), "")
                elif status:
                    facts, error = _failed(response.json())
                else:
                    error = "client"
            except (requests.RequestException, ValueError, KeyError):  # it broke off, or is no answer of ours
                error = "client"
            if error and not (attack and error == "bad_input"):
                response.failure(error)
            else:
                response.success()
        failed = bool(error) and not (attack and error == "bad_input")
        _Now.finished += 1
        _Now.failed += failed
        facts = {key: value for key, value in facts.items() if key not in ("answer", "summary", "sources")}
        _Now.write(Request(started, time.time(), endpoint, status, error, attack, facts))
        if not error and facts.get("trace_id") and _Now.chance.random() < _Now.traffic.votes:
            self._vote(facts["trace_id"])

    def _vote(self, trace_id: str) -> None:
        vote = {"trace_id": trace_id, "value": "up" if _Now.chance.random() < 0.8 else "down"}
        self.client.post("/api/feedback", json=vote, headers=self._headers(), timeout=_GIVES_UP_S)

    def _headers(self) -> dict[str, str]:
        return {"x-user-id": self._name} | ({"x-tenant-id": self._tenant} if self._tenant else {})


def _streamed(response: Any) -> tuple[dict[str, Any], str]:
    """Read a stream to its end as a browser would: what the answer took, and the error it ended with."""
    for name, data in _server_sent(response.iter_content(chunk_size=None)):
        if name == "done":
            return json.loads(data), ""
        if name == "error":
            return _failed(json.loads(data))
    return {}, "client"


def _failed(body: Any) -> tuple[dict[str, Any], str]:
    """The trace id of a request without an answer, and why it has none."""
    return {"trace_id": body["error"]["trace_id"]}, str(body["error"]["type"])


def _server_sent(parts: Iterator[bytes]) -> Iterator[tuple[str, str]]:
    """Name and data of each event (one line of each, which is what the application sends)."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).replace(b"\r\n", b"\n").split(b"\n\n")
        for event in whole:
            fields = dict(line.split(": ", 1) for line in event.decode().splitlines() if ": " in line)
            yield fields.get("event", "message"), fields.get("data", "")


if _TRAFFIC:

    class AsTold(LoadTestShape):
        """As many users as the file says; Locust asks once a second."""

        use_common_options = False

        def tick(self) -> tuple[int, float]:
            """Users, and how many may begin in a second."""
            return _Now.traffic.users, 100.0


@events.init.add_listener  # type: ignore[untyped-decorator]
def _begin(environment: Environment, **_: Any) -> None:
    if _TRAFFIC:
        _Now.traffic = Traffic.read(_TRAFFIC)
        gevent.spawn(_follow, _TRAFFIC)
    if _EVENTS:
        gevent.spawn(_beat, environment)


def _follow(file: Path) -> None:
    seen = 0
    while True:
        changed = file.stat().st_mtime_ns
        if changed != seen:
            seen, _Now.traffic = changed, Traffic.read(file)
        gevent.sleep(0.5)


def _beat(environment: Environment) -> None:
    process, tick_s = psutil.Process(), 0.1
    used = sum(process.cpu_times()[:2])
    while True:
        begun, late = time.monotonic(), 0.0
        while time.monotonic() - begun < 1.0:
            before = time.monotonic()
            gevent.sleep(tick_s)
            late = max(late, time.monotonic() - before - tick_s)
        now_used, length = sum(process.cpu_times()[:2]), time.monotonic() - begun
        cpu, used = (now_used - used) / length, now_used
        users = environment.runner.user_count if environment.runner else 0
        _Now.write(
            Beat(time.time(), users, _Now.asked, _Now.started, _Now.finished, _Now.failed, late * 1e3, round(cpu, 3))
        )
