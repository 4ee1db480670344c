"""One request being served: its body, its response, its client who may go away at any moment, its one ledger entry."""

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any

import orjson
from starlette.types import Message, Receive, Scope, Send

from sim_provider.clock import Clock
from sim_provider.connection import connection_of
from sim_provider.errors import ApiError
from sim_provider.ledger import LONGEST_MODEL_NAME, Entry, Ledger

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"
# A body over the limit is read and dropped, up to this many times the limit: a client that is still sending would not
# see the answer.
DRAINED_TIMES = 8

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")

log = logging.getLogger(__name__)


class ClientGoneError(Exception):
    """The client closed the connection before it had the whole response."""


class Exchange:
    """Used as `async with`; on leaving, the entry is in the ledger, whatever happened.

    An ApiError raised inside is answered, ClientGoneError is recorded, anything unforeseen is a 500 and logged.
    Nothing is awaited between handing over the last byte and writing the entry, so a client that has its whole answer
    finds the entry there.
    """

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, endpoint: str, ledger: Ledger, clock: Clock
    ) -> None:
        self._receive = receive
        self._send = send
        self._ledger = ledger
        self._connection = connection_of(scope)
        self._watcher: asyncio.Task[None] | None = None
        self._responding = False
        # s; not the injected clock, because it is compared with real waiting.
        self.started = time.perf_counter()
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.entry = Entry(endpoint=endpoint, time=clock.unix(), request_id=f"req_{uuid.uuid4().hex}")
        self.entry.trace_id, self.entry.span_id = parse_traceparent(self.headers.get(b"traceparent", b""))

    async def __aenter__(self) -> "Exchange":
        self._ledger.in_progress += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        try:
            return await self._settle(error)
        finally:
            if self._watcher is not None:
                self._watcher.cancel()
            self.entry.duration_ms = self.elapsed_ms()
            self._ledger.write(self.entry)
            self._ledger.in_progress -= 1

    async def _settle(self, error: BaseException | None) -> bool:
        """Answer what ended the request early; whether it is dealt with."""
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
                    # A fault, in process; it is for whoever called the app.
                    return False
                case _:
                    await self._fail(error)
        except ClientGoneError:
            self.entry.outcome = "client_gone"
        return True

    async def _fail(self, error: BaseException) -> None:
        log.error("request %s failed", self.entry.request_id, exc_info=error)
        self.entry.outcome = "internal_error"
        if self._responding:
            self._connection.cut()
        else:
            sorry = ApiError(500, "The simulated provider has a bug; its log has the traceback.", type="server_error")
            await self.respond(500, orjson.dumps(sorry.body()))

    def elapsed_ms(self) -> float:
        """Milliseconds since the request came."""
        return round((time.perf_counter() - self.started) * 1000, 3)

    async def read_body(self, limit: int) -> bytes:
        """The request body, at most `limit` bytes. Raises ApiError 413, ClientGoneError."""
        chunks: list[bytes] = []
        size, more = 0, True
        while more and size <= limit * DRAINED_TIMES:
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
        self._watcher = asyncio.create_task(_until_disconnect(self._receive))
        return b"".join(chunks)

    def note(self, data: dict[str, Any]) -> None:
        """Put on record what was asked for, before anything is checked."""
        model = data.get("model")
        self.entry.model = model[:LONGEST_MODEL_NAME] if isinstance(model, str) else ""
        self.entry.stream = data.get("stream") is True

    async def wait(self, until: float) -> None:
        """Wait for a moment of `time.perf_counter()`, letting others run in any case.

        Raises ClientGoneError as soon as the client goes.
        """
        assert self._watcher is not None, "read_body comes first"
        seconds = until - time.perf_counter()
        if seconds > 0:
            await asyncio.wait({self._watcher}, timeout=seconds)
        else:
            await asyncio.sleep(0)
        self._check_client()

    def _check_client(self) -> None:
        if self._connection.lost or (self._watcher is not None and self._watcher.done()):
            raise ClientGoneError

    async def respond(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """The whole response. Raises ClientGoneError when it could not be handed over."""
        length = {"content-length": str(len(body))}
        await self.begin(status, JSON, length | dict(headers or {}))
        await self.finish(body)

    async def begin(self, status: int, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """Status and headers. Raises ClientGoneError."""
        self._check_client()
        fixed = {
            "content-type": content_type,
            "openai-processing-ms": str(round(self.elapsed_ms())),
            "openai-version": "2020-10-01",
            "x-request-id": self.entry.request_id,
        }
        raw = [(name.encode(), value.encode("latin-1")) for name, value in (fixed | dict(headers or {})).items()]
        self._responding = True
        await self._hand_over({"type": "http.response.start", "status": status, "headers": raw})
        self.entry.http_status = status

    async def write(self, body: bytes) -> None:
        """A part of the body. Raises ClientGoneError when it could not be handed over."""
        self._check_client()
        await self._hand_over({"type": "http.response.body", "body": body, "more_body": True})

    async def finish(self, body: bytes) -> None:
        """The last part of the body, in one piece with the end of the response. Raises ClientGoneError."""
        self._check_client()
        await self._hand_over({"type": "http.response.body", "body": body, "more_body": False})
        if not self._connection.complete:
            raise ClientGoneError

    async def _hand_over(self, message: Message) -> None:
        # The server drops what it can't write and says nothing, so ask it afterwards.
        await self._send(message)
        if self._connection.lost:
            raise ClientGoneError

    async def hold(self, seconds: float) -> None:
        """Never answer: keep the connection open until the client goes or the time is up, then drop it."""
        self.entry.outcome = "timeout"
        assert self._watcher is not None, "read_body comes first"
        await asyncio.wait({self._watcher}, timeout=seconds)
        if not self._watcher.done():
            self._connection.reset()

    def reset(self) -> None:
        """Drop the connection with a TCP RST, before or during the response."""
        self._connection.reset()

    def cut(self) -> None:
        """Close the connection after what was written."""
        self._connection.cut()


def parse_traceparent(value: bytes) -> tuple[str | None, str | None]:
    """Trace and span id of a W3C `traceparent`, or None twice when it is not one."""
    match = _TRACEPARENT.fullmatch(value.strip())
    if match is None or value.startswith(b"ff") or not int(match[1], 16) or not int(match[2], 16):
        return None, None
    return match[1].decode(), match[2].decode()


async def _until_disconnect(receive: Callable[[], Awaitable[Message]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def json_object(body: bytes) -> dict[str, Any]:
    """A request body as an object. Raises ApiError 400."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, f"We could not parse the JSON body of your request: {error}.") from error
    if not isinstance(data, dict):
        raise ApiError(400, "The JSON body of your request must be an object.")
    return data
