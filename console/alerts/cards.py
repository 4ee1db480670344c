"""Alerts of one name on a card: what it is, where it is and how bad, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nicegui import ui

from alert_sink.incidents import length, moment
from console.alerts.links import links_of, runbook_of
from console.alerts.standing import ActiveAlert
from console.runbooks.view import shelf, show
from console.shell import heading
from console.timebar import button
from console.times import Span
from console.units import formatted

LOOK = {"critical": "bad", "warning": "warn"}  # of a severity
Silencer = Callable[[ActiveAlert], None]


class Card:
    """One name; `show` changes only what has changed, so that nothing jumps and no focus is lost."""

    def __init__(self, alerts: Sequence[ActiveAlert], silencer: Silencer, span: Callable[[], Span], now: float) -> None:
        self._silencer = silencer
        self._span = span
        self._rows: dict[str, _Row] = {}
        first = alerts[0]
        with ui.element("article").classes(f"card alert {LOOK.get(first.severity, '')}") as self.element:
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
            self._place = ui.element("div").classes("alert-rows")
            self._runbook = ui.element("div").classes("alert-runbook")
        self.show(alerts, now)

    def show(self, alerts: Sequence[ActiveAlert], now: float) -> None:
        """Show these, all of the card's name."""
        there = {alert.key for alert in alerts}
        for key in [key for key in self._rows if key not in there]:
            self._rows.pop(key).element.delete()
        for alert in alerts:
            if alert.key not in self._rows:
                with self._place:
                    self._rows[alert.key] = _Row(alert, self._silencer)
            self._rows[alert.key].show(alert, now)

    def _runbook_button(self, alert: ActiveAlert) -> None:
        address = runbook_of(alert.name, alert.labels, alert.annotations.get("runbook_url", ""))
        if not address:
            ui.label("no runbook").classes("muted")
        elif not address.startswith("/"):
            ui.link("Runbook", address, new_tab=True).classes("btn")
        else:
            self._opener = button("Runbook", "What to do, here", lambda: self._toggle_runbook(alert, address))
            self._opener.props('aria-expanded="false"')

    def _toggle_runbook(self, alert: ActiveAlert, address: str) -> None:
        is_open = self._opener.props["aria-expanded"] == "true"
        self._opener.props["aria-expanded"] = "false" if is_open else "true"
        self._opener.update()
        self._runbook.clear()
        runbook = None if is_open else shelf().runbook(alert.name)
        if runbook:
            with self._runbook:
                ui.link("On a page of its own", address).classes("muted")
                show(runbook, self._span, alert.labels)


class _Row:
    """One alert of the card."""

    def __init__(self, alert: ActiveAlert, silencer: Silencer) -> None:
        with ui.element("div").classes("alert-row") as self.element:
            with ui.element("div").classes("alert-what"):
                self._said = ui.label().classes("alert-said")
                scope_list(alert.scope)
                self._why = ui.label().classes("muted")
            with ui.element("div").classes("alert-value"):
                self._value = ui.label().classes("number alert-number")
                self._value.props["title"] = "The value that the rule's expression gives now"
                self._since = ui.label().classes("muted number")
            with ui.element("div").classes("alert-next"):
                for text, address in links_of(alert):
                    ui.link(text, address)
                if alert.state != "pending":
                    silence = button("Silence", "Silence it for a time", lambda: silencer(self._alert))
                    silence.props["aria-label"] = f"Silence {alert.name}: {scope_text(alert)}"
        self._alert = alert

    def show(self, alert: ActiveAlert, now: float) -> None:
        """Show how it stands now."""
        self._alert = alert
        self._said.set_text(alert.said or "It says nothing about itself.")
        self._value.set_text("" if alert.value is None else formatted(alert.value, alert.unit))
        self._since.set_text(_since(alert, now))
        self._why.set_text(_why(alert, now))
        self._why.set_visibility(bool(self._why.text))


def severity_chip(severity: str) -> None:
    """How bad it is."""
    ui.label(severity or "no severity").classes(f"chip {LOOK.get(severity, '')}")


def scope_list(scope: Mapping[str, str]) -> None:
    """Where it is: names and values of labels."""
    with ui.element("ul").classes("scope").props('aria-label="Labels"'):
        for name, value in scope.items():
            with ui.element("li"):
                ui.label(name).classes("muted")
                ui.label(value)


def scope_text(alert: ActiveAlert) -> str:
    """Its labels, as a line."""
    return ", ".join(f"{name} {value}" for name, value in alert.scope.items()) or "everywhere"


def at(unix_s: float, now: float) -> str:
    """A time of UTC, with its day where that is not today."""
    said = moment(unix_s)
    return said.split()[-1] if said.split()[:2] == moment(now).split()[:2] else said


def _since(alert: ActiveAlert, now: float) -> str:
    if alert.state == "pending":
        left = alert.since + alert.for_s - now
        return f"for {length(now - alert.since)}, " + (f"fires in {length(left)}" if left > 0 else "about to fire")
    return f"for {length(now - alert.since)}, since {at(alert.since, now)}"


def _why(alert: ActiveAlert, now: float) -> str:
    """Why nobody is told of it."""
    if alert.state == "silenced":
        said = [f"“{one.comment}” ({one.author}), {length(one.ends - now)} left" for one in alert.silences]
        return f"Silenced: {'; '.join(said) or 'by a silence that is not known here'}"
    if alert.state == "inhibited":
        return f"Not delivered: {', '.join(alert.inhibited_by)} fires, which says the same or causes it."
    return ""
