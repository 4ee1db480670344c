"""Refuses bodies that are larger than any question, before they are read into memory."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_telemetry import record_rejection

LARGEST_BODY = 64 * 1024  # bytes; the longest question in any alphabet, and some


class _TooLarge(Exception):
    pass


class BodyLimit:
    """ASGI middleware: 413 for a body over the limit, whether it says its length or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting the bytes of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > LARGEST_BODY:
            await self._refuse(scope, receive, send)
            return
        read, started = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST_BODY:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except _TooLarge:
            if not started:
                await self._refuse(scope, receive, send)

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
        record_rejection("bad_input", endpoint=scope["path"])
        response = JSONResponse(
            {
                "error": {
                    "type": "bad_input",
                    "message": f"The body is larger than {LARGEST_BODY} bytes.",
                    "hint": "Ask a shorter question.",
                    "trace_id": None,
                }
            },
            413,
            headers={"connection": "close"},
        )
        await response(scope, receive, send)
