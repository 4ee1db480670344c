"""What a scenario can break: the model provider, the application, a server of the stack. All faults can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from loadtest import LoadFailure
from loadtest.system import SystemUnderTest

PROVIDER_PORT: Final = "SIM_PROVIDER_PORT"
APP_PORT: Final = "DEMO_APP_PORT"


@dataclass(frozen=True)
class ProviderFault:
    """A fault of the simulated provider (sim_provider/faults.py)."""

    name: str
    model: str = "*"
    probability: float = 1.0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def begin(self, system: SystemUnderTest, max_s: float) -> None:
        """The fault ends by itself after `max_s`, in case this process is killed."""
        body = {"model": self.model, "probability": self.probability, "duration_s": max_s, **self.parameters}
        system.admin(PROVIDER_PORT, "PUT", f"/faults/{self.name}", body)

    def end(self, system: SystemUnderTest) -> None:
        system.admin(PROVIDER_PORT, "DELETE", f"/faults/{self.name}")

    def __str__(self) -> str:
        details = [self.model] if self.model != "*" else []
        details += [f"{self.probability:.0%}"] if self.probability < 1 else []
        return _described(f"provider: {self.name}", details, self.parameters)


@dataclass(frozen=True)
class AppFault:
    """A fault of the demo application (demo_app/faults.py)."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def begin(self, system: SystemUnderTest, max_s: float) -> None:
        """The fault ends by itself after `max_s`, in case this process is killed."""
        system.admin(APP_PORT, "PUT", f"/faults/{self.name}", {"duration_s": max_s, **self.parameters})

    def end(self, system: SystemUnderTest) -> None:
        system.admin(APP_PORT, "DELETE", f"/faults/{self.name}")

    def __str__(self) -> str:
        return _described(f"application: {self.name}", [], self.parameters)


@dataclass(frozen=True)
class StoppedServer:
    """A stopped server of the stack, by its role in stack/servers.py: `logs` is VictoriaLogs in lite, Loki in full."""

    role: str

    def begin(self, system: SystemUnderTest, max_s: float) -> None:
        """Unlike the other faults, this one does not end by itself."""
        system.runner.stop_server(self._server(system))

    def end(self, system: SystemUnderTest) -> None:
        system.runner.start_server(self._server(system))

    def _server(self, system: SystemUnderTest) -> str:
        return next(server.name for server in system.runner.servers if server.role == self.role)

    def __str__(self) -> str:
        return f"stack: the {self.role} server is stopped"


Fault = ProviderFault | AppFault | StoppedServer


def _described(name: str, details: list[str], parameters: Mapping[str, Any]) -> str:
    details = details + [f"{key} {value}" for key, value in parameters.items()]
    return name + (f" ({', '.join(details)})" if details else "")


def active(system: SystemUnderTest) -> list[str]:
    """The faults of provider and application that are on, for people."""
    return [
        f"{name}: {fault['name']}, for {fault['remaining_s']:.0f} s more"
        for name, port in (("provider", PROVIDER_PORT), ("application", APP_PORT))
        for fault in system.admin(port, "GET", "/faults")["active"]
    ]


def check_none(system: SystemUnderTest) -> None:
    """Raise a LoadFailure that names the faults that are on."""
    if found := active(system):
        raise LoadFailure(
            f"Faults of an earlier run are still on ({'; '.join(found)}).", "Switch them off: make load-clear"
        )


def clear(system: SystemUnderTest) -> list[str]:
    """Switch off all faults and start all stopped servers; returns what was done, for people."""
    done = []
    for server, state in system.runner.states().items():
        if state in ("stopped", "exited", "fatal"):
            system.runner.start_server(server)
            done.append(f"started {server}")
    done += [f"switched off {fault}" for fault in active(system)]
    for port in (PROVIDER_PORT, APP_PORT):
        system.admin(port, "DELETE", "/faults")
    return done
