"""Dashboards: the JSON that `make dashboards` generates, shown. Nothing here knows what is in it."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from console.dashboards.model import Library
from console.dashboards.page import listing, show
from console.dashboards.questions import Answers
from console.services import services
from console.shell import page_frame


def register() -> None:
    """Declare the pages."""
    boards = Library(services().settings.dashboards)
    answers = Answers(services(), services().settings.scrape_interval_s)

    @ui.page("/dashboards")
    def all_of_them() -> None:
        with page_frame("Dashboards", active="dashboards"):
            listing(boards.all())

    @ui.page("/d/{uid}/{name}")  # as Grafana's own links are
    @ui.page("/d/{uid}")
    async def one(request: Request, uid: str) -> None:
        show(request, uid, boards.all(), answers)
