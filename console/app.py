"""The console's web application: its pages, and the middleware in front of them."""

from __future__ import annotations

from typing import Any, Final

from nicegui import app, core
from starlette.requests import Request
from starlette.responses import JSONResponse

from console import memory, services, shell
from console.access import HEALTH, METRICS, AccessControl
from console.alerts import page as alerts
from console.dashboards import page as dashboards
from console.home import page as home
from console.logs import page as logs
from console.metrics import ConsoleMetrics
from console.query import page as query
from console.runbooks import page as runbooks
from console.services import Services
from console.settings import ConsoleSettings
from console.traces import page as traces

PAGES: Final = (home, dashboards, alerts, runbooks, query, traces, logs)


def create_app(settings: ConsoleSettings) -> Any:
    """Call it once per process: NiceGUI has one application per process."""
    services.set_services(Services.of(settings))
    app.add_middleware(AccessControl, settings=settings)
    core.sio.eio.cors_allowed_origins = []  # AccessControl decides which origins may connect
    app.add_api_route(HEALTH, _health, include_in_schema=False)
    app.add_api_route(METRICS, ConsoleMetrics().exposition, include_in_schema=False)
    shell.set_up()
    memory.set_up()
    for pages in PAGES:
        pages.register()
    return app


async def _health(_: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})
