"""The sink's HTTP interface. Each error says what to send instead."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from alert_sink.episodes import as_json, episodes
from alert_sink.formats import format_duration, format_time
from alert_sink.runbook_queries import linked_query
from alert_sink.runbooks import INTRODUCTION
from alert_sink.settings import SinkSettings
from alert_sink.sink import Clock, Sink
from alert_sink.watchdog import SILENT, WATCHDOG
from alert_sink.webhook import LARGEST_BODY, BadNotification, notifications
from stores.timestamps import from_rfc3339

_log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).with_name("templates")
MOST_ANSWERED = 1_000
_SHOWN = 100  # alerts on the page
_JSON = "application/json"
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def create_app(settings: SinkSettings, clock: Clock | None = None) -> Starlette:
    """The sink's application. Tests find the sink in `app.state.sink`."""
    sink = Sink(settings, clock or Clock())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await sink.resume()
        running = asyncio.create_task(sink.run())
        yield
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await sink.stop()

    app = Starlette(
        routes=[*_api(sink), *_pages(sink)],
        lifespan=lifespan,
        exception_handlers={
            BadNotification: _bad_notification,
            HTTPException: _http_error,
            sqlite3.Error: _storage_failed,
        },
    )
    app.state.sink = sink
    return app


def _api(sink: Sink) -> list[Route]:
    async def webhook(request: Request) -> Response:
        """Accepts JSON only: a form on another site's page cannot send JSON."""
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != _JSON:
            raise HTTPException(415, f"Send the notification as {_JSON}.")
        received = notifications(await _body(request))
        return _json({"received": len(received), "new": await sink.receive(received)})

    async def delivered(request: Request) -> Response:
        parameters = request.query_params
        for name in parameters:
            if name not in ("since", "after", "alert", "status", "limit"):
                raise HTTPException(400, f"Unknown parameter {name!r}. Known: since, after, alert, status, limit.")
        status = parameters.get("status", "")
        if status not in ("", "firing", "resolved"):
            raise HTTPException(400, '"status" must be firing or resolved.')
        found = await asyncio.to_thread(
            sink.storage.newest,
            limit=_number(parameters.get("limit", "200"), "limit", 1, MOST_ANSWERED),
            alert=parameters.get("alert", ""),
            status=status,
            since=_since(parameters["since"]) if parameters.get("since") else None,
            after=_number(parameters["after"], "after", 0, 2**62) if parameters.get("after") else None,
        )
        return _json({"notifications": [as_json(stored, sink.links) for stored in found], "watchdog": _watchdog(sink)})

    async def health(_: Request) -> Response:
        await asyncio.to_thread(sink.storage.check)
        return _json({"status": "ok"})

    async def metrics(_: Request) -> Response:
        return Response(sink.metrics.exposition(), media_type="text/plain; version=0.0.4")

    async def logs(request: Request) -> Response:
        return _go(sink.links.logs(sink.index.log_filter(*_alert(request))), "log lines")

    async def traces(request: Request) -> Response:
        return _go(sink.links.traces(sink.index.trace_filter(*_alert(request))), "traces")

    return [
        Route("/webhook", webhook, methods=["POST"]),
        Route("/api/notifications", delivered),
        Route("/healthz", health),
        Route("/metrics", metrics),
        Route("/go/logs", logs),  # messages link here, because Alertmanager does not know which stores run
        Route("/go/traces", traces),
    ]


