"""The states of an element, each distinct at first sight: loading, no data and why, query failed and why."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from stores import QueryRefused, StoreError


class Part(ui.element):
    """A part of a page that is drawn again only when it says something else: nothing jumps, no focus is lost."""

    said: object = None  # what it was drawn for

    def show(self, said: object, draw: Callable[[], None]) -> None:
        """Draw it where it does not say that already."""
        if self.said != said:
            self.clear()
            self.said = said
            with self:
                draw()


def loading(what: str = "Loading…") -> None:
    """An answer is on its way."""
    with _state("loading").props('role="status" aria-live="polite"'):
        ui.element("span").classes("spinner").props('aria-hidden="true"')
        ui.label(what)


def no_data(why: str) -> None:
    """The server answered, with nothing. `why` goes on from `No data: …`."""
    with _state("empty"):
        ui.icon("inbox").props('aria-hidden="true"')
        ui.label(f"No data: {why}")


def failed(error: Exception | str) -> None:
    """The question was not answered. The server's own words are shown, and what to do."""
    with _state("failed").props('role="alert"'):
        ui.icon("error_outline").props('aria-hidden="true"')
        with ui.element("div"):
            ui.label(f"Query failed: {reason(error)}").classes("failed-reason")
            if isinstance(error, StoreError):
                ui.label(error.next_step).classes("failed-next")


def reason(error: Exception | str) -> str:
    """Why a question was not answered, in the server's own words where it said any."""
    if isinstance(error, QueryRefused):
        return error.said
    if isinstance(error, StoreError):
        return f"{error.server} {error.what}"
    return error if isinstance(error, str) else str(error) or type(error).__name__


def _state(kind: str) -> ui.element:
    return ui.element("div").classes(f"state state-{kind}")
