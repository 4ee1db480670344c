"""What a scenario breaks: the provider, the application, a server of the stack. All of it can be mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from loadtest.failure import LoadFailure
from loadtest.target import Target

PROVIDER_PORT: Final = "SIM_PROVIDER_PORT"
APP_PORT: Final = "DEMO_APP_PORT"


@dataclass(frozen=True)
class ProviderFault:
    """A fault of the simulated provider (sim_provider/faults.py)."""

    name: str
    model: str = "*"
    probability: float = 1.0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def begin(self, target: Target, most_s: float) -> None:
        """Switch it on; it ends by itself after `most_s`, should nobody switch it off."""
        body = {"model": self.model, "probability": self.probability, "duration_s": most_s, **self.parameters}
        target.admin(PROVIDER_PORT, "PUT", f"/faults/{self.name}", body)

    def end(self, target: Target) -> None:
        """Switch it off."""
        target.admin(PROVIDER_PORT, "DELETE", f"/faults/{self.name}")

    def __str__(self) -> str:
        said = [self.model] if self.model != "*" else []
        said += [f"{self.probability:.0%}"] if self.probability < 1 else []
        said += [f"{key} {value}" for key, value in self.parameters.items()]
        return f"provider: {self.name}" + (f" ({', '.join(said)})" if said else "")


@dataclass(frozen=True)
class AppFault:
    """A fault of the demo application (demo_app/faults.py)."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def begin(self, target: Target, most_s: float) -> None:
        """Switch it on; it ends by itself after `most_s`, should nobody switch it off."""
        target.admin(APP_PORT, "PUT", f"/faults/{self.name}", {"duration_s": most_s, **self.parameters})

    def end(self, target: Target) -> None:
        """Switch it off."""
        target.admin(APP_PORT, "DELETE", f"/faults/{self.name}")

    def __str__(self) -> str:
        said = [f"{key} {value}" for key, value in self.parameters.items()]
        return f"application: {self.name}" + (f" ({', '.join(said)})" if said else "")


@dataclass(frozen=True)
class Stopped:
    """A server of the stack that is stopped, by its role (stack/servers.py): `logs` is VictoriaLogs or Loki."""

    role: str

    def begin(self, target: Target, most_s: float) -> None:
        """Stop it. It does not come back by itself."""
        target.runner.stop_server(self._server(target))

    def end(self, target: Target) -> None:
        """Start it, and wait until it is ready."""
        target.runner.start_server(self._server(target))

    def _server(self, target: Target) -> str:
        return next(server.name for server in target.runner.servers if server.role == self.role)

    def __str__(self) -> str:
        return f"stack: the server of {self.role} is stopped"


Fault = ProviderFault | AppFault | Stopped


def left_over(target: Target) -> list[str]:
    """Faults that are on, of whoever set them, as a person reads them."""
    found = []
    for who, port in (("provider", PROVIDER_PORT), ("application", APP_PORT)):
        for fault in target.admin(port, "GET", "/faults")["active"]:
            found.append(f"{who}: {fault['name']}, for {fault['remaining_s']:.0f} s more")
    return found


def check_none(target: Target) -> None:
    """Pass if no fault is on.

    Raises:
        LoadFailure: names those that are.
    """
    if found := left_over(target):
        raise LoadFailure(
            f"Faults of an earlier run are still on ({'; '.join(found)}).", "Switch them off: make load-clear"
        )


def clear(target: Target) -> list[str]:
    """Switch all faults off and start every server that is stopped; returns what that was.

    Raises:
        LoadFailure: a server does not answer.
        stack.failure.StackFailure: a server does not start.
    """
    done = []
    for server, state in target.runner.states().items():
        if state in ("stopped", "exited", "fatal"):
            target.runner.start_server(server)
            done.append(f"started {server}")
    for found in left_over(target):
        done.append(f"switched off {found}")
    for port in (PROVIDER_PORT, APP_PORT):
        target.admin(port, "DELETE", "/faults")
    return done