def _pages(sink: Sink) -> list[Route]:
    templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    templates.filters |= {"format_time": format_time, "format_duration": format_duration}
    templates.filters["linked"] = partial(linked_query, links=sink.links)

    def page(template: str, code: int = 200, **values: Any) -> Response:
        body = templates.get_template(template).render(
            watchdog=_watchdog(sink), now=sink.clock.wall(), index_problem=sink.index.problem, **values
        )
        return HTMLResponse(body, code, _HEADERS)

    async def index(request: Request) -> Response:
        alert, status = request.query_params.get("alert", ""), request.query_params.get("status", "")
        found = await asyncio.to_thread(sink.storage.newest, limit=MOST_ANSWERED, alert=alert, without=WATCHDOG)
        shown = episodes(found, sink.links)
        firing = [episode for episode in shown if episode.firing]
        return page(
            "deliveries.html",
            episodes=[episode for episode in shown if status in ("", episode.latest.notification.status)][:_SHOWN],
            critical=sum(episode.severity == "critical" for episode in firing),
            firing=len(firing),
            names=[name for name in await asyncio.to_thread(sink.storage.alert_names) if name != WATCHDOG],
            alert=alert,
            status=status,
        )

    async def runbook_list(_: Request) -> Response:
        runbooks = await asyncio.to_thread(sink.runbooks.all)
        introduction = await asyncio.to_thread(sink.runbooks.introduction)
        return page("runbooks.html", runbooks=runbooks, introduction=introduction)

    async def runbook(request: Request) -> Response:
        name = request.path_params["name"]
        found = await asyncio.to_thread(sink.runbooks.runbook, name)
        if found is None:
            return page("missing.html", 404, name=name)
        return page("runbook.html", runbook=found, introduction=name == INTRODUCTION)

    async def style(_: Request) -> Response:
        return Response((TEMPLATES / "sink.css").read_bytes(), media_type="text/css")

    return [
        Route("/", index),
        Route("/runbooks", runbook_list),
        Route("/runbooks/", runbook_list),
        Route("/runbooks/{name}", runbook),
        Route("/sink.css", style),
    ]


async def _body(request: Request) -> bytes:
    parts = bytearray()
    try:
        async for part in request.stream():
            parts += part
            if len(parts) > LARGEST_BODY:
                raise HTTPException(413, f"The body is larger than {LARGEST_BODY} bytes.", {"connection": "close"})
    except ClientDisconnect as error:
        raise HTTPException(400, "The client disconnected before the body was complete.") from error
    return bytes(parts)


def _watchdog(sink: Sink) -> dict[str, Any]:
    watchdog = sink.watchdog
    return {"expected": watchdog.expected, "silent": watchdog.silent, "age_s": watchdog.age_s(), "alarm": SILENT}


def _number(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
        raise HTTPException(400, f'"{name}" must be a whole number from {low} to {high}.')
    return int(text)


def _since(text: str) -> float:
    try:
        return float(text) if text.replace(".", "", 1).isdigit() else from_rfc3339(text.replace(" ", "+"))
    except (ValueError, OverflowError) as error:
        raise HTTPException(400, '"since" must be Unix seconds or a time such as 2026-11-24T14:23:05Z.') from error


def _alert(request: Request) -> tuple[str, dict[str, str], float]:
    labels = dict(request.query_params)
    at = labels.pop("at", "")
    if not (at.isascii() and at.isdigit() and len(at) < 12):
        raise HTTPException(400, '"at" must be the start of the alert in whole Unix seconds.')
    return labels.pop("alert", ""), labels, float(at)


def _go(url: str, shows: str) -> Response:
    if not url:
        raise HTTPException(
            404, f"The sink knows no page for {shows}: start the sink with --grafana-page or --console-page."
        )
    return RedirectResponse(url, 302, {"cache-control": "no-store"})


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, _JSON)


async def _bad_notification(request: Request, error: Exception) -> Response:
    request.app.state.sink.metrics.failed("bad_notification")
    return _json({"error": str(error)}, 400)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path == "/webhook":
        request.app.state.sink.metrics.failed("bad_notification")
    detail = error.detail
    if error.status_code == 404 and error.detail == "Not Found":
        detail = "Not found. Known: POST /webhook, /api/notifications, /runbooks, /healthz, /metrics and the page at /."
    return _json({"error": detail}, error.status_code, dict(error.headers or {}))


async def _storage_failed(request: Request, error: Exception) -> Response:
    """Answers 503, so that Alertmanager sends the notification again."""
    request.app.state.sink.metrics.failed("storage")
    _log.error("the storage failed: %s", error)
    return _json(
        {"error": "Notifications cannot be stored right now. See the sink's log: make logs SERVICE=alert-sink"}, 503
    )
