"""The page `/query?expr=…`: runs a PromQL query. lite has no other page for this."""

from __future__ import annotations

from nicegui import app, ui
from starlette.requests import Request
from starlette.responses import RedirectResponse

from alert_sink.console_pages import query_page
from console.address import Address
from console.query.block import QueryBlock
from console.shell import page_frame
from console.timebar import TimeBar


def register() -> None:

    # Alerts carry Prometheus' own address of their expression as their source.
    @app.get("/graph", include_in_schema=False)
    async def graph(request: Request) -> RedirectResponse:
        return RedirectResponse(query_page(request.query_params.get("g0.expr", "")))

    @ui.page("/query")
    async def page(request: Request) -> None:
        address = Address.of(request)
        with page_frame("Query Prometheus") as head:
            body = ui.element("div").classes("prose-width")
            with head:
                times = TimeBar(address, lambda: block.run())
            with body:
                block = QueryBlock(
                    "promql",
                    address.value("expr"),
                    lambda: times.range.absolute(),
                    lambda text: times.go(times.address.with_parameters({"expr": text})),
                )
            if address.value("expr"):
                ui.timer(0, block.run, once=True)
