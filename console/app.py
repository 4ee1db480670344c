"""The console's application: pages, and what stands before them."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Final

from nicegui import app, core
from starlette.requests import Request
from starlette.responses import JSONResponse

from console import services, shell
from console.safety import HEALTH, Safety
from console.services import Services
from console.settings import ConsoleSettings

# Each has `register()`, which declares its pages.
PAGES: Final = (
    "console.home", "console.dashboards", "console.alerts", "console.runbooks", "console.traces", "console.logs",
)  # fmt: skip


def create_app(settings: ConsoleSettings) -> Any:
    """Declare everything; `serve` runs it. NiceGUI's application is one per process."""
    services.use(Services.of(settings))
    app.add_middleware(Safety, settings=settings)
    core.sio.eio.cors_allowed_origins = []  # who may connect is decided by Safety
    app.add_api_route(HEALTH, _health, include_in_schema=False)
    shell.set_up()
    for name in PAGES:
        if importlib.util.find_spec(name):
            getattr(importlib.import_module(name), "register", lambda: None)()
    return app


async def _health(_: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})
