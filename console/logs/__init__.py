"""The logs page: filter, histogram, field values with counts, and live tail."""


def register() -> None:
    from nicegui import ui
    from starlette.requests import Request

    from console.address import Address
    from console.logs.page import LogsPage
    from console.shell import page_frame, static

    @ui.page("/logs")
    def logs(request: Request) -> None:
        ui.add_head_html(f'<link rel="stylesheet" href="{static("records.css")}">')
        with page_frame("Logs", active="logs") as head:
            LogsPage(Address.of(request), head)
