"""The page `/query?expr=…`, and the query editor with a Run button that runbooks have too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from nicegui import app, ui
from starlette.requests import Request
from starlette.responses import RedirectResponse

from alert_sink.console_pages import logs_page, query_page, trace_page, traces_page
from alert_sink.formats import format_time
from alert_sink.runbook_queries import UnsupportedQuery, log_filter, trace_filter
from console import states
from console.address import Address
from console.query.results import chart, instant_table, named_series, step_for
from console.query.tables import Cell, Link, Swatch, table
from console.services import services
from console.shell import page_frame
from console.timebar import TimeBar, button
from console.times import TimeSpan
from console.units import formatted
from stores import LogFilter, StoreError, TraceFilter
from stores.logs import LogLine
from stores.metric_results import Sample
from stores.traces import TraceSummary

_LANGUAGES: Final = {"promql": "PromQL", "logsql": "Log lines", "traceql": "Traces"}
_LIMIT: Final = 20  # log lines, traces
_LINE_COLUMNS: Final = ("Time (UTC)", "Event", "Endpoint", "Model", "Tenant", "Error", "Latency", "Cost", "Trace")
_TRACE_COLUMNS: Final = ("Time (UTC)", "Service", "Request", "Duration", "Trace")
_NUMBERS: Final = ("Value", "Latency", "Cost", "Duration")


def register() -> None:
    # Alerts link to their expression at Prometheus' address `/graph?g0.expr=…`.
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


class QueryBlock:
    """One query. `span` returns the time range of each run; `on_run` is called with the text of the query."""

    def __init__(
        self, language: str, text: str, span: Callable[[], TimeSpan], on_run: Callable[[str], None] | None = None
    ) -> None:
        self._language = language
        self._original = text
        self._span = span
        self._on_run = on_run
        self._build()

    def _build(self) -> None:
        with ui.element("section").classes("query-block") as section:
            section.props["aria-label"] = f"Query: {_LANGUAGES[self._language]}"
            with ui.element("div").classes("query-head"):
                ui.label(_LANGUAGES[self._language]).classes("muted")
                ui.element("div").classes("grow")
                self._reset_button = button("Reset", "Undo your changes", self._reset).classes("flat")
                self._reset_button.set_visibility(False)
                self._open_link = ui.link("Open", self._page_address(self._original)).classes("btn flat")
                self._open_link.set_visibility(self._on_run is None)
                self._run_button = button("Run", "Run query (Ctrl + Enter)", self.run)
            self._input = ui.textarea(value=self._original, on_change=self._changed)
            self._input.props('borderless dense autogrow rows=1 spellcheck="false"').classes("query-text")
            self._input.props["aria-label"] = f"{_LANGUAGES[self._language]} query"
            self._input.on("keydown.ctrl.enter", self.run)
            self._result = ui.element("div").classes("query-result").props('aria-live="polite"')

    @property
    def text(self) -> str:
        return str(self._input.value or "").strip()

    async def run(self) -> None:
        if self._on_run:
            self._on_run(self.text)
        self._run_button.props("disabled")
        self._show(lambda: states.loading("Loading…"))
        try:
            show_result = await self._run_query()
        except (StoreError, ValueError) as error:
            problem = error
            self._show(lambda: states.failed(problem))
        else:
            self._show(show_result)
        finally:
            self._run_button.props(remove="disabled")

    def _show(self, content: Callable[[], None]) -> None:
        self._result.clear()
        with self._result:
            content()

    def _changed(self) -> None:
        self._reset_button.set_visibility(self.text != self._original)
        self._open_link.props["href"] = self._page_address(self.text)

    def _reset(self) -> None:
        self._input.set_value(self._original)

    def _page_address(self, text: str) -> str:
        """The page with the whole result; empty while the text is not a valid query."""
        try:
            if self._language == "logsql":
                return logs_page(self._log_filter(text))
            if self._language == "traceql":
                return traces_page(self._trace_filter(text))
        except UnsupportedQuery:
            return ""
        return query_page(text)

    async def _run_query(self) -> Callable[[], None]:
        """A function that shows the result. Raises StoreError, or UnsupportedQuery for parts that the console lacks."""
        ask, stores, text = services().ask, services().stores, self.text
        if self._language == "logsql":
            lines = await ask(stores.logs.query, self._log_filter(text), _LIMIT)
            return lambda: _show_records("log line", _LINE_COLUMNS, [_log_row(one) for one in lines])
        if self._language == "traceql":
            traces = await ask(stores.traces.search, self._trace_filter(text), _LIMIT)
            return lambda: _show_records("trace", _TRACE_COLUMNS, [_trace_row(one) for one in traces])
        return await self._run_promql(text)

    async def _run_promql(self, text: str) -> Callable[[], None]:
        ask, metrics, span = services().ask, services().stores.metrics, self._span()
        step = step_for(span.length, services().settings.scrape_interval_s)
        samples, series = await asyncio.gather(
            ask(metrics.instant, text, span.end), ask(metrics.range, text, span.start, span.end, step)
        )

        def show() -> None:
            colors = chart(named_series(series), span) if series else {}
            if not samples:
                end = ", the end of the range" if series else ""
                states.no_data(f"the query returned no series at {format_time(span.end)} UTC{end}")
                return
            found = instant_table(samples)
            common = ", ".join(f"{name}={value}" for name, value in found.common_labels.items())
            rows: list[list[Cell]] = [
                [_swatch(sample, colors), *labels, formatted(sample.value, "short")] for labels, sample in found.rows
            ]
            table(["", *found.columns, "Value"], rows, _NUMBERS, "Query result")
            _note(
                f"At {format_time(span.end)} UTC",
                f"common labels: {common}" if common else "",
                f"{found.omitted} more series" if found.omitted else "",
            )

        return show

    def _log_filter(self, text: str) -> LogFilter:
        span = self._span()
        return replace(log_filter(text), start=span.start, end=span.end)

    def _trace_filter(self, text: str) -> TraceFilter:
        span = self._span()
        return replace(trace_filter(text), start=span.start, end=span.end)


def _swatch(sample: Sample, colors: Mapping[frozenset[tuple[str, str]], str]) -> Cell:
    color = colors.get(frozenset(sample.labels.items()))
    return Swatch(color) if color else ""


def _log_row(line: LogLine) -> list[Cell]:
    def text(name: str) -> str:
        value = line.value(name)
        return "" if value is None else str(value)

    def number(name: str, unit: str) -> str:
        value = line.value(name)
        return formatted(float(value), unit) if isinstance(value, int | float) else ""

    return [
        format_time(line.time),
        line.body,
        text("endpoint"),
        text("model"),
        text("tenant_id"),
        text("error_type"),
        number("latency_ms", "ms"),
        number("cost_usd", "currencyUSD"),
        Link(line.trace_id[:8], trace_page(line.trace_id, line.span_id)) if line.trace_id else "",
    ]


def _trace_row(one: TraceSummary) -> list[Cell]:
    return [
        format_time(one.start),
        one.root_service or "–",
        one.root_name or "root span not received yet",
        formatted(one.duration_ms, "ms"),
        Link(one.trace_id[:8], trace_page(one.trace_id)),
    ]


def _show_records(kind: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Log lines or traces, newest first."""
    if not rows:
        states.no_data(f"no {kind} matches in this range")
        return
    table(columns, rows, _NUMBERS, f"{kind.capitalize()}s, newest first")
    _note("Newest first" if len(rows) < _LIMIT else f"The newest {_LIMIT}; Open shows more")


def _note(*parts: str) -> None:
    ui.label("; ".join(part for part in parts if part) + ".").classes("muted query-note")
