"""The console's application: pages, and what stands before them."""

from __future__ import annotations

from typing import Any, Final

from nicegui import app, core
from starlette.requests import Request
from starlette.responses import JSONResponse

from console import alerts, dashboards, home, logs, memory, metrics, runbooks, services, shell, traces
from console.safety import HEALTH, METRICS, Safety
from console.services import Services
from console.settings import ConsoleSettings

PAGES: Final = (home, dashboards, alerts, runbooks, traces, logs)  # each declares its pages with `register()`


def create_app(settings: ConsoleSettings) -> Any:
    """Declare everything; `python -m console` runs it. NiceGUI's application is one per process."""
    services.use(Services.of(settings))
    app.add_middleware(Safety, settings=settings)
    core.sio.eio.cors_allowed_origins = []  # who may connect is decided by Safety
    app.add_api_route(HEALTH, _health, include_in_schema=False)
    app.add_api_route(METRICS, metrics.measured().exposition, include_in_schema=False)
    shell.set_up()
    memory.set_up()
    for pages in PAGES:
        pages.register()
    return app


async def _health(_: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})
