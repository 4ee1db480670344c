"""uvicorn, extended so that the app can check and break the connection of a request."""

import logging
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from sim_provider.connection import EXTENSION, Connection

# Seconds that a stop waits for requests in progress. The fault `timeout` may hold requests for two minutes.
STOP_WAIT_S = 2
# SO_LINGER with 0 s: close() sends RST instead of FIN.
_LINGER_0 = struct.pack("ii", 1, 0)


class UvicornConnection(Connection):
    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    @property
    def lost(self) -> bool:
        return self._cycle.disconnected

    @property
    def complete(self) -> bool:
        return self._cycle.response_complete

    def reset(self) -> None:
        transport = self._cycle.transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        transport.abort()
        self._end_response()

    def cut(self) -> None:
        self._cycle.transport.close()
        self._end_response()

    def _end_response(self) -> None:
        # Without this, uvicorn would complete the response itself.
        self._cycle.disconnected = True


class BreakableProtocol(HttpToolsProtocol):
    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        # uvicorn has created the app's task, but the task has not run yet. A refused WebSocket upgrade has no cycle.
        if self.cycle is not None and self.cycle.scope is self.scope:
            extensions: dict[Any, Any] = self.scope.setdefault("extensions", {})
            extensions[EXTENSION] = UvicornConnection(self.cycle)


def make_server(app: Any, host: str, port: int) -> uvicorn.Server:
    """Create a uvicorn server for the app. Port 0 selects a free port.

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
        # A client behind a proxy must not count as a loopback client on /admin.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=STOP_WAIT_S,
    )
    return uvicorn.Server(config)


@contextmanager
def serve_in_thread(app: Any) -> Iterator[str]:
    """Serve the app on a free loopback port while the block runs, and yield the root URL. For tests."""
    server = make_server(app, "127.0.0.1", 0)
    # The socket listens before the thread starts, so clients can connect at once.
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="sim_provider")
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
