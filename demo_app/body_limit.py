"""Refuses bodies that are larger than any question, without keeping them in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 64 * 1024  # bytes; the longest question in any alphabet, and some
# Bytes of a larger one that are read and dropped: who is still sending would not see the answer.
MOST_DRAINED = 4 * 1024 * 1024

Refuse = Callable[[Request], Awaitable[Response]]


class BodyLimit:
    """ASGI middleware: answers with `refuse` for a body over the limit, whether it says its length or not."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, and pass the request on with it or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, size, more = b"", 0, True
        while more and size <= MOST_DRAINED:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            part = message.get("body", b"")
            size += len(part)
            more = message.get("more_body", False)
            body = body + part if size <= LARGEST_BODY else b""
        if size > LARGEST_BODY:
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
