"""What stands before every page: who may ask (host, origin, password), and what a page may do (headers)."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Sequence
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.attempts import Attempts, TooManyAttempts
from console.settings import ConsoleSettings, is_loopback

SESSION: Final = "console_session"
SESSION_S: Final = 12 * 3600
LOGIN: Final = "/login"
HEALTH: Final = "/healthz"
METRICS: Final = "/metrics"
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_LARGEST_FORM: Final = 4096

# Vue compiles templates in the browser, which needs `unsafe-eval`; styles are set on elements. Scripts need the page's
# nonce, so markup that got into a page by mistake (`onerror=`) runs nothing.
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


class Safety:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: ConsoleSettings) -> None:
        self._app = app
        self._settings = settings
        self._attempts = Attempts()
        self._sessions: dict[str, float] = {}  # token: until (monotonic s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what may pass, with the headers that every answer has."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = await self._refusal(scope, receive)
        if refusal is None:
            await _WithHeaders(self._app)(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await _WithHeaders(refusal)(scope, receive, send)

    async def _refusal(self, scope: Scope, receive: Receive) -> Response | None:
        """The answer instead of the page; None where the request may pass."""
        headers = Headers(scope=scope)
        path = str(scope["path"])
        if not self._host_is_ours(headers.get("host", "")):
            return PlainTextResponse("This console is not known by that name. Open it at its own address.", 421)
        # A page of somebody else may send requests, and open web sockets; the browser says whose page it is. Reading
        # names no origin where a page of ours does it, and NiceGUI's socket would let any origin read.
        if (_writes(scope) or "origin" in headers) and not same_origin(headers):
            return PlainTextResponse("Refused: the request comes from another page.", 403)
        if not self._settings.password or path == HEALTH or (path == METRICS and _from_this_machine(scope, headers)):
            return RedirectResponse("/", 303) if path == LOGIN else None
        if path == LOGIN:
            return await self._login(scope, receive)
        if self._is_known(headers):
            return None
        if _is_page(scope, headers):
            wanted = quote(path + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""))
            return RedirectResponse(f"{LOGIN}?to={wanted}", 303)
        return PlainTextResponse("Log in first.", 401)

    def _host_is_ours(self, host: str) -> bool:
        """A name that somebody else's DNS points here must not reach a console that only this machine may use."""
        if not is_loopback(self._settings.host):
            return True
        return is_loopback(urlsplit(f"//{host}").hostname or "")

    def _is_known(self, headers: Headers) -> bool:
        token = _cookie(headers, SESSION)
        until = self._sessions.get(token, 0.0) if token else 0.0
        return until > time.monotonic()

    async def _login(self, scope: Scope, receive: Receive) -> Response:
        wanted = _local(parse_qs(scope["query_string"].decode("latin-1")).get("to", ["/"])[0])
        if scope["method"] != "POST":
            return _login_page(wanted)
        form = parse_qs((await _body(receive)).decode("utf-8", "replace"))
        given = form.get("password", [""])[0]
        try:
            async with self._attempts.turn((scope.get("client") or [""])[0]) as turn:
                if not hmac.compare_digest(given.encode(), self._settings.password.encode()):
                    await turn.was_wrong()
                    return _login_page(wanted, "That is not the password.", 401)
                turn.was_right()
        except TooManyAttempts:
            return _login_page(wanted, "Too many attempts at once. Try again in some seconds.", 429)
        now = time.monotonic()
        self._sessions = {token: until for token, until in self._sessions.items() if until > now}
        token = secrets.token_urlsafe(32)
        self._sessions[token] = now + SESSION_S
        answer = RedirectResponse(wanted, 303)
        answer.set_cookie(SESSION, token, max_age=SESSION_S, httponly=True, samesite="strict")
        return answer


class _WithHeaders:
    """Adds headers, and to a page's own scripts the nonce that lets them run."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        nonce = secrets.token_urlsafe(16)
        page: list[Message] = []  # the start of a page's answer, held back until its whole text is there
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


def _writes(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS


def same_origin(headers: Headers) -> bool:
    """Whether the page that sent this is one of the console, as the browser says."""
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == headers.get("host")


def _from_this_machine(scope: Scope, headers: Headers) -> bool:
    """Whether who asks is on it, and not a proxy that asks for somebody else: it names the console as one does here."""
    client, server = ((scope.get(end) or ("",))[0] for end in ("client", "server"))
    named = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    return (is_loopback(client) and is_loopback(named)) or (client != "" and client == server == named)


def _is_page(scope: Scope, headers: Headers) -> bool:
    return scope["type"] == "http" and "text/html" in headers.get("accept", "")


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _local(address: str) -> str:
    """Where to go after the login: a page of this console and no other site."""
    return address if re.match(r"/(?![/\\])", address) else "/"


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _LARGEST_FORM or not message.get("more_body"):
            return bytes(body[:_LARGEST_FORM])


def _login_page(wanted: str, said: str = "", status: int = 200) -> Response:
    note = f'<p role="alert">{escape(said)}</p>' if said else ""
    lines: Sequence[str] = (
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
