"""Access to a running stack: its stores, its demo application, the ledger of its provider."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from lite_process import LiteProcess

from stack.processes import Supervisor
from stack.secrets import PROVIDER_TOKEN, secret
from stack.settings import Stack
from stack.stores import Stores
from stores.log_filter import LogFilter
from stores.logs import LogLine
from stores.polling import poll_until
from stores.traces import Trace

SERVICE = "demo-app"
ARRIVES_WITHIN_S = 60.0  # a scrape, a batch and a store's own delay; Tempo's newest spans may take 30 s


@dataclass
class LiveStack:
    """`process` is None for a stack that `make up` started."""

    stack: Stack
    process: LiteProcess | None
    stores: Stores = field(init=False)

    def __post_init__(self) -> None:
        self.stores = Stores.of(self.stack)

    def url(self, port: str, path: str = "") -> str:
        """A local address of the server on the port called `port`."""
        return f"http://127.0.0.1:{self.stack.port(port)}{path}"

    def ask(self, question: str, tenant: str = "acme", user: str = "u1", path: str = "/api/support/answer") -> Any:
        """Ask the demo application; returns its answer."""
        headers = {"x-tenant-id": tenant, "x-user-id": user}
        field_name = "query" if path.endswith("summarise") else "question"
        response = requests.post(
            self.url("DEMO_APP_PORT", path), json={field_name: question}, headers=headers, timeout=60
        )
        return response.json()

    def ledger(self, trace_id: str) -> list[Any]:
        """The provider's ledger entries of one trace."""
        return [entry for entry in self.served() if entry["trace_id"] == trace_id]

    def served(self) -> list[Any]:
        """All entries of the provider's ledger."""
        entries: list[Any] = []
        since = 0
        while page := self.provider(f"/admin/ledger?since={since}&limit=10000")["entries"]:
            entries += page
            since = page[-1]["seq"]
        return entries

    def provider(self, path: str) -> Any:
        """The answer of one of the provider's admin endpoints."""
        headers = {}
        if self.process is None and (self.stack.secrets / PROVIDER_TOKEN).exists():
            headers = {"Authorization": f"Bearer {secret(self.stack.secrets, PROVIDER_TOKEN)}"}
        response = requests.get(self.url("SIM_PROVIDER_PORT", path), headers=headers, timeout=30)
        response.raise_for_status()
        return response.json()

    def trace(self, trace_id: str, *names: str) -> Trace:
        """Wait until the trace has spans with these names."""
        return poll_until(
            lambda: self.stores.traces.trace(trace_id),
            lambda found: found is not None and set(names) <= {span.name for span in found.spans},
            ARRIVES_WITHIN_S,
        )

    def log_line(self, trace_id: str, event: str = "llm_call") -> LogLine:
        """Wait for the only log line of this event in a trace."""
        [line] = poll_until(
            lambda: self.stores.logs.query(LogFilter(trace_id=trace_id, fields={"event": event})),
            timeout_s=ARRIVES_WITHIN_S,
        )
        return line

    def counters(self, *names: str, **labels: str) -> Counter[tuple[str, ...]]:
        """Current values of counters, by name and label values."""
        matchers = ",".join(f'{key}="{value}"' for key, value in {"service": SERVICE, **labels}.items())
        found: Counter[tuple[str, ...]] = Counter()
        for name in names:
            for sample in self.stores.metrics.instant(f"{name}{{{matchers}}}"):
                found[(name, *label_values(sample.labels))] += sample.value  # type: ignore[assignment]
        return found

    def wait_until_scraped(self) -> None:
        """Wait until Prometheus has counted every request in the provider's ledger."""
        total = f'sum(llm_provider_attempts_total{{service="{SERVICE}"}})'
        poll_until(lambda: self.stores.metrics.value(total), lambda value: value == len(self.served()), 60.0, 0.5)

    def kill(self, server: str) -> None:
        """kill -9; returns when the supervisor has started the server again."""
        assert self.process is not None
        info = self.supervisor_states()[server]
        os.kill(info["pid"], signal.SIGKILL)
        poll_until(
            lambda: self.supervisor_states()[server],
            lambda now: now["statename"] in ("RUNNING", "STARTING") and now["pid"] not in (0, info["pid"]),
            30.0,
        )

    def supervisor_states(self) -> dict[str, dict[str, Any]]:
        """The supervisor's state of each server of lite."""
        return Supervisor(self.stack).states()

    def wait_ready(self) -> None:
        """Wait until `python -m stack status` reports every server as ready."""
        assert self.process is not None
        process = self.process
        poll_until(lambda: process.run("status"), lambda done: done.returncode == 0, 60.0, 0.5)


def label_values(labels: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the application's own labels, except `service`."""
    return tuple(
        value for key, value in sorted(labels.items()) if key not in ("__name__", "instance", "job", "service")
    )


def now() -> float:
    """Unix s."""
    return time.time()
