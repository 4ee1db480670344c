"""Silencing an alert: which labels, how long, and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from nicegui import ui

from console.alerts import writing
from console.alerts.silencing import DURATIONS, LONGEST_NAME, LONGEST_TEXT, NotSilenced, SilenceRequest, fits, length_of
from console.alerts.standing import ActiveAlert
from console.shell import heading, with_text
from console.timebar import button
from stores import StoreError
from stores.alerts import Matcher

_FIRST = "2 h"
# Labels that make a silence hold for this alert alone; the others are offered.
_LOOSE = ("severity", "team")


class SilenceDialog:
    """Opens for one alert. `done` is awaited after the silence was made."""

    def __init__(self, done: Callable[[], Awaitable[None]]) -> None:
        self._done = done
        self._client = ui.context.client
        self._dialog = ui.dialog()

    def open(self, alert: ActiveAlert, others: Sequence[ActiveAlert]) -> None:
        """For `alert`; `others` are all that stand, to say how many the silence is for."""
        self._chosen = {name: name not in _LOOSE for name in alert.labels}
        self._alert, self._others = alert, others
        self._duration = _FIRST
        self._dialog.clear()
        with self._dialog, ui.element("div").classes("card"), ui.element("form").classes("dialog") as form:
            form.props("novalidate")
            form.props["aria-label"] = f"Silence {alert.name}"
            form.on("submit.prevent", self._send)
            heading(f"Silence {alert.name}", 2)
            with ui.element("fieldset"):
                with_text("legend", "Alerts with")
                for name, value in sorted(alert.labels.items(), key=lambda item: item[0] != "alertname"):
                    self._label(name, value)
                self._count = ui.label().classes("muted").props('aria-live="polite"')
            self._durations()
            self._comment = _line("Why", "Known, the provider is working on it", LONGEST_TEXT)
            self._author = _line("Your name", "", LONGEST_NAME)
            self._problem = ui.label().classes("bad").props('role="alert"')
            with ui.element("div").classes("dialog-end"):
                button("Cancel", "", self._dialog.close)
                self._submit = ui.element("button").classes("btn primary").props('type="submit"')
                with self._submit:
                    ui.label("Silence")
        self._say_count()
        self._dialog.open()

    def _label(self, name: str, value: str) -> None:
        with ui.element("label").classes("check-line"):
            box = ui.element("input").props('type="checkbox"')
            box.props["checked"] = self._chosen[name]

            def choose(checked: bool) -> None:
                self._chosen[name] = checked
                self._say_count()

            box.on("change", lambda event: choose(bool(event.args)), js_handler="(e) => emit(e.target.checked)")
            ui.label(name).classes("muted")
            ui.label(value).classes("mono")

    def _durations(self) -> None:
        with ui.element("fieldset"):
            with_text("legend", "For")
            with ui.element("div").classes("group wrap").props('role="radiogroup" aria-label="Duration"'):
                self._buttons = {text: button(text, "", partial(self._choose, text)) for text in DURATIONS}
            self._own = ui.element("input").classes("input").props('placeholder="or 90m, 4h, 2d" size="14"')
            self._own.props["aria-label"] = "Another duration, such as 90m, 4h or 2d"
            self._own.on("input", lambda event: self._choose(str(event.args).strip() or _FIRST), js_handler=_VALUE)
        self._choose(_FIRST)

    def _choose(self, text: str) -> None:
        self._duration = text
        for name, one in self._buttons.items():
            one.props(f'role="radio" aria-checked="{str(name == text).lower()}"')

    def _labels(self) -> dict[str, str]:
        return {name: value for name, value in self._alert.labels.items() if self._chosen[name]}

    def _say_count(self) -> None:
        matchers = [Matcher(name, value) for name, value in self._labels().items()]
        count = sum(fits(matchers, other.labels) for other in self._others)
        now = "1 alert that stands now" if count == 1 else f"{count} alerts that stand now"
        self._count.set_text(f"Holds for {now}, and for any to come." if matchers else "Would silence every alert.")

    async def _send(self) -> None:
        try:
            seconds = DURATIONS.get(self._duration) or length_of(self._duration)
            wish = SilenceRequest.of(self._labels(), seconds, self._comment(), self._author())
            self._submit.props("disabled")
            await writing.silence(self._client, wish)
        except (NotSilenced, writing.AnotherPage, StoreError) as error:
            self._problem.set_text(str(error))
            return
        finally:
            self._submit.props(remove="disabled")
        self._dialog.close()
        ui.notify(f"{self._alert.name} is silenced for {self._duration}.", type="positive")
        await self._done()


_VALUE = "(event) => emit(event.target.value)"


def _line(text: str, hint: str, longest: int) -> Callable[[], str]:
    """A line of text with its label; gives what is in it."""
    said = [""]
    with ui.element("label").classes("field"):
        ui.label(text).classes("muted")
        line = ui.element("input").classes("input").props(f'type="text" maxlength="{longest}"')
        line.props["placeholder"] = hint
        line.on("input", lambda event: said.__setitem__(0, str(event.args)), js_handler=_VALUE)
    return lambda: said[0]
