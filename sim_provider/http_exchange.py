"""One HTTP request and its response, with one ledger entry. The client may close the connection at any moment."""

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.types import Message, Receive, Scope, Send

from sim_provider.clock import Clock
from sim_provider.connection import connection_of
from sim_provider.errors import ApiError
from sim_provider.ledger import MAX_MODEL_NAME_LENGTH, Ledger, LedgerEntry

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"
# A body over the limit is read and dropped, up to this many times the limit, because a client that is still sending
# does not read the error response.
DRAIN_FACTOR = 8

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")

log = logging.getLogger(__name__)


class ClientGoneError(Exception):
    """The client closed the connection before it had the whole response."""


class HttpExchange:
    """A request and its response, used with `async with`. When the block ends, the entry is in the ledger.

    An ApiError that is raised in the block becomes the response, ClientGoneError is recorded, and any other exception
    is logged and becomes a response with status 500. Nothing is awaited between sending the last byte and writing the
    entry, so a client that has the whole response finds the entry in the ledger.
    """

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, endpoint: str, ledger: Ledger, clock: Clock
    ) -> None:
        self._receive = receive
        self._send = send
        self._ledger = ledger
        self.connection = connection_of(scope)
        self._watcher: asyncio.Task[None] | None = None
        self._response_begun = False
        # Seconds. The injected clock is not used, because this time is compared with real waiting.
        self.started = time.perf_counter()
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.entry = LedgerEntry(endpoint=endpoint, time=clock.unix(), request_id=f"req_{uuid.uuid4().hex}")
        self.entry.trace_id, self.entry.span_id = parse_traceparent(self.headers.get(b"traceparent", b""))

    async def __aenter__(self) -> "HttpExchange":
        self._ledger.in_progress += 1
        return self

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        try:
            return await self._handle(error)
        finally:
            if self._watcher is not None:
                self._watcher.cancel()
            self.entry.duration_ms = self.elapsed_ms()
            self._ledger.write(self.entry)
            self._ledger.in_progress -= 1

    async def _handle(self, error: BaseException | None) -> bool:
        """Respond to the exception that ended the block. Returns False if the caller must raise it again."""
        try:
            match error:
                case None:
                    return True
                case ClientGoneError():
                    self.entry.outcome = "client_gone"
                case ApiError():
                    self.entry.outcome = error.outcome
                    await self.respond(error.status, orjson.dumps(error.body()), error.headers)
                case asyncio.CancelledError():
                    self.entry.outcome = "server_stopped"
                    return False
                case ConnectionResetError():
                    # A fault while the app runs without a server: the caller of the app gets the exception.
                    return False
                case _:
                    await self._respond_internal_error(error)
        except ClientGoneError:
            self.entry.outcome = "client_gone"
        return True

    async def _respond_internal_error(self, error: BaseException) -> None:
        log.error("request %s failed", self.entry.request_id, exc_info=error)
        self.entry.outcome = "internal_error"
        if self._response_begun:
            self.connection.cut()
        else:
            message = "The simulated provider has a bug; its log has the traceback."
            await self.respond(500, orjson.dumps(ApiError(500, message, type="server_error").body()))

    def elapsed_ms(self) -> float:
        return round((time.perf_counter() - self.started) * 1000, 3)

    async def read_body(self, limit: int) -> bytes:
        """Read the request body, at most `limit` bytes. Raises ApiError with status 413, ClientGoneError."""
        chunks: list[bytes] = []
        size, more = 0, True
        while more and size <= limit * DRAIN_FACTOR:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            more = message.get("more_body", False)
            if size > limit:
                chunks.clear()
            else:
                chunks.append(chunk)
        if size > limit:
            headers = {"connection": "close"} if more else {}
            message_text = f"Request body too large: at most {limit} bytes are accepted."
            raise ApiError(413, message_text, code="request_too_large", headers=headers)
        self._watcher = asyncio.create_task(_wait_for_disconnect(self._receive))
        return b"".join(chunks)

    def note_request(self, data: dict[str, Any]) -> None:
        """Put model and stream into the entry before the request is validated, so that invalid requests have them."""
        model = data.get("model")
        self.entry.model = model[:MAX_MODEL_NAME_LENGTH] if isinstance(model, str) else ""
        self.entry.stream = data.get("stream") is True

    async def wait(self, until: float) -> None:
        """Wait until `time.perf_counter()` is `until`. Other tasks get a turn even if that time is past.

        Raises ClientGoneError as soon as the client closes the connection.
        """
        assert self._watcher is not None, "read_body comes first"
        seconds = until - time.perf_counter()
        if seconds > 0:
            await asyncio.wait({self._watcher}, timeout=seconds)
        else:
            await asyncio.sleep(0)
        self._check_client()

    def _check_client(self) -> None:
        if self.connection.lost or (self._watcher is not None and self._watcher.done()):
            raise ClientGoneError

    async def respond(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send a whole JSON response. Raises ClientGoneError if it could not be sent."""
        length = {"content-length": str(len(body))}
        await self.begin(status, JSON, length | dict(headers or {}))
        await self.finish(body)

    async def respond_truncated(self, body: bytes) -> None:
        self.entry.outcome = "truncated"
        await self.begin(200, JSON, {"content-length": str(len(body))})
        await self.write(body[: len(body) // 2])
        self.connection.cut()

    async def begin(self, status: int, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        self._check_client()
        fixed = {
            "content-type": content_type,
            "openai-processing-ms": str(round(self.elapsed_ms())),
            "openai-version": "2020-10-01",
            "x-request-id": self.entry.request_id,
        }
        raw = [(name.encode(), value.encode("latin-1")) for name, value in (fixed | dict(headers or {})).items()]
        self._response_begun = True
        await self._send_message({"type": "http.response.start", "status": status, "headers": raw})
        self.entry.http_status = status

    async def write(self, body: bytes) -> None:
        self._check_client()
        await self._send_message({"type": "http.response.body", "body": body, "more_body": True})

    async def finish(self, body: bytes) -> None:
        """Send the last part of the body together with the end of the response. Raises ClientGoneError."""
        self._check_client()
        await self._send_message({"type": "http.response.body", "body": body, "more_body": False})
        if not self.connection.complete:
            raise ClientGoneError

    async def _send_message(self, message: Message) -> None:
        # The server silently drops what it cannot write, so the connection is checked afterwards.
        await self._send(message)
        if self.connection.lost:
            raise ClientGoneError

    async def hold(self, seconds: float) -> None:
        """Send nothing. Keep the connection open until the client closes it, or reset it after `seconds`."""
        self.entry.outcome = "timeout"
        assert self._watcher is not None, "read_body comes first"
        await asyncio.wait({self._watcher}, timeout=seconds)
        if not self._watcher.done():
            self.connection.reset()


def parse_traceparent(value: bytes) -> tuple[str | None, str | None]:
    """Return trace id and span id of a W3C `traceparent` header, or (None, None) if the header is not valid."""
    match = _TRACEPARENT.fullmatch(value.strip())
    if match is None or value.startswith(b"ff") or not int(match[1], 16) or not int(match[2], 16):
        return None, None
    return match[1].decode(), match[2].decode()


async def _wait_for_disconnect(receive: Callable[[], Awaitable[Message]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def parse_json_object(body: bytes) -> dict[str, Any]:
    """Parse a request body. Raises ApiError with status 400 unless it is a JSON object."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, f"We could not parse the JSON body of your request: {error}.") from error
    if not isinstance(data, dict):
        raise ApiError(400, "The JSON body of your request must be an object.")
    return data
