"""A query that runs in its place: its text, which may be changed, a button, and below it what the servers answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from nicegui import ui

from alert_sink.console_pages import logs_page, query_page, trace_page, traces_page
from alert_sink.formats import format_time
from alert_sink.runbook_queries import UnsupportedQuery, log_filter, trace_filter
from console import states
from console.query.answers import named, step_for, vector
from console.query.chart import chart
from console.query.tables import Cell, Link, Swatch, table
from console.services import services
from console.timebar import button
from console.times import Span
from console.units import formatted
from stores import LogFilter, StoreError, TraceFilter
from stores.logs import LogLine
from stores.metric_results import Sample

ABOUT = {"promql": "PromQL", "logsql": "Log lines", "traceql": "Traces"}
_SHOWN = 20  # log lines, traces
_LINE_COLUMNS = ("Time (UTC)", "Event", "Endpoint", "Model", "Tenant", "Error", "Latency", "Cost", "Trace")
_NUMBERS = ("Value", "Latency", "Cost", "Duration")


class QueryBlock:
    """One query; `span` gives the time range when it runs. `on_run` is called with the text, for a page of its own."""

    def __init__(
        self, language: str, text: str, span: Callable[[], Span], on_run: Callable[[str], None] | None = None
    ) -> None:
        self._language = language
        self._written = text
        self._span = span
        self._on_run = on_run
        self._build()

    def _build(self) -> None:
        with ui.element("section").classes("query-block") as section:
            section.props["aria-label"] = f"Query: {ABOUT[self._language]}"
            with ui.element("div").classes("query-head"):
                ui.label(ABOUT[self._language]).classes("muted")
                ui.element("div").classes("grow")
                self._back = button("As written", "Undo your changes", self._undo).classes("flat")
                self._back.set_visibility(False)
                self._elsewhere = ui.link("Open", self._page(self._written)).classes("btn flat")
                self._elsewhere.set_visibility(self._on_run is None)
                self._run_button = button("Run", "Run it here (Ctrl + Enter)", self.run)
            self._input = ui.textarea(value=self._written, on_change=self._changed)
            self._input.props('borderless dense autogrow rows=1 spellcheck="false"').classes("query-text")
            self._input.props["aria-label"] = f"{ABOUT[self._language]}: the query"
            self._input.on("keydown.ctrl.enter", self.run)
            self._answer = ui.element("div").classes("query-answer").props('aria-live="polite"')

    @property
    def text(self) -> str:
        """The query as it stands."""
        return str(self._input.value or "").strip()

    async def run(self) -> None:
        """Ask, and show the answer below."""
        if self._on_run:
            self._on_run(self.text)
        self._run_button.props("disabled")
        self._show(lambda: states.loading("Asking…"))
        try:
            shown = await self._asked()
        except (StoreError, ValueError) as error:
            problem = error
            self._show(lambda: states.failed(problem))
        else:
            self._show(shown)
        finally:
            self._run_button.props(remove="disabled")

    def _show(self, content: Callable[[], None]) -> None:
        self._answer.clear()
        with self._answer:
            content()

    def _changed(self) -> None:
        self._back.set_visibility(self.text != self._written)
        self._elsewhere.props["href"] = self._page(self.text)

    def _undo(self) -> None:
        self._input.set_value(self._written)

    def _page(self, text: str) -> str:
        """Where the console shows the whole answer; nowhere while the text is no query."""
        try:
            if self._language == "logsql":
                return logs_page(self._lines(text))
            if self._language == "traceql":
                return traces_page(self._traces(text))
        except UnsupportedQuery:
            return ""
        return query_page(text)

    async def _asked(self) -> Callable[[], None]:
        """What to show of the answer.

        Raises:
            StoreError: there is none.
            UnsupportedQuery: the query says more than is understood here.
        """
        if self._language == "logsql":
            return await self._asked_for_lines()
        if self._language == "traceql":
            return await self._asked_for_traces()
        return await self._asked_prometheus()

    async def _asked_prometheus(self) -> Callable[[], None]:
        ask, metrics, span, text = services().ask, services().stores.metrics, self._span(), self.text
        step = step_for(span.length, services().settings.scrape_interval_s)
        samples, lines = await asyncio.gather(
            ask(metrics.instant, text, span.end), ask(metrics.range, text, span.start, span.end, step)
        )

        def show() -> None:
            colors = chart(named(lines), span) if lines else {}
            if not samples:
                states.no_data(
                    f"the query gives nothing at {format_time(span.end)} UTC{', the end of the range' if lines else ''}"
                )
                return
            found = vector(samples)
            shared = ", ".join(f"{name}={value}" for name, value in found.shared.items())
            rows: list[list[Cell]] = [
                [_swatch(sample, colors), *labels, formatted(sample.value, "short")] for labels, sample in found.rows
            ]
            table(["", *found.columns, "Value"], rows, _NUMBERS, "What Prometheus answers")
            notes = [f"all with {shared}" if shared else "", f"{found.left_out} more" if found.left_out else ""]
            _note(f"At {format_time(span.end)} UTC", *notes)

        return show

    async def _asked_for_lines(self) -> Callable[[], None]:
        which = self._lines(self.text)
        found = await services().ask(services().stores.logs.query, which, _SHOWN)

        def show() -> None:
            if not found:
                states.no_data("no line in this range fits")
                return
            table(_LINE_COLUMNS, [_line(one) for one in found], _NUMBERS, "Log lines, newest first")
            _note("The newest first" if len(found) < _SHOWN else f"The newest {_SHOWN}; Open shows all")

        return show

    async def _asked_for_traces(self) -> Callable[[], None]:
        which = self._traces(self.text)
        found = await services().ask(services().stores.traces.search, which, _SHOWN)

        def show() -> None:
            if not found:
                states.no_data("no trace in this range fits")
                return
            rows: list[list[Cell]] = [
                [
                    format_time(one.start),
                    one.root_service or "–",
                    one.root_name or "its root has not arrived",
                    formatted(one.duration_ms, "ms"),
                    Link(one.trace_id[:8], trace_page(one.trace_id)),
                ]
                for one in found
            ]
            table(["Time (UTC)", "Service", "Request", "Duration", "Trace"], rows, _NUMBERS, "Traces, newest first")
            _note("The newest first" if len(found) < _SHOWN else f"The newest {_SHOWN}; Open shows more")

        return show

    def _lines(self, text: str) -> LogFilter:
        span = self._span()
        return replace(log_filter(text), start=span.start, end=span.end)

    def _traces(self, text: str) -> TraceFilter:
        span = self._span()
        return replace(trace_filter(text), start=span.start, end=span.end)


def _swatch(sample: Sample, colors: Mapping[frozenset[tuple[str, str]], str]) -> Cell:
    color = colors.get(frozenset(sample.labels.items()))
    return Swatch(color) if color else ""


def _line(one: LogLine) -> list[Cell]:
    def said(name: str) -> str:
        value = one.value(name)
        return "" if value is None else str(value)

    def number(name: str, unit: str) -> str:
        value = one.value(name)
        return formatted(float(value), unit) if isinstance(value, int | float) else ""

    return [
        format_time(one.time),
        one.body,
        said("endpoint"),
        said("model"),
        said("tenant_id"),
        said("error_type"),
        number("latency_ms", "ms"),
        number("cost_usd", "currencyUSD"),
        Link(one.trace_id[:8], trace_page(one.trace_id, one.span_id)) if one.trace_id else "",
    ]


def _note(*parts: str) -> None:
    ui.label("; ".join(part for part in parts if part) + ".").classes("muted query-note")
