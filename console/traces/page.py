"""`/traces`, `/traces/compare` and `/traces/<id>`."""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request

from console.address import Address
from console.shell import page_frame, style_sheet
from console.traces.comparison import ComparisonPage
from console.traces.search_page import SearchPage
from console.traces.trace_page import TracePage


def register() -> None:
    @ui.page("/traces")
    def search(request: Request) -> None:
        style_sheet("records.css")
        with page_frame("Traces", active="traces") as head:
            SearchPage(Address.of(request), head)

    @ui.page("/traces/compare")  # declared before /traces/{trace_id}, which would match this address too
    def comparison(a: str = "", b: str = "") -> None:
        style_sheet("records.css")
        with page_frame("Compare traces", active="traces"):
            ComparisonPage(a, b)

    @ui.page("/traces/{trace_id}")
    def trace(trace_id: str, span: str = "") -> None:
        style_sheet("records.css")
        with page_frame("Trace", active="traces") as head:
            with head:
                ui.label(trace_id).classes("mono muted")
            TracePage(trace_id, span)
