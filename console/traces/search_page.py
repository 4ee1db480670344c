"""The search for traces."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import Final

from nicegui import ui

from alert_sink.console_pages import SPAN_SCOPE, trace_page
from console.address import Address
from console.fields import CheckField, ChoiceField, TextField, filter_chip
from console.services import services
from console.states import failed, loading, no_data
from console.timebar import TimeBar
from console.traces.found import Found
from console.traces.question import LIMITS, TraceQuestion
from console.traces.search import details, find
from llm_telemetry import names
from stores import StoreError

_LABEL_OF: Final = {"endpoint": "endpoint", "model": "model", "tenant": "tenant"}  # of llm_requests_total
_SPANS: Final = (names.SPAN_GENERATE, names.SPAN_RETRIEVAL, names.SPAN_EVALUATE)


class SearchPage:
    """One person's search."""

    def __init__(self, address: Address, head: ui.element) -> None:
        self._asked = 0  # counts questions, so that a late answer to an older one is not shown
        self._fault: Exception | None = None
        try:
            self._question = TraceQuestion.read(dict(address.parameters))
        except ValueError as error:
            self._question, self._fault = TraceQuestion(), error
        with head:
            self._times = TimeBar(address, self.ask)
        self._build()
        ui.timer(0, self._begin, once=True)

    def _build(self) -> None:
        question = self._question
        with ui.element("div").classes("filters").props('role="search" aria-label="Search traces"'):
            self._service = ChoiceField(
                "Service",
                question.service,
                lambda name: self._change(service=name),
                {"": "any", **({question.service: question.service} if question.service else {})},
            )
            self._scope = {
                name: TextField(
                    name.capitalize(), question.scope.get(name, ""), partial(self._change_scope, name), hint="any"
                )
                for name in SPAN_SCOPE
            }
            self._operation = TextField(
                "Span name", question.operation, lambda name: self._change(operation=name), hint="any"
            )
            self._operation.suggest(_SPANS)
            least = question.parameters().get("min_ms", "")
            TextField("At least, ms", least, self._change_least, kind="number", hint="0", width="110px")
            ChoiceField(
                "Show",
                str(question.limit),
                lambda limit: self._change(limit=int(limit)),
                {str(limit): f"{limit} newest" for limit in LIMITS},
            )
            CheckField("Errors only", question.error_only, lambda only: self._change(error_only=bool(only)))
            TextField("Open a trace by its id", "", self._open, width="310px")
            self._chips = ui.element("div").classes("filter-chips")
        self._card = ui.element("section").classes("card answers").props('aria-label="Traces"')
        with self._card:
            self._state = ui.element("div")
            self._found = Found()
            self._found.visible = False
        with self._state:
            loading("Asking the trace store…")
        self._show_chips()

    async def _begin(self) -> None:
        await asyncio.gather(self.ask(), self._suggest())

    async def ask(self) -> None:
        """Search, show what is found, then what each of it cost."""
        if self._fault:
            self._show_failure(self._fault)
            return
        self._asked += 1
        asked, question = self._asked, self._question
        span = self._times.range.absolute()
        try:
            found = await find(question, span)
        except (StoreError, ValueError) as error:
            if asked == self._asked:
                self._show_failure(error)
            return
        if asked != self._asked:
            return
        self._state.clear()
        self._found.visible = bool(found)
        if not found:
            with self._state:
                no_data("no trace fits the search in this range")
            return
        # The store gave the newest only: dots are drawn over the time that these are of.
        cut = len(found) == question.limit
        start = found[-1].start if cut else span.start
        end = max(min(span.end, time.time()), found[0].start)  # a range may go on into the future
        self._found.show(found, {}, start, end, cut=cut)
        known = await details(found)
        if asked == self._asked:
            self._found.show(found, known, start, end, cut=cut)

    def _show_failure(self, error: Exception) -> None:
        self._state.clear()
        self._found.visible = False
        with self._state:
            failed(error)

    async def _suggest(self) -> None:
        """What there is to choose from; a field can be filled in without it."""
        stores, requests = services().stores, [names.REQUESTS.name]
        wanted, *values = await asyncio.gather(
            services().ask(stores.traces.services),
            *(services().ask(stores.metrics.label_values, _LABEL_OF[name], requests) for name in SPAN_SCOPE),
            return_exceptions=True,
        )
        if isinstance(wanted, list):
            options = dict.fromkeys([*wanted, *([self._question.service] if self._question.service else [])])
            self._service.offer({"": "any", **{name: name for name in options}})
        for field, found in zip(self._scope.values(), values, strict=True):
            if isinstance(found, list):
                field.suggest(found)

    # --- Changing what is asked ---------------------------------------------------------------------

    async def _change_scope(self, name: str, value: str) -> None:
        await self._change(scope={**self._question.scope, name: value})

    async def _change_least(self, text: str) -> None:
        try:
            least = TraceQuestion.read({"min_ms": text}).min_ms
        except ValueError as error:
            self._show_failure(error)
            return
        await self._change(min_ms=least)

    async def _change(self, **changed: object) -> None:
        self._fault = None
        self._question = replace(self._question, **changed)  # type: ignore[arg-type]
        self._times.go_asking(self._question.parameters())
        self._show_chips()
        self._card.props('aria-busy="true"')
        try:
            await self.ask()
        finally:
            self._card.props('aria-busy="false"')

    def _show_chips(self) -> None:
        self._chips.clear()
        with self._chips:
            for name, value in self._question.attributes.items():
                filter_chip(f"{name} = {value}", "Take it out of the search", partial(self._drop, name))

    async def _drop(self, name: str) -> None:
        kept = {key: value for key, value in self._question.attributes.items() if key != name}
        await self._change(attributes=kept)

    def _open(self, trace_id: str) -> None:
        if trace_id:
            ui.navigate.to(trace_page(trace_id))
