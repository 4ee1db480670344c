"""`/traces`: the search for traces."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from nicegui import ui

from alert_sink.console_pages import SPAN_SCOPE, trace_page
from console.address import Address
from console.fields import CheckField, ChoiceField, TextField, filter_chip
from console.services import services
from console.states import ResultArea
from console.timebar import TimeBar
from console.times import TimeSpan
from console.traces.search import LIMITS, TraceSearch
from console.traces.trace_table import TraceDetail, TraceTable
from llm_telemetry import names
from stores import StoreError, TraceSummary

_SUGGESTED_SPANS = (names.SPAN_GENERATE, names.SPAN_RETRIEVAL, names.SPAN_EVALUATE)


class SearchPage:
    def __init__(self, address: Address, head: ui.element) -> None:
        self._address_error: Exception | None = None
        try:
            self._search = TraceSearch.read(dict(address.parameters))
        except ValueError as error:
            self._search, self._address_error = TraceSearch(), error
        with head:
            self._times = TimeBar(address, self.load)
        self._build()
        ui.timer(0, self._begin, once=True)

    def _build(self) -> None:
        search = self._search
        with ui.element("div").classes("filters").props('role="search" aria-label="Search traces"'):
            self._service = ChoiceField(
                "Service",
                search.service,
                lambda name: self._change(service=name),
                {"": "any", **({search.service: search.service} if search.service else {})},
            )
            self._scope = {
                name: TextField(
                    name.capitalize(), search.scope.get(name, ""), partial(self._change_scope, name), hint="any"
                )
                for name in SPAN_SCOPE
            }
            self._operation = TextField(
                "Span name", search.operation, lambda name: self._change(operation=name), hint="any"
            )
            self._operation.suggest(_SUGGESTED_SPANS)
            min_ms = search.parameters().get("min_ms", "")
            TextField("Min duration (ms)", min_ms, self._change_min_ms, kind="number", hint="0", width="110px")
            ChoiceField(
                "Show",
                str(search.limit),
                lambda limit: self._change(limit=int(limit)),
                {str(limit): f"{limit} newest" for limit in LIMITS},
            )
            CheckField("Errors only", search.error_only, lambda only: self._change(error_only=bool(only)))
            TextField("Trace ID", "", self._open, hint="opens the trace", width="310px")
            self._chips = ui.element("div").classes("filter-chips")
        self._card = ui.element("section").classes("card answers").props('aria-label="Traces"')
        with self._card:
            self._results = ResultArea("Searching traces…")
            self._table = TraceTable()
            self._results.contain(self._table)
        self._show_chips()

    async def _begin(self) -> None:
        await asyncio.gather(self.load(), self._load_suggestions())

    async def load(self) -> None:
        """Search and show the traces, then load their details: model, tokens and cost."""
        if self._address_error:
            self._results.show_error(self._address_error)
            return
        number, search = self._results.begin_query(), self._search
        span = self._times.range.absolute()
        try:
            traces = await find_traces(search, span)
        except (StoreError, ValueError) as error:
            if self._results.is_newest(number):
                self._results.show_error(error)
            return
        if not self._results.is_newest(number):
            return
        if not traces:
            self._results.show_no_data("no traces match the search in this time range")
            return
        self._results.show_results()
        # A full list holds only the newest traces, so the chart begins at the oldest of them.
        truncated = len(traces) == search.limit
        start = traces[-1].start if truncated else span.start
        end = max(min(span.end, time.time()), traces[0].start)  # a time range may end in the future
        self._table.show(traces, {}, start, end, truncated=truncated)
        details = await load_details(traces)
        if self._results.is_newest(number):
            self._table.show(traces, details, start, end, truncated=truncated)

    async def _load_suggestions(self) -> None:
        """Suggestions are optional: if a query for them fails, the fields work without."""
        stores, requests = services().stores, [names.REQUESTS.name]
        service_names, *values = await asyncio.gather(
            services().ask(stores.traces.services),
            *(services().ask(stores.metrics.label_values, label, requests) for label in SPAN_SCOPE),
            return_exceptions=True,
        )
        if isinstance(service_names, list):
            options = dict.fromkeys([*service_names, *([self._search.service] if self._search.service else [])])
            self._service.offer({"": "any", **{name: name for name in options}})
        for field, suggestions in zip(self._scope.values(), values, strict=True):
            if isinstance(suggestions, list):
                field.suggest(suggestions)

    # --- Changes of the search ----------------------------------------------------------------------

    async def _change_scope(self, name: str, value: str) -> None:
        await self._change(scope={**self._search.scope, name: value})

    async def _change_min_ms(self, text: str) -> None:
        try:
            min_ms = TraceSearch.read({"min_ms": text}).min_ms
        except ValueError as error:
            self._results.show_error(error)
            return
        await self._change(min_ms=min_ms)

    async def _change(self, **changed: object) -> None:
        self._address_error = None
        self._search = replace(self._search, **changed)  # type: ignore[arg-type]
        self._times.set_parameters(self._search.parameters())
        self._show_chips()
        self._card.props('aria-busy="true"')
        try:
            await self.load()
        finally:
            self._card.props('aria-busy="false"')

    def _show_chips(self) -> None:
        self._chips.clear()
        with self._chips:
            for name, value in self._search.attributes.items():
                filter_chip(f"{name} = {value}", f"Remove the filter on {name}", partial(self._remove_filter, name))

    async def _remove_filter(self, name: str) -> None:
        kept = {key: value for key, value in self._search.attributes.items() if key != name}
        await self._change(attributes=kept)

    def _open(self, trace_id: str) -> None:
        if trace_id:
            ui.navigate.to(trace_page(trace_id))


async def find_traces(search: TraceSearch, span: TimeSpan) -> list[TraceSummary]:
    """Newest first. Without a service, all services are searched at the same time: stores search by service only.

    Raises:
        StoreError: the trace store gave no answer.
        ValueError: the search is invalid.
    """
    store = services().stores.traces
    service_names = [search.service] if search.service else await services().ask(store.services)
    trace_filter = search.filter(span.start, span.end)
    answers = await asyncio.gather(
        *(services().ask(store.search, replace(trace_filter, service=name), search.limit) for name in service_names)
    )
    by_id = {summary.trace_id: summary for answer in answers for summary in answer}
    return sorted(by_id.values(), key=lambda one: -one.start)[: search.limit]


async def load_details(traces: Iterable[TraceSummary]) -> dict[str, TraceDetail | None]:
    """By trace id; None if the store no longer has the trace or does not answer."""
    trace_ids = [one.trace_id for one in traces]
    answers = await asyncio.gather(*(services().ask_or_error(_detail, one) for one in trace_ids))
    return {
        one: answer if isinstance(answer, TraceDetail) else None for one, answer in zip(trace_ids, answers, strict=True)
    }


def _detail(trace_id: str) -> TraceDetail | None:
    trace = services().stores.traces.trace(trace_id)
    return TraceDetail.of(trace) if trace else None
