"""Access control in front of every page: checks host, origin and password, and adds security headers."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from html import escape
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.login_limiter import LoginLimiter, TooManyAttempts
from console.settings import ConsoleSettings
from stack.settings import is_loopback

SESSION: Final = "console_session"
SESSION_S: Final = 12 * 3600
LOGIN: Final = "/login"
HEALTH: Final = "/healthz"
METRICS: Final = "/metrics"
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_MAX_FORM_BYTES: Final = 4096

# Vue compiles templates in the browser, which needs `unsafe-eval`, and sets styles on elements. Scripts need the page's
# nonce, so a script or `onerror=` that got into a page by mistake does not run.
_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class AccessControl:
    def __init__(self, app: ASGIApp, settings: ConsoleSettings) -> None:
        self._app = app
        self._settings = settings
        self._limiter = LoginLimiter()
        self._sessions: dict[str, float] = {}  # token: expiry (time.monotonic())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = await self._refusal(scope, receive)
        if refusal is None:
            await _SecurityHeaders(self._app)(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await _SecurityHeaders(refusal)(scope, receive, send)

    async def _refusal(self, scope: Scope, receive: Receive) -> Response | None:
        """The response that refuses the request; None if the request is allowed."""
        headers = Headers(scope=scope)
        path = str(scope["path"])
        if not self._is_own_host(headers.get("host", "")):
            return PlainTextResponse("Refused: unknown host name. Open the console at its own address.", 421)
        # Pages of other sites can send requests here and open web sockets; the browser tells their origin. Our own
        # pages send no origin when they read, so a read that has an origin is checked as well: NiceGUI's socket would
        # let every origin read.
        is_socket = scope["type"] == "websocket"
        writes = is_socket or scope["method"] not in _SAFE_METHODS
        if (writes or "origin" in headers) and not same_origin(headers):
            return PlainTextResponse("Refused: the request comes from another site.", 403)
        if not self._settings.password or path == HEALTH or (path == METRICS and _is_local_request(scope, headers)):
            return RedirectResponse("/", 303) if path == LOGIN else None
        if path == LOGIN:
            return await self._login(scope, receive)
        if self._sessions.get(HTTPConnection(scope).cookies.get(SESSION, ""), 0.0) > time.monotonic():
            return None
        if not is_socket and "text/html" in headers.get("accept", ""):
            wanted = quote(path + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""))
            return RedirectResponse(f"{LOGIN}?to={wanted}", 303)
        return PlainTextResponse("Log in first.", 401)

    def _is_own_host(self, host: str) -> bool:
        """Guards a console that only this machine may use against DNS rebinding: a foreign name that points here."""
        if not is_loopback(self._settings.host):
            return True
        name = urlsplit(f"//{host}").hostname or ""
        return is_loopback(name) or (name != "" and name == self._settings.public_host)

    async def _login(self, scope: Scope, receive: Receive) -> Response:
        wanted = _local_address(parse_qs(scope["query_string"].decode("latin-1")).get("to", ["/"])[0])
        if scope["method"] != "POST":
            return _login_page(wanted)
        form = parse_qs((await _body(receive)).decode("utf-8", "replace"))
        given = form.get("password", [""])[0]
        try:
            async with self._limiter.attempt((scope.get("client") or [""])[0]) as client:
                if not hmac.compare_digest(given.encode(), self._settings.password.encode()):
                    await client.delay_after_failure()
                    return _login_page(wanted, "Wrong password.", 401)
                client.reset()
        except TooManyAttempts:
            return _login_page(wanted, "Too many login attempts. Try again in a few seconds.", 429)
        now = time.monotonic()
        self._sessions = {token: expiry for token, expiry in self._sessions.items() if expiry > now}
        token = secrets.token_urlsafe(32)
        self._sessions[token] = now + SESSION_S
        answer = RedirectResponse(wanted, 303)
        answer.set_cookie(SESSION, token, max_age=SESSION_S, httponly=True, samesite="strict")
        return answer


class _SecurityHeaders:
    """Adds the headers to each answer, and the nonce to the scripts of a page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        nonce = secrets.token_urlsafe(16)
        page: list[Message] = []  # the start of a page's response, held back until the whole body has arrived
        text = bytearray()

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update({**_HEADERS, "content-security-policy": _POLICY.format(nonce=nonce)})
                if headers.get("content-type", "").startswith("text/html"):
                    page.append(message)
                    return
            elif message["type"] == "http.response.body" and page:
                text.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                body = re.sub(rb"<script(?=[\s>])", b'<script nonce="%s"' % nonce.encode(), bytes(text))
                MutableHeaders(scope=page[0])["content-length"] = str(len(body))
                await send(page[0])
                message = {"type": "http.response.body", "body": body}
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def same_origin(headers: Headers) -> bool:
    """Whether the browser says that a page of this console sent the request."""
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == headers.get("host")


def _is_local_request(scope: Scope, headers: Headers) -> bool:
    """Whether the client runs on this machine and is not a proxy for others: a proxy passes on the public host name."""
    client, server = ((scope.get(end) or ("",))[0] for end in ("client", "server"))
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    return (is_loopback(client) and is_loopback(host)) or (client != "" and client == server == host)


def _local_address(address: str) -> str:
    """The page to open after the login; `/` if the address leads to another site."""
    return address if re.match(r"/(?![/\\])", address) else "/"


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _MAX_FORM_BYTES or not message.get("more_body"):
            return bytes(body[:_MAX_FORM_BYTES])


def _login_page(wanted: str, message: str = "", status: int = 200) -> Response:
    note = f'<p role="alert">{escape(message)}</p>' if message else ""
    lines = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Log in · LLM observability</title>",
        '<meta name=viewport content="width=device-width, initial-scale=1">',
        '<meta name=color-scheme content="dark light">',
        "<style>body{font:16px system-ui,sans-serif;display:grid;place-items:center;min-height:90vh}"
        "form{display:grid;gap:.8rem;width:18rem}input,button{font:inherit;padding:.6rem}p{color:#d33}</style>",
        f'<form method=post action="{LOGIN}?to={escape(quote(wanted))}"><h1>Console</h1>{note}',
        "<label for=password>Password</label>",
        "<input id=password name=password type=password autocomplete=current-password required autofocus>",
        "<button>Log in</button></form></html>",
    )
    return HTMLResponse("\n".join(lines), status, {"cache-control": "no-store"})
