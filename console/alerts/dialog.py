"""The dialog that creates a silence: labels, duration, comment and author."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from nicegui import ui

from console.alerts.active_alerts import ActiveAlert
from console.alerts.silencing import (
    DURATIONS,
    LONGEST_NAME,
    LONGEST_TEXT,
    CrossOriginRefused,
    InvalidSilence,
    SilenceRequest,
    create_silence,
    matches,
    parse_duration,
)
from console.shell import heading, with_text
from console.timebar import button
from stores import StoreError
from stores.alerts import Matcher

_DEFAULT_DURATION = "2 h"
_NOT_SELECTED = ("severity", "team")  # labels that a silence does not need: the other labels identify the alert


class SilenceDialog:
    def __init__(self, on_created: Callable[[], Awaitable[None]]) -> None:
        self._on_created = on_created
        self._client = ui.context.client
        self._dialog = ui.dialog()

    def open(self, alert: ActiveAlert, all_alerts: Sequence[ActiveAlert]) -> None:
        """Open the dialog for `alert`. `all_alerts` are needed to tell how many of them the silence matches."""
        self._selected = {name: name not in _NOT_SELECTED for name in alert.labels}
        self._alert, self._all_alerts = alert, all_alerts
        self._duration = _DEFAULT_DURATION
        self._dialog.clear()
        with self._dialog, ui.element("div").classes("card"), ui.element("form").classes("dialog") as form:
            form.props("novalidate")
            form.props["aria-label"] = f"Silence {alert.name}"
            form.on("submit.prevent", self._send)
            heading(f"Silence {alert.name}", 2)
            with ui.element("fieldset"):
                with_text("legend", "Labels to match")
                for name, value in sorted(alert.labels.items(), key=lambda item: item[0] != "alertname"):
                    self._label_checkbox(name, value)
                self._count = ui.label().classes("muted").props('aria-live="polite"')
            self._durations()
            self._comment = _text_field("Comment", "Known, the provider is working on it", LONGEST_TEXT)
            self._author = _text_field("Your name", "", LONGEST_NAME)
            self._problem = ui.label().classes("bad").props('role="alert"')
            with ui.element("div").classes("dialog-end"):
                button("Cancel", "", self._dialog.close)
                self._submit = ui.element("button").classes("btn primary").props('type="submit"')
                with self._submit:
                    ui.label("Silence")
        self._show_count()
        self._dialog.open()

    def _label_checkbox(self, name: str, value: str) -> None:
        with ui.element("label").classes("check-line"):
            box = ui.element("input").props('type="checkbox"')
            box.props["checked"] = self._selected[name]

            def select(checked: bool) -> None:
                self._selected[name] = checked
                self._show_count()

            box.on("change", lambda event: select(bool(event.args)), js_handler="(e) => emit(e.target.checked)")
            ui.label(name).classes("muted")
            ui.label(value).classes("mono")

    def _durations(self) -> None:
        with ui.element("fieldset"):
            with_text("legend", "Duration")
            with ui.element("div").classes("group wrap").props('role="radiogroup" aria-label="Duration"'):
                self._buttons = {text: button(text, "", partial(self._set_duration, text)) for text in DURATIONS}
            other = ui.element("input").classes("input").props('placeholder="or 90m, 4h, 2d" size="14"')
            other.props["aria-label"] = "Other duration, for example 90m, 4h or 2d"
            other.on(
                "input",
                lambda event: self._set_duration(str(event.args).strip() or _DEFAULT_DURATION),
                js_handler=_VALUE,
            )
        self._set_duration(_DEFAULT_DURATION)

    def _set_duration(self, text: str) -> None:
        self._duration = text
        for name, one in self._buttons.items():
            one.props(f'role="radio" aria-checked="{str(name == text).lower()}"')

    def _labels(self) -> dict[str, str]:
        return {name: value for name, value in self._alert.labels.items() if self._selected[name]}

    def _show_count(self) -> None:
        matchers = [Matcher(name, value) for name, value in self._labels().items()]
        count = sum(matches(matchers, alert.labels) for alert in self._all_alerts)
        alerts = "1 active alert" if count == 1 else f"{count} active alerts"
        self._count.set_text(
            f"Matches {alerts}, and new alerts with these labels." if matchers else "Would silence every alert."
        )

    async def _send(self) -> None:
        try:
            seconds = DURATIONS.get(self._duration) or parse_duration(self._duration)
            request = SilenceRequest.of(self._labels(), seconds, self._comment(), self._author())
            self._submit.props("disabled")
            await create_silence(self._client, request)
        except (InvalidSilence, CrossOriginRefused, StoreError) as error:
            self._problem.set_text(str(error))
            return
        finally:
            self._submit.props(remove="disabled")
        self._dialog.close()
        ui.notify(f"{self._alert.name} is silenced for {self._duration}.", type="positive")
        await self._on_created()


_VALUE = "(event) => emit(event.target.value)"


def _text_field(label: str, placeholder: str, max_length: int) -> Callable[[], str]:
    """Draws the field; the returned function gives its value."""
    value = [""]
    with ui.element("label").classes("field"):
        ui.label(label).classes("muted")
        field = ui.element("input").classes("input").props(f'type="text" maxlength="{max_length}"')
        field.props["placeholder"] = placeholder
        field.on("input", lambda event: value.__setitem__(0, str(event.args)), js_handler=_VALUE)
    return lambda: value[0]
