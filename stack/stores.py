"""The stores of a stack: clients of the servers that its profile runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from stack.servers import Server, full_servers, lite_servers
from stack.settings import Stack
from stores.alerts import AlertStore
from stores.connection import ANSWER_WITHIN_S
from stores.jaeger import Jaeger
from stores.logs import LogStore
from stores.loki import Loki
from stores.metrics import MetricStore
from stores.tempo import Tempo
from stores.traces import TraceStore
from stores.victoria_logs import VictoriaLogs

TRACE_STORES: Mapping[str, Callable[[str, float], TraceStore]] = {"jaeger": Jaeger, "tempo": Tempo}
LOG_STORES: Mapping[str, Callable[[str, float], LogStore]] = {"victoria-logs": VictoriaLogs, "loki": Loki}


@dataclass(frozen=True)
class Stores:
    metrics: MetricStore
    traces: TraceStore
    logs: LogStore
    alerts: AlertStore

    @classmethod
    def of(cls, stack: Stack, timeout_s: float = ANSWER_WITHIN_S) -> Stores:
        """The stores of a stack on this machine: those of its profile, or of full where a Tempo answers."""
        servers = [server for server in _servers(stack) if server.role in _ROLES]
        return cls.at({one.name: f"http://127.0.0.1:{stack.port(one.ports[0])}" for one in servers}, timeout_s)

    @classmethod
    def at(cls, urls: Mapping[str, str], timeout_s: float = ANSWER_WITHIN_S) -> Stores:
        """The stores at these URLs by server: prometheus, jaeger or tempo, victoria-logs or loki, alertmanager.

        Raises:
            ValueError: a URL is missing, or there are two of a kind.
        """
        metrics, traces, logs, alerts = (
            _only(urls, names) for names in ((MetricStore.server,), TRACE_STORES, LOG_STORES, (AlertStore.server,))
        )
        return cls(
            MetricStore(urls[metrics], timeout_s),
            TRACE_STORES[traces](urls[traces], timeout_s),
            LOG_STORES[logs](urls[logs], timeout_s),
            AlertStore(urls[alerts], timeout_s),
        )

    def all(self) -> tuple[MetricStore | TraceStore | LogStore | AlertStore, ...]:
        return self.metrics, self.traces, self.logs, self.alerts


_ROLES = ("metrics", "traces", "logs", "alerts")
_PROBE_S = 1.0


def _servers(stack: Stack) -> tuple[Server, ...]:
    if stack.profile:
        return full_servers() if stack.profile == "full" else lite_servers()
    # `make up` did not start this stack.
    tempo_answers = Tempo(f"http://127.0.0.1:{stack.port('TEMPO_PORT')}", _PROBE_S).ready()
    return full_servers() if tempo_answers else lite_servers()


def _only(urls: Mapping[str, str], names: Collection[str]) -> str:
    found = [name for name in names if name in urls]
    if len(found) != 1:
        raise ValueError(f"one URL of {' or '.join(names)} is needed, {len(found)} are given")
    return found[0]
