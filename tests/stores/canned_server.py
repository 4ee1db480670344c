"""An HTTP server with canned answers, which records its requests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Canned:
    """An answer."""

    body: Any = None  # text is sent unchanged, other values as JSON
    status: int = 200
    content_type: str = "application/json"
    delay_s: float = 0.0


@dataclass
class Asked:
    """A request: `parameters` of the URL and of a form."""

    method: str
    path: str
    parameters: dict[str, str]


@dataclass
class CannedServer:
    """Answers each path in `answers`, others with 404."""

    url: str = ""
    answers: dict[str, Canned] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def give(self, path: str, body: Any = None, **options: Any) -> None:
        self.answers[path] = Canned(body, **options)


@contextmanager
def canned_server() -> Iterator[CannedServer]:
    state = CannedServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            found = parse_qs(parts.query) | parse_qs(self.rfile.read(length).decode())
            state.asked.append(Asked(self.command, parts.path, {key: values[0] for key, values in found.items()}))
            answer = state.answers.get(parts.path, Canned("404 page not found", 404, "text/plain"))
            time.sleep(answer.delay_s)
            body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET
        do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
