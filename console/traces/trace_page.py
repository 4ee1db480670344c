"""One trace: what it took and cost, its waterfall, and its log lines beside it."""

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
from console.times import clock
from console.traces.fall import MOST_SPANS, Fall, cost
from console.traces.found import Detail
from console.traces.waterfall import Waterfall, waterfall
from console.units import formatted
from llm_telemetry import names
from stores import LogFilter, StoreError, Trace

BEFORE_S: Final = 60.0  # log lines are looked for from so long before the trace
AFTER_S: Final = 86_400.0  # until so long after it: an evaluation's lines come later
MOST_LINES: Final = 200
_TRACE_ID: Final = re.compile(r"[0-9a-fA-F]{1,32}")


@dataclass(frozen=True)
class Fact:
    """A number of the trace, with what it is."""

    name: str
    text: str
    small: str = ""


class TracePage:
    """One person's view of one trace."""

    def __init__(self, trace_id: str, span_id: str) -> None:
        self._trace_id = trace_id.lower().rjust(32, "0") if _TRACE_ID.fullmatch(trace_id) else ""
        self._asked_for = trace_id
        self._span_id = span_id
        self._lines: LogLines | None = None
        self._body = ui.element("div")
        with self._body:
            loading("Asking the trace store…")
        ui.timer(0, self._ask, once=True)

    async def _ask(self) -> None:
        if not self._trace_id:
            self._show_failure(ValueError(f"{self._asked_for!r} is no trace id: that is up to 32 hexadecimal digits"))
            return
        trace = await services().tried(services().stores.traces.trace, self._trace_id)
        if isinstance(trace, StoreError):
            self._show_failure(trace)
            return
        self._body.clear()
        with self._body:
            if trace is None:
                no_data(
                    f"the store has no trace {self._trace_id}. It may be seconds until a new one can be found, "
                    "and old ones are deleted."
                )
                with ui.element("div").classes("toolbar").style("justify-content: center"):
                    button("Look again", "Ask the store once more", self._ask)
                return
            beside = self._show(trace)
        await self._ask_lines(trace, beside)

    def _show_failure(self, error: Exception) -> None:
        self._body.clear()
        with self._body:
            failed(error)

    def _show(self, trace: Trace) -> ui.element:
        shown = waterfall(trace)
        show_facts(facts(trace, shown))
        with ui.element("div").classes("trace-grid"):
            with ui.element("section").classes("card").props('aria-label="Waterfall"'):
                Fall(shown, self._mark, self._span_id)
                if len(shown.rows) > MOST_SPANS:
                    ui.label(f"The first {MOST_SPANS:,} of {len(shown.rows):,} spans are shown.").classes("warn")
                if not trace.complete:
                    ui.label("The store has cut this trace: spans are missing.").classes("warn")
            with ui.element("section").classes("card").props('aria-label="Log lines of the trace"'):
                with ui.element("div").classes("count-line"):
                    heading("Log lines", 2)
                    ui.link("Open in Logs", logs_page(_lines_of(trace)))
                beside = ui.element("div")
                with beside:
                    loading("Asking the log store…")
        return beside

    def _mark(self, span_id: str) -> None:
        self._span_id = span_id
        if self._lines:
            self._lines.point_out(span_id)

    async def _ask_lines(self, trace: Trace, beside: ui.element) -> None:
        lines = await services().tried(services().stores.logs.query, _lines_of(trace), MOST_LINES, newest_first=False)
        beside.clear()
        with beside:
            if isinstance(lines, StoreError):
                failed(lines)
            elif not lines:
                no_data("no log line carries this trace's id")
            else:
                self._lines = LogLines(lines, with_trace=False)
                self._lines.point_out(self._span_id)


def facts(trace: Trace, shown: Waterfall) -> list[Fact]:
    """What a person wants to know first."""
    total, detail = shown.total, Detail.of(trace)
    endpoint = next((str(span.attributes[names.LLM_ENDPOINT]) for span in trace.spans
                     if names.LLM_ENDPOINT in span.attributes), "")  # fmt: skip
    cached = f"{total.cached_tokens:,} from the provider's cache" if total.cached_tokens else ""
    found = [
        Fact("started", clock(shown.start), "UTC"),
        Fact("duration", formatted(shown.duration_ms, "ms")),
        Fact("cost", cost(total)),
        Fact("input tokens", "" if total.input_tokens is None else f"{total.input_tokens:,}", cached),
        Fact("output tokens", "" if total.output_tokens is None else f"{total.output_tokens:,}"),
        Fact("model", ", ".join(detail.models)),
        Fact("tenant", detail.tenant),
        Fact("endpoint", endpoint),
        Fact("spans", f"{len(trace.spans):,}", f"{shown.errors} failed" if shown.errors else ""),
    ]
    return [fact for fact in found if fact.text]


def show_facts(found: Sequence[Fact]) -> None:
    """A line of numbers."""
    with ui.element("dl").classes("facts"):
        for fact in found:
            with ui.element("div").classes("fact"):
                with ui.element("dt"):
                    ui.label(fact.name)
                with ui.element("dd"):
                    ui.label(fact.text)
                    if fact.small:
                        with ui.element("small"):
                            ui.label(fact.small)


def _lines_of(trace: Trace) -> LogFilter:
    start = min(span.start for span in trace.spans)
    return LogFilter(trace_id=trace.trace_id, start=start - BEFORE_S, end=start + AFTER_S)
