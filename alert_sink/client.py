"""A client of the sink's API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stores.connection import ANSWER_WITHIN_S, Connection


@dataclass(frozen=True)
class Deliveries:
    """Notifications, newest first, and the state of the watchdog, as the API returns them."""

    notifications: list[dict[str, Any]]
    watchdog: dict[str, Any]


class SinkClient:
    """Asks the alert sink. Every method raises a StoreError when there is no answer."""

    server = "alert-sink"

    def __init__(self, url: str, timeout_s: float = ANSWER_WITHIN_S) -> None:
        self._connection = Connection(self.server, url, timeout_s)
        self.url = self._connection.url

    def deliveries(self, *, limit: int = 200, after: int | None = None) -> Deliveries:
        """The newest notifications; `after`: with a greater id."""
        parameters = {"limit": limit, "after": after}
        return self._connection.get(
            "/api/notifications",
            lambda body: Deliveries(body["notifications"], body["watchdog"]),
            {name: value for name, value in parameters.items() if value is not None},
        )

    def check_ready(self) -> None:
        """Raise a StoreError if the sink is not ready."""
        self._connection.check("/healthz")
