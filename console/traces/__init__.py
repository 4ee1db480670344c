"""The traces pages: search, one trace as a waterfall, and the comparison of two traces."""


def register() -> None:
    from nicegui import ui
    from starlette.requests import Request

    from console.address import Address
    from console.shell import page_frame, static
    from console.traces.comparison_page import ComparisonPage
    from console.traces.search_page import SearchPage
    from console.traces.trace_page import TracePage

    def add_style_sheet() -> None:
        ui.add_head_html(f'<link rel="stylesheet" href="{static("records.css")}">')

    @ui.page("/traces")
    def search(request: Request) -> None:
        add_style_sheet()
        with page_frame("Traces", active="traces") as head:
            SearchPage(Address.of(request), head)

    @ui.page("/traces/compare")  # declared before /traces/{trace_id}, which would match this address too
    def comparison(a: str = "", b: str = "") -> None:
        add_style_sheet()
        with page_frame("Compare traces", active="traces"):
            ComparisonPage(a, b)

    @ui.page("/traces/{trace_id}")
    def trace(trace_id: str, span: str = "") -> None:
        add_style_sheet()
        with page_frame("Trace", active="traces") as head:
            with head:
                ui.label(trace_id).classes("mono muted")
            TracePage(trace_id, span)
