"""What the provider needs to know of, and do to, the TCP connection below a request; ASGI says nothing about it."""

from typing import Any, Protocol

# Where in the ASGI scope's `extensions` the server puts the connection.
EXTENSION = "sim_provider.connection"


class Connection(Protocol):
    """One client's connection."""

    @property
    def lost(self) -> bool:
        """The client is gone."""

    @property
    def complete(self) -> bool:
        """The whole response was handed to the operating system."""

    def reset(self) -> None:
        """Drop the connection with a TCP RST."""

    def cut(self) -> None:
        """Close the connection after what was written, though the response is not complete."""


class InProcess:
    """No connection at all: the app is called directly, as a test does."""

    lost = False
    complete = True

    def reset(self) -> None:
        """Raises ConnectionResetError into the caller."""
        raise ConnectionResetError("connection reset by a fault")

    def cut(self) -> None:
        """Raises ConnectionResetError into the caller."""
        raise ConnectionResetError("connection cut by a fault")


def connection_of(scope: Any) -> Connection:
    """The connection of an ASGI scope, InProcess when the server put none there."""
    found: Connection | None = scope.get("extensions", {}).get(EXTENSION)
    return found or InProcess()
