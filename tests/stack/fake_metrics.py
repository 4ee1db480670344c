"""A fake server whose /metrics report the last load of its configuration."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Loads:
    """Unix s of the last successful load, and whether a later load failed."""

    at: float
    refused: bool = False


@contextmanager
def serving(name: str, loads: Callable[[], Loads]) -> Iterator[int]:
    """Serve the metrics of server `name`; yields the port."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            now = loads()
            text = (
                f"{name}_config_last_reload_success_timestamp_seconds {now.at!r}\n"
                f"{name}_config_last_reload_successful {int(not now.refused)}\n"
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
