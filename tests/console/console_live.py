"""A running stack with a console under a small load. It uses rehearsal rules, so alerts fire within a minute."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from stack.settings import ROOT

sys.path.extend([str(ROOT / "tests" / "stack"), str(ROOT / "tests" / "stores")])

from console_load import MARKUP, Load, under_load
from console_process import STORE_PORTS, ConsoleProcess, running_console
from lite_process import LiteProcess, free_ports, processes_of
from live_stack import LiveStack

from loadtest.traffic import ANSWER
from stores import LogFilter, Trace, TraceFilter, poll_until

SERVICE = "demo-app"


@dataclass
class ConsoleStack:
    live: LiveStack
    load: Load

    @property
    def url(self) -> str:
        """The console's address without a trailing slash."""
        return self.live.url("GRAFANA_PORT")

    @property
    def store_urls(self) -> dict[str, str]:
        """Environment variables for a second console of this stack."""
        return {name: self.live.url(port) for name, port in STORE_PORTS.items()}

    @contextmanager
    def console_of(self, board: dict[str, Any], folder: Path) -> Iterator[ConsoleProcess]:
        """A second console of this stack, with only this dashboard."""
        (folder / "board.json").write_text(json.dumps(board))
        [port] = free_ports(1)
        with running_console(port, folder / "console.log", "--dashboards", str(folder), **self.store_urls) as running:
            yield running

    def set_fault(self, name: str, **parameters: Any) -> None:
        """Make the provider fail for 120 s, unless `parameters` say otherwise."""
        body = {"model": "*", "probability": 1, "duration_s": 120, **parameters}
        requests.put(
            self.live.url("SIM_PROVIDER_PORT", f"/admin/faults/{name}"), json=body, timeout=10
        ).raise_for_status()

    def clear_faults(self) -> None:
        requests.delete(self.live.url("SIM_PROVIDER_PORT", "/admin/faults"), timeout=10).raise_for_status()

    def answered_trace(self, question: str = "How do I put a second building on the account?") -> Trace:
        """Ask a new question; returns its trace when trace and log line have arrived."""
        answer = poll_until(
            lambda: self.live.ask(f"{question} ({uuid.uuid4().hex[:8]})"), lambda said: "answer" in said, 60.0
        )
        trace = self.live.trace(answer["trace_id"], f"POST {ANSWER}", "generate", "chat gpt-4o", "retrieval")
        self.live.log_line(trace.trace_id)
        return trace

    def long_trace(self, count: int) -> str:
        """Send a trace with `count` spans; returns its id."""
        trace_id, now = uuid.uuid4().hex, time.time_ns()
        spans = [
            {
                "traceId": trace_id,
                "spanId": f"{number + 1:016x}",
                "parentSpanId": f"{number // 4 + 1:016x}" if number else "",
                "name": f"step {number}",
                "kind": 1,
                "startTimeUnixNano": str(now + number * 1000),
                "endTimeUnixNano": str(now + 5_000_000),
                "attributes": _attributes({f"attribute.{name}": "value " * 10 for name in range(15)}),
            }
            for number in range(count)
        ]
        resource = {"attributes": _attributes({"service.name": "long-app"})}
        self._send("traces", {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]})
        stores = self.live.stores
        poll_until(lambda: stores.traces.trace(trace_id), lambda found: found and len(found.spans) == count, 60.0)
        return trace_id

    def log_markup(self) -> str:
        """Send a log line and a span full of executable markup, as any application can; returns the trace id."""
        trace_id = uuid.uuid4().hex
        now = str(time.time_ns())
        record = {
            "timeUnixNano": now,
            "severityText": "ERROR",
            "severityNumber": 17,
            "body": {"stringValue": MARKUP},
            "traceId": trace_id,
            "spanId": "00000000000000aa",
            "attributes": _attributes({"model": MARKUP, ":onclick": "window.hacked=3", "question": MARKUP}),
        }
        span = {
            "traceId": trace_id,
            "spanId": "00000000000000aa",
            "name": MARKUP,
            "kind": 1,
            "startTimeUnixNano": now,
            "endTimeUnixNano": str(int(now) + 5_000_000),
            "attributes": _attributes({"llm.model": MARKUP, ":onclick": "window.hacked=4"}),
            "status": {"code": 2, "message": MARKUP},
        }
        resource = {"attributes": _attributes({"service.name": "markup-app"})}
        self._send("logs", {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]})
        self._send("traces", {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]})
        stores = self.live.stores
        poll_until(lambda: stores.logs.query(LogFilter(trace_id=trace_id)), timeout_s=60.0)
        poll_until(lambda: stores.traces.search(TraceFilter("markup-app")), timeout_s=60.0)
        return trace_id

    def _send(self, signal_name: str, body: Any) -> None:
        url = self.live.url("OTLP_HTTP_PORT", f"/v1/{signal_name}")
        requests.post(url, json=body, timeout=10).raise_for_status()


@contextmanager
def console_stack(folder: Path, per_second: float = 3.0, **options: str) -> Iterator[ConsoleStack]:
    """A stack on free ports, under load while the block runs."""
    process = LiteProcess.make(folder, SIM_LATENCY_SCALE="0.2", REHEARSAL="1", **options)
    up = process.run("up")
    if up.returncode:
        raise RuntimeError(up.stdout + up.stderr)
    try:
        live = LiveStack(process.stack, process)
        with under_load(live.url("DEMO_APP_PORT"), per_second) as load:
            yield ConsoleStack(live, load)
    finally:
        process.run("down")
    assert processes_of(folder) == []


def _attributes(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": name, "value": {"stringValue": value}} for name, value in values.items()]
