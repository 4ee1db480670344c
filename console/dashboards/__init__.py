"""Dashboards: the JSON that `make dashboards` generates, shown. Nothing here knows what is in it."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from console.dashboards.page import library, listing, shower
from console.dashboards.questions import Answers
from console.services import services
from console.shell import page_frame


def register() -> None:
    """Declare the pages."""
    boards = library()
    show = shower(boards, Answers(services(), services().settings.scrape_interval_s))

    @ui.page("/dashboards")
    def all_of_them() -> None:
        with page_frame("Dashboards", active="dashboards"):
            listing(boards.all())

    @ui.page("/d/{uid}")
    async def one(request: Request, uid: str) -> None:
        show(request, uid)

    @ui.page("/d/{uid}/{name}")
    async def one_by_name(request: Request, uid: str, name: str) -> None:
        show(request, uid)
