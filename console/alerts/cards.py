"""One card per alert name: summary, severity, runbook, and a row for each alert with value, labels and links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nicegui import ui

from alert_sink.formats import format_duration, format_time
from console.alerts.active_alerts import ActiveAlert
from console.alerts.links import links_of, runbook_page
from console.runbooks.view import draw_runbook, runbook_library
from console.shell import heading
from console.timebar import button
from console.times import TimeSpan
from console.units import formatted

SEVERITY_CLASS = {"critical": "bad", "warning": "warn"}  # CSS class by severity
Silencer = Callable[[ActiveAlert], None]  # opens the dialog


class AlertCard:
    """The card of one alert name. `show` updates rows in place, so nothing jumps and focus is kept."""

    def __init__(
        self, alerts: Sequence[ActiveAlert], silencer: Silencer, span: Callable[[], TimeSpan], now: float
    ) -> None:
        self._silencer = silencer
        self._span = span
        self._rows: dict[str, _AlertRow] = {}
        first = alerts[0]
        with ui.element("article").classes(f"card alert {SEVERITY_CLASS.get(first.severity, '')}") as self.element:
            self.element.props["aria-label"] = first.name
            with ui.element("div").classes("alert-head"):
                heading(first.name, 3)
                severity_chip(first.severity)
                if first.labels.get("team"):
                    ui.label(f"team {first.labels['team']}").classes("chip hide-narrow")
                ui.element("div").classes("grow")
                self._runbook_button(first)
            if first.annotations.get("summary"):
                ui.label(first.annotations["summary"]).classes("muted")
            self._rows_element = ui.element("div").classes("alert-rows")
            self._runbook = ui.element("div").classes("alert-runbook")
        self.show(alerts, now)

    def show(self, alerts: Sequence[ActiveAlert], now: float) -> None:
        keys = {alert.key for alert in alerts}
        for key in [key for key in self._rows if key not in keys]:
            self._rows.pop(key).element.delete()
        for alert in alerts:
            if alert.key not in self._rows:
                with self._rows_element:
                    self._rows[alert.key] = _AlertRow(alert, self._silencer)
            self._rows[alert.key].show(alert, now)

    def _runbook_button(self, alert: ActiveAlert) -> None:
        address = runbook_page(alert.name, alert.labels, alert.annotations.get("runbook_url", ""))
        if not address:
            ui.label("No runbook").classes("muted")
        elif not address.startswith("/"):
            ui.link("Runbook", address, new_tab=True).classes("btn")
        else:
            self._runbook_toggle = button(
                "Runbook", "Show the runbook here", lambda: self._toggle_runbook(alert, address)
            )
            self._runbook_toggle.props('aria-expanded="false"')

    def _toggle_runbook(self, alert: ActiveAlert, address: str) -> None:
        is_open = self._runbook_toggle.props["aria-expanded"] == "true"
        self._runbook_toggle.props["aria-expanded"] = "false" if is_open else "true"
        self._runbook_toggle.update()
        self._runbook.clear()
        runbook = None if is_open else runbook_library().runbook(alert.name)
        if runbook:
            with self._runbook:
                ui.link("Open the runbook's page", address).classes("muted")
                draw_runbook(runbook, self._span, alert.labels)


class _AlertRow:
    def __init__(self, alert: ActiveAlert, silencer: Silencer) -> None:
        with ui.element("div").classes("alert-row") as self.element:
            with ui.element("div").classes("alert-what"):
                self._description = ui.label().classes("alert-description")
                scope_list(alert.scope)
                self._suppressed = ui.label().classes("muted")
            with ui.element("div").classes("alert-value"):
                self._value = ui.label().classes("number alert-number")
                self._value.props["title"] = "Current value of the rule's expression"
                self._since = ui.label().classes("muted number")
            with ui.element("div").classes("alert-next"):
                for text, address in links_of(alert):
                    ui.link(text, address)
                if alert.state != "pending":
                    silence = button("Silence", "Silence this alert", lambda: silencer(self._alert))
                    silence.props["aria-label"] = f"Silence {alert.name}: {scope_text(alert)}"
        self._alert = alert

    def show(self, alert: ActiveAlert, now: float) -> None:
        self._alert = alert
        self._description.set_text(alert.description or "No description.")
        self._value.set_text("" if alert.value is None else formatted(alert.value, alert.unit))
        self._since.set_text(_since(alert, now))
        self._suppressed.set_text(_why_suppressed(alert, now))
        self._suppressed.set_visibility(bool(self._suppressed.text))


def severity_chip(severity: str) -> None:
    ui.label(severity or "no severity").classes(f"chip {SEVERITY_CLASS.get(severity, '')}")


def scope_list(scope: Mapping[str, str]) -> None:
    with ui.element("ul").classes("scope").props('aria-label="Labels"'):
        for name, value in scope.items():
            with ui.element("li"):
                ui.label(name).classes("muted")
                ui.label(value)


def scope_text(alert: ActiveAlert) -> str:
    return ", ".join(f"{name} {value}" for name, value in alert.scope.items()) or "no labels"


def at(unix_s: float, now: float) -> str:
    """The time in UTC; with its day, unless that is today."""
    text = format_time(unix_s)
    return text.split()[-1] if text.split()[:2] == format_time(now).split()[:2] else text


def _since(alert: ActiveAlert, now: float) -> str:
    if alert.state == "pending":
        left = alert.since + alert.for_s - now
        fires = f"fires in {format_duration(left)}" if left > 0 else "about to fire"
        return f"pending for {format_duration(now - alert.since)}, {fires}"
    return f"for {format_duration(now - alert.since)}, since {at(alert.since, now)}"


def _why_suppressed(alert: ActiveAlert, now: float) -> str:
    """Why Alertmanager sends no notification; empty if it does."""
    if alert.state == "silenced":
        silences = [f"“{one.comment}” ({one.author}), {format_duration(one.ends - now)} left" for one in alert.silences]
        return f"Silenced: {'; '.join(silences) or 'Alertmanager did not say by which silence'}"
    if alert.state == "inhibited":
        return f"Inhibited by {', '.join(alert.inhibited_by)}: no notification is sent while that alert is firing."
    return ""
