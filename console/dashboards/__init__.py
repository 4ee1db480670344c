"""Shows Grafana dashboards (the JSON that `make dashboards` generates)."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from console.dashboards.model import DashboardLibrary
from console.dashboards.page import dashboard_list, show_dashboard
from console.dashboards.queries import QueryRunner
from console.services import services
from console.shell import page_frame


def register() -> None:
    library = DashboardLibrary(services().settings.dashboards)
    runner = QueryRunner(services(), services().settings.scrape_interval_s)

    @ui.page("/dashboards")
    def list_page() -> None:
        with page_frame("Dashboards", active="dashboards"):
            dashboard_list(library.all())

    @ui.page("/d/{uid}/{name}")  # the form of Grafana's own links
    @ui.page("/d/{uid}")
    async def dashboard_page(request: Request, uid: str) -> None:
        show_dashboard(request, uid, library.all(), runner)
