"""A client of the sink: what was delivered, and whether its watchdog still arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stores.connection import ANSWER_WITHIN_S, Connection


@dataclass(frozen=True)
class Deliveries:
    """What the sink answers: notifications newest first, as its API gives them, and its watchdog."""

    notifications: list[dict[str, Any]]
    watchdog: dict[str, Any]


class SinkClient:
    """Asks the alert sink. Every method raises a StoreError where there is no answer."""

    server = "alert-sink"

    def __init__(self, url: str, timeout_s: float = ANSWER_WITHIN_S) -> None:
        self._connection = Connection(self.server, url, timeout_s)
        self.url = self._connection.url

    def deliveries(
        self,
        *,
        limit: int = 200,
        alert: str = "",
        status: str = "",
        since: float | None = None,
        after: int | None = None,
    ) -> Deliveries:
        """Delivered notifications, newest first; `status`: firing or resolved; `since`: Unix seconds; `after`: id."""
        asked = {"limit": limit, "alert": alert, "status": status, "since": since, "after": after}
        return self._connection.get(
            "/api/notifications",
            lambda body: Deliveries(body["notifications"], body["watchdog"]),
            {name: str(value) for name, value in asked.items() if value not in ("", None)},
        )

    def check_ready(self) -> None:
        """Raise a StoreError if the server is not ready."""
        self._connection.check("/healthz")

    def ready(self) -> bool:
        return self._connection.is_ready("/healthz")
