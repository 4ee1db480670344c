"""Refuses request bodies that are larger than any question, without keeping them in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024  # more than the longest question in any alphabet
# How much of a larger body is read and dropped. A client that is still sending would not read the response.
MAX_DRAINED_BYTES = 4 * 1024 * 1024

Refuse = Callable[[Request], Awaitable[Response]]


class BodyLimit:
    """ASGI middleware. A body over the limit gets the response of `refuse`, with or without a Content-Length."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, size, more = b"", 0, True
        while more and size <= MAX_DRAINED_BYTES:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            part = message.get("body", b"")
            size += len(part)
            more = message.get("more_body", False)
            body = body + part if size <= MAX_BODY_BYTES else b""
        if size > MAX_BODY_BYTES:
            response = await self._refuse(Request(scope))
            if more:
                response.headers["connection"] = "close"
            await response(scope, receive, send)
            return
        read = False

        async def replayed() -> Message:
            nonlocal read
            if read:
                return await receive()
            read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replayed, send)
