"""The TCP connection of a request, which faults check and break. ASGI gives no access to it."""

from typing import Any, Protocol

# Key in the ASGI scope's `extensions` under which the server puts the connection.
EXTENSION = "sim_provider.connection"


class Connection(Protocol):
    """One client's connection."""

    @property
    def lost(self) -> bool:
        """Whether the client has closed the connection."""

    @property
    def complete(self) -> bool:
        """Whether the whole response was handed to the operating system."""

    def reset(self) -> None:
        """Close the connection with a TCP RST."""

    def cut(self) -> None:
        """Close the connection after the bytes that were written, although the response is not complete."""


class InProcessConnection:
    """Stands in for a connection when a test calls the app without a server."""

    lost = False
    complete = True

    def reset(self) -> None:
        raise ConnectionResetError("connection reset by a fault")

    def cut(self) -> None:
        raise ConnectionResetError("connection cut by a fault")


def connection_of(scope: Any) -> Connection:
    """Return the connection of an ASGI scope, or an InProcessConnection if the server put none there."""
    found: Connection | None = scope.get("extensions", {}).get(EXTENSION)
    return found or InProcessConnection()
