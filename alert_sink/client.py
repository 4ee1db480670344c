"""A client of the sink's API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stores.connection import StoreClient


@dataclass(frozen=True)
class Deliveries:
    """Notifications, newest first, and the state of the watchdog, as the API returns them."""

    notifications: list[dict[str, Any]]
    watchdog: dict[str, Any]


class SinkClient(StoreClient):
    """Asks the alert sink. Every method raises a StoreError when there is no answer."""

    server = "alert-sink"
    ready_path = "/healthz"

    def deliveries(self, *, limit: int = 200, after: int | None = None) -> Deliveries:
        parameters = {"limit": limit, "after": after}
        return self._connection.get(
            "/api/notifications",
            lambda body: Deliveries(body["notifications"], body["watchdog"]),
            {name: value for name, value in parameters.items() if value is not None},
        )
