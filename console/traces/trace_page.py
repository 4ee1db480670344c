"""`/traces/<id>`: one trace with its duration, tokens and cost, its waterfall and its log lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nicegui import ui

from alert_sink.console_pages import logs_page
from console.logs.lines import LogLines
from console.services import services
from console.shell import heading
from console.states import failed, loading, no_data
from console.timebar import button
from console.times import format_datetime
from console.traces.trace_table import TraceDetail
from console.traces.waterfall import MAX_SPANS, Waterfall, WaterfallView, cost_text, waterfall
from console.units import formatted
from llm_telemetry import names
from stores import LogFilter, StoreError, Trace

# Log lines are searched from BEFORE_S before the trace to AFTER_S after its start: evaluations come later.
BEFORE_S: Final = 60.0
AFTER_S: Final = 86_400.0
MAX_LINES: Final = 200
_TRACE_ID: Final = re.compile(r"[0-9a-fA-F]{1,32}")


@dataclass(frozen=True)
class TraceFact:
    """One entry of the line above the waterfall; `note` is small text behind the value."""

    name: str
    value: str
    note: str = ""


class TracePage:
    def __init__(self, trace_id: str, span_id: str) -> None:
        self._trace_id = trace_id.lower().rjust(32, "0") if _TRACE_ID.fullmatch(trace_id) else ""
        self._requested_id = trace_id
        self._span_id = span_id
        self._lines: LogLines | None = None
        self._body = ui.element("div")
        with self._body:
            loading("Loading trace…")
        ui.timer(0, self._load, once=True)

    async def _load(self) -> None:
        if not self._trace_id:
            self._show_error(
                ValueError(f"{self._requested_id!r} is not a trace ID: a trace ID has up to 32 hexadecimal digits")
            )
            return
        trace = await services().ask_or_error(services().stores.traces.trace, self._trace_id)
        if isinstance(trace, StoreError):
            self._show_error(trace)
            return
        self._body.clear()
        with self._body:
            if trace is None:
                no_data(
                    f"the store has no trace {self._trace_id}. A new trace may take some seconds to arrive, "
                    "and old traces are deleted."
                )
                with ui.element("div").classes("toolbar").style("justify-content: center"):
                    button("Retry", "Load the trace again", self._load)
                return
            lines_place = self._show(trace)
        await self._load_lines(trace, lines_place)

    def _show_error(self, error: Exception) -> None:
        self._body.clear()
        with self._body:
            failed(error)

    def _show(self, trace: Trace) -> ui.element:
        """Returns the element for the log lines."""
        shown = waterfall(trace)
        _draw_facts(trace_facts(trace, shown))
        with ui.element("div").classes("trace-grid"):
            with ui.element("section").classes("card").props('aria-label="Waterfall"'):
                WaterfallView(shown, self._select_span, self._span_id)
                if len(shown.rows) > MAX_SPANS:
                    ui.label(f"Only the first {MAX_SPANS:,} of {len(shown.rows):,} spans are shown.").classes("warn")
                if not trace.complete:
                    ui.label("The store truncated this trace: spans are missing.").classes("warn")
            with ui.element("section").classes("card").props('aria-label="Log lines of the trace"'):
                with ui.element("div").classes("count-line"):
                    heading("Log lines", 2)
                    ui.link("Open in Logs", logs_page(_lines_of(trace)))
                lines_place = ui.element("div")
                with lines_place:
                    loading("Loading log lines…")
        return lines_place

    def _select_span(self, span_id: str) -> None:
        self._span_id = span_id
        if self._lines:
            self._lines.highlight(span_id)

    async def _load_lines(self, trace: Trace, place: ui.element) -> None:
        logs = services().stores.logs
        lines = await services().ask_or_error(logs.query, _lines_of(trace), MAX_LINES, newest_first=False)
        place.clear()
        with place:
            if isinstance(lines, StoreError):
                failed(lines)
            elif not lines:
                no_data("no log lines have this trace ID")
            else:
                self._lines = LogLines(lines, with_trace=False)
                self._lines.highlight(self._span_id)


def trace_facts(trace: Trace, shown: Waterfall) -> list[TraceFact]:
    total, detail = shown.total, TraceDetail.of(trace)
    endpoint = next((str(span.attributes[names.LLM_ENDPOINT]) for span in trace.spans
                     if names.LLM_ENDPOINT in span.attributes), "")  # fmt: skip
    cached = f"{total.cached_tokens:,} cached by the provider" if total.cached_tokens else ""
    facts = [
        TraceFact("Started (UTC)", format_datetime(shown.start)),
        TraceFact("Duration", formatted(shown.duration_ms, "ms")),
        TraceFact("Cost", cost_text(total)),
        TraceFact("Input tokens", "" if total.input_tokens is None else f"{total.input_tokens:,}", cached),
        TraceFact("Output tokens", "" if total.output_tokens is None else f"{total.output_tokens:,}"),
        TraceFact("Model", ", ".join(detail.models)),
        TraceFact("Tenant", detail.tenant),
        TraceFact("Endpoint", endpoint),
        TraceFact("Spans", f"{len(trace.spans):,}", f"{shown.errors} failed" if shown.errors else ""),
    ]
    return [fact for fact in facts if fact.value]


def _draw_facts(facts: Sequence[TraceFact]) -> None:
    with ui.element("dl").classes("facts"):
        for fact in facts:
            with ui.element("div").classes("fact"):
                with ui.element("dt"):
                    ui.label(fact.name)
                with ui.element("dd"):
                    ui.label(fact.value)
                    if fact.note:
                        with ui.element("small"):
                            ui.label(fact.note)


def _lines_of(trace: Trace) -> LogFilter:
    start = min(span.start for span in trace.spans)
    return LogFilter(trace_id=trace.trace_id, start=start - BEFORE_S, end=start + AFTER_S)
