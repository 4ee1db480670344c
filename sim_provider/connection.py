"""The TCP connection of a request, which faults check and break. ASGI gives no access to it."""

from typing import Any

# Key in the ASGI scope's `extensions` under which the server puts the connection.
EXTENSION = "sim_provider.connection"


class Connection:
    """One client's connection. This class stands in for it when a test calls the app without a server."""

    @property
    def lost(self) -> bool:
        """Whether the client has closed the connection."""
        return False

    @property
    def complete(self) -> bool:
        """Whether the whole response was handed to the operating system."""
        return True

    def reset(self) -> None:
        """Close the connection with a TCP RST, before or during the response."""
        raise ConnectionResetError("connection reset by a fault")

    def cut(self) -> None:
        """Close the connection after the bytes that were written, although the response is not complete."""
        raise ConnectionResetError("connection cut by a fault")


def connection_of(scope: Any) -> Connection:
    found: Connection | None = scope.get("extensions", {}).get(EXTENSION)
    return found or Connection()
