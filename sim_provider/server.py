"""uvicorn with one thing added: the app can see and break the connection it answers on."""

import logging
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from sim_provider.connection import EXTENSION

# s: what a stop waits for requests in progress, which the timeout fault may hold for two minutes.
STOP_WAIT_S = 2
# SO_LINGER on, 0 s: closing sends RST instead of FIN.
_LINGER_0 = struct.pack("ii", 1, 0)


class UvicornConnection:
    """The connection of one request to uvicorn."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    @property
    def lost(self) -> bool:
        """The client is gone."""
        return self._cycle.disconnected

    @property
    def complete(self) -> bool:
        """The whole response was handed to the transport."""
        return self._cycle.response_complete

    def reset(self) -> None:
        """Drop the connection with a TCP RST."""
        transport = self._cycle.transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        transport.abort()
        self._give_up()

    def cut(self) -> None:
        """Close the connection after what was written."""
        self._cycle.transport.close()
        self._give_up()

    def _give_up(self) -> None:
        # Tells uvicorn not to expect, or make up, the rest of the response.
        self._cycle.disconnected = True


class BreakableProtocol(HttpToolsProtocol):
    """HTTP that puts the connection in the scope of each request."""

    def on_headers_complete(self) -> None:
        """Start the app on a request, as uvicorn does, with the connection in its scope."""
        super().on_headers_complete()
        # The app's task was created by now but has not run. A refused WebSocket upgrade makes no cycle.
        if self.cycle is not None and self.cycle.scope is self.scope:
            extensions: dict[Any, Any] = self.scope.setdefault("extensions", {})
            extensions[EXTENSION] = UvicornConnection(self.cycle)


def make_server(app: Any, host: str, port: int) -> uvicorn.Server:
    """A uvicorn server for the app; port 0 picks a free one.

    Run it with `server.run(sockets=[server.config.bind_socket()])`.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BreakableProtocol,
        loop="uvloop",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        # Whoever sits behind a proxy must not pass for a loopback client on /admin.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=STOP_WAIT_S,
    )
    return uvicorn.Server(config)


@contextmanager
def serve_in_thread(app: Any) -> Iterator[str]:
    """Serve the app on a free loopback port while the block runs; gives the root URL. For tests, of others too."""
    server = make_server(app, "127.0.0.1", 0)
    # Listening from here on, so a client may connect before the thread is ready.
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="sim_provider")
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
