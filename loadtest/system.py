"""The running stack that a load test loads, breaks and watches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import requests

from alert_sink.client import Deliveries, SinkClient
from dashboards_src.alerts.rules import FOLDERS
from dashboards_src.config import Scale
from loadtest import LoadFailure
from stack.__main__ import stack_runner
from stack.full import FullStack
from stack.secrets import PROVIDER_TOKEN
from stack.settings import Stack
from stack.stores import Stores
from stores import StoreError

_TIMEOUT_S: Final = 10.0


class SystemUnderTest:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.stores = Stores.of(stack)
        self.runner = stack_runner(stack)
        self._sink = SinkClient(self.url("ALERT_SINK_PORT"))

    def url(self, port: str, path: str = "") -> str:
        """Address of the server whose port has this name in `.env`."""
        return f"http://127.0.0.1:{self.stack.port(port)}{path}"

    def check(self, scale: Scale) -> None:
        """Raise a LoadFailure if the stack is not up at this time scale."""
        up = "make up REHEARSAL=1" if scale == "rehearsal" else "make up"
        missing = [f"{name} is {state}" for name, state in self.runner.states().items() if state != "ready"]
        if missing:
            raise LoadFailure(f"The stack is not up: {', '.join(missing)}.", f"Start it: {up}")
        loaded = self._loaded_scale()
        if loaded != scale:
            raise LoadFailure(
                f"Prometheus has loaded the rules of the time scale {loaded!r}; {scale!r} is needed.",
                "Switch it: make rehearsal-on" if scale == "rehearsal" else "Switch it: make rehearsal-off",
            )

    def _loaded_scale(self) -> str:
        """The time scale of the rules that Prometheus has loaded; empty: it has none of ours."""
        try:
            files = {rule.file for rule in self.stores.metrics.rules()}
        except StoreError as error:
            raise LoadFailure(f"Prometheus does not list its rules: {error}.", "make status") from error
        return next(
            (scale for scale, folder in FOLDERS.items() if any(f"/{folder.split('/')[-1]}/" in file for file in files)),
            "",
        )

    def admin(self, port: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the admin API of the application (DEMO_APP_PORT) or the provider (SIM_PROVIDER_PORT)."""
        url = self.url(port, f"/admin{path}")
        try:
            response = requests.request(method, url, json=body, headers=self._token(), timeout=_TIMEOUT_S)
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            raise LoadFailure(f"{url} does not answer: {error}.", "make status") from error
        if not response.ok:
            raise LoadFailure(f"{method} {url} was refused: {answer}.", "See docs/faults.md and docs/sim-provider.md.")
        return answer

    def deliveries(self, *, limit: int, after: int | None = None) -> Deliveries:
        """The newest `limit` notifications, newest first; `after`: only those with a higher id."""
        try:
            return self._sink.deliveries(limit=limit, after=after)
        except StoreError as error:
            raise LoadFailure(f"The alert sink does not answer: {error}.", "make status") from error

    def _token(self) -> dict[str, str]:
        """In full the admin APIs ask for a token: between containers no request comes from loopback."""
        file = self.stack.secrets / PROVIDER_TOKEN
        if not isinstance(self.runner, FullStack) or not file.exists():
            return {}
        return {"Authorization": f"Bearer {file.read_text().strip()}"}
