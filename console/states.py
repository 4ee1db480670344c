"""The states of a part of a page: loading, no data and why, query failed and why, or results."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from stores import QueryRefused, StoreError


class LiveSection(ui.element):
    """A part of a page that is redrawn only when its content changes: nothing jumps, and focus is kept."""

    content: object = None

    def show(self, content: object, draw: Callable[[], None]) -> None:
        if self.content != content:
            self.clear()
            self.content = content
            with self:
                draw()


class ResultArea:
    """The results of a search, or in their place: loading, no data, or the error. Build it inside the page's element.

    A person may change the search before the last query is answered. `begin_query` numbers the queries, and an answer
    is shown only while its query is still the newest one.
    """

    def __init__(self, message: str) -> None:
        self.query_number = 0
        self.has_failed = False
        self._results: ui.element | None = None
        self._state = ui.element("div")
        with self._state:
            loading(message)

    def contain(self, results: ui.element) -> None:
        """Show `results` only while there are results."""
        self._results = results
        results.visible = False

    def begin_query(self) -> int:
        self.query_number += 1
        return self.query_number

    def is_newest(self, number: int) -> bool:
        return number == self.query_number

    def show_results(self) -> None:
        self._switch(results=True)

    def show_no_data(self, why: str) -> None:
        with self._switch(results=False):
            no_data(why)

    def show_error(self, error: Exception) -> None:
        with self._switch(results=False, has_failed=True):
            failed(error)

    def _switch(self, *, results: bool, has_failed: bool = False) -> ui.element:
        self.has_failed = has_failed
        self._state.clear()
        if self._results is not None:
            self._results.visible = results
        return self._state


def loading(message: str = "Loading…") -> None:
    with _state("loading").props('role="status" aria-live="polite"'):
        ui.element("span").classes("spinner").props('aria-hidden="true"')
        ui.label(message)


def no_data(why: str) -> None:
    """The server answered, but there is nothing to show. `why` completes the sentence `No data: …`."""
    with _state("empty"):
        ui.icon("inbox").props('aria-hidden="true"')
        ui.label(f"No data: {why}")


def failed(error: Exception | str) -> None:
    with _state("failed").props('role="alert"'):
        ui.icon("error_outline").props('aria-hidden="true"')
        with ui.element("div"):
            ui.label(f"Query failed: {reason(error)}").classes("failed-reason")
            if isinstance(error, StoreError):
                ui.label(error.next_step).classes("failed-next")


def reason(error: Exception | str) -> str:
    """Why a query failed, in the server's own words where it gave any."""
    if isinstance(error, QueryRefused):
        return error.message
    if isinstance(error, StoreError):
        return f"{error.server} {error.what}"
    return error if isinstance(error, str) else str(error) or type(error).__name__


def _state(kind: str) -> ui.element:
    return ui.element("div").classes(f"state state-{kind}")
