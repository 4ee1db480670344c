"""Traces: search, one as a waterfall, two compared."""


def register() -> None:
    """Declare the pages."""
    from nicegui import ui
    from starlette.requests import Request

    from console.address import Address
    from console.shell import page_frame, static
    from console.traces.comparison_page import ComparisonPage
    from console.traces.search_page import SearchPage
    from console.traces.trace_page import TracePage

    def style() -> None:
        ui.add_head_html(f'<link rel="stylesheet" href="{static("records.css")}">')

    @ui.page("/traces")
    def search(request: Request) -> None:
        style()
        with page_frame("Traces", active="traces") as head:
            SearchPage(Address.of(request), head)

    @ui.page("/traces/compare")  # before the next one, which would take it for a trace
    def comparison(a: str = "", b: str = "") -> None:
        style()
        with page_frame("Two traces", active="traces"):
            ComparisonPage(a, b)

    @ui.page("/traces/{trace_id}")
    def trace(trace_id: str, span: str = "") -> None:
        style()
        with page_frame("Trace", active="traces") as head:
            with head:
                ui.label(trace_id).classes("mono muted")
            TracePage(trace_id, span)
