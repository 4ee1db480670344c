"""`/alerts`: what fires, what will, what is silenced, and what was."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from nicegui import ui
from starlette.requests import Request

from alert_sink.console_pages import trace_page
from alert_sink.incidents import length
from alert_sink.watchdog import SILENT
from console import states
from console.address import Address
from console.alerts import writing
from console.alerts.cards import Card, at, scope_list, severity_chip
from console.alerts.dialog import SilenceDialog
from console.alerts.history import Incident, ended, overlapping
from console.alerts.links import alerts_page, runbook_of
from console.alerts.read import MOST_DELIVERIES, Read, read
from console.alerts.silencing import expired, fits, running, written
from console.alerts.standing import ActiveAlert, State, by_name, in_state
from console.alerts.timeline import timeline
from console.services import services
from console.shell import heading, page_frame, static
from console.timebar import TimeBar, button
from console.times import Span, TimeRange
from stores import StoreError
from stores.alerts import Silence

_DAY = TimeRange("now-24h")
_REFRESH = "10s"
_MOST_RESOLVED = 50
# Sections of alerts: anchor, title, what is in them, and what is said where nothing is.
_SECTIONS: tuple[tuple[str, str, tuple[State, ...], str], ...] = (
    ("firing", "Firing", ("firing",), "no alert fires"),
    ("pending", "Pending", ("pending",), "no alert is about to fire"),
    ("silenced", "Silenced and inhibited", ("silenced", "inhibited"), "no alert is held back"),
)


def register() -> None:
    """Declare the page."""
    ui.add_head_html(f'<link rel="stylesheet" href="{static("alerts.css")}">', shared=True)

    @ui.page("/alerts")
    async def alerts(request: Request) -> None:
        address = Address.of(request)
        page = AlertsPage(address.value("alert"))
        with page_frame("Alerts", active="alerts") as head:
            with head:
                times = TimeBar(address, page.refresh, default=_DAY, default_refresh=_REFRESH)
            page.build(lambda: times.range.absolute())
            ui.timer(0, page.refresh, once=True)


class AlertsPage:
    """One person's view of it; `name` shows the alerts of that name only."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client = ui.context.client
        self._cards: dict[str, dict[str, Card]] = {anchor: {} for anchor, *_ in _SECTIONS}
        self._read: Read | None = None

    def build(self, span: Callable[[], Span]) -> None:
        """Lay it out; `span` is what history is shown of."""
        self._span = span
        self._dialog = SilenceDialog(self.refresh)
        self._status = states.Part().classes("alert-status")
        self._problems = states.Part()
        self._places = {}
        for anchor, title, _, _ in _SECTIONS:
            with ui.element("section").classes("alert-section").props(f'id="{anchor}"'):
                heading(title, 2)
                self._places[anchor] = states.Part().classes("alert-cards")
        for anchor, title in (("silences", "Silences"), ("resolved", "Recently resolved"), ("history", "History")):
            with ui.element("section").classes("alert-section").props(f'id="{anchor}"'):
                heading(title, 2)
                self._places[anchor] = states.Part()
        for place in self._places.values():
            with place:
                states.loading()

    async def refresh(self) -> None:
        """Ask again, and change what has changed."""
        found = await read(services())
        self._read = found
        now = time.time()
        alerts = [alert for alert in found.alerts if self._name in ("", alert.name)]
        states_now = sorted((alert.state, alert.severity) for alert in alerts)
        beat = (found.watchdog.get("silent"), length(found.watchdog.get("age_s") or 0))
        errors = (str(found.prometheus), str(found.alertmanager))
        self._status.show((states_now, errors, beat), lambda: self._show_status(found, alerts))
        self._problems.show(errors, lambda: _show_problems(found))
        for anchor, _, wanted, empty in _SECTIONS:
            self._show_section(anchor, in_state(alerts, *wanted), empty, found.unknown(*wanted), now)
        self._show_silences(found, now)
        self._show_past(found, now)

    def _show_section(self, anchor: str, alerts: list[ActiveAlert], empty: str, unknown: bool, now: float) -> None:
        cards, place = self._cards[anchor], self._places[anchor]
        groups = by_name(alerts)
        for name in [name for name in cards if name not in groups]:
            cards.pop(name).element.delete()
        if not groups:
            place.show(("nothing", unknown), lambda: _nothing(empty, unknown))
            return
        if place.said is not None or not cards:
            place.clear()
            place.said = None
            cards.clear()
        for name, of_name in groups.items():
            if name in cards:
                cards[name].show(of_name, now)
            else:
                with place:
                    cards[name] = Card(of_name, self._open_dialog, self._span, now)

    def _open_dialog(self, alert: ActiveAlert) -> None:
        self._dialog.open(alert, self._read.alerts if self._read else [alert])

    def _show_status(self, found: Read, alerts: Sequence[ActiveAlert]) -> None:
        for anchor, title, wanted, _ in _SECTIONS:
            count = "?" if found.unknown(*wanted) else len(in_state(alerts, *wanted))
            look = ""
            if anchor == "firing" and (firing := in_state(alerts, "firing")):
                look = "bad" if any(one.severity == "critical" for one in firing) else "warn"
            ui.link(f"{count} {title.lower()}", f"#{anchor}").classes(f"chip big {look}")
        watchdog(found)
        if self._name:
            ui.label(f"Only {self._name}").classes("chip accent big")
            ui.link("Show all", "/alerts")

    def _show_silences(self, found: Read, now: float) -> None:
        held = [*running(found.silences), *expired(found.silences, self._span().start)]
        said = [(one.id, one.state, length(one.ends - now), _held(one, found)) for one in held]
        empty = "no silence holds, and none ended in this range"
        self._show_rows("silences", found.alertmanager, said, empty, lambda: self._silence_rows(held, found, now))

    def _silence_rows(self, silences: Sequence[Silence], found: Read, now: float) -> None:
        with ui.element("div").classes("card rows"):
            for one in silences:
                over = one.state == "expired"
                with ui.element("div").classes(f"silence-row{' over' if over else ''}"):
                    with ui.element("div").classes("alert-what"):
                        ui.label(one.comment or "no comment")
                        with ui.element("ul").classes("scope"):
                            for matcher in one.matchers:
                                with ui.element("li"):
                                    ui.label(written(matcher)).classes("mono")
                    with ui.element("div").classes("alert-value"):
                        ui.label(f"ended {at(one.ends, now)}" if over else f"{length(one.ends - now)} left")
                        ui.label(f"by {one.author}" + ("" if over else f", holds {_held(one, found)} back"))
                    with ui.element("div").classes("alert-next"):
                        if not over:
                            end = button("End now", "", partial(self._expire, one))
                            end.props["aria-label"] = f"End the silence: {one.comment}"

    async def _expire(self, one: Silence) -> None:
        try:
            await writing.expire(self._client, one.id)
        except (StoreError, writing.AnotherPage) as error:
            ui.notify(str(error), type="negative")
            return
        ui.notify("The silence has ended.", type="positive")
        await self.refresh()

    def _show_past(self, found: Read, now: float) -> None:
        span = self._span()
        past = [one for one in found.incidents if self._name in ("", one.name)]
        resolved, history = ended(past, span.start)[:_MOST_RESOLVED], overlapping(past, span, now)
        ago = [(one, length(now - (one.end or 0))) for one in resolved]
        empty = "no alert was resolved in this range"
        self._show_rows("resolved", found.sink, ago, empty, lambda: _resolved(resolved, now))
        drawn = [(one, round(span.start / 60)) for one in history]
        empty = "nothing fired in this range"
        self._show_rows("history", found.sink, drawn, empty, lambda: _history(history, found, span, now))

    def _show_rows(
        self, anchor: str, error: StoreError | None, said: Sequence[object], empty: str, draw: Callable[[], None]
    ) -> None:
        """`said` is what `draw` shows; nothing is said as `empty`."""
        place = self._places[anchor]
        if error:
            place.show("failed", lambda: states.failed(error))
        elif said:
            place.show(said, draw)
        else:
            place.show("none", lambda: _quiet(empty))


def _held(silence: Silence, found: Read) -> str:
    count = sum(fits(silence.matchers, alert.labels) for alert in found.alerts)
    return "no alert" if not count else f"{count} alert{'s' if count > 1 else ''}"


def _nothing(empty: str, unknown: bool) -> None:
    if unknown:
        ui.label("Unknown: the server that knows it does not answer.").classes("state bad")
    else:
        _quiet(empty)


def _quiet(said: str) -> None:
    """That there is nothing, where nothing is good news."""
    ui.label(f"{said[0].upper()}{said[1:]}.").classes("state")


def _show_problems(found: Read) -> None:
    missing = (
        (found.prometheus, "Nothing is watched: what fires is what Alertmanager was last told; values are missing."),
        (found.alertmanager, "What is silenced is not known, and nothing can be silenced."),
    )
    for error, means in missing:
        if error:
            with ui.element("div").classes("problem"):
                ui.label(means)
                states.failed(error)


def watchdog(found: Read) -> None:
    """Whether alerting itself works."""
    if found.watchdog.get("silent"):
        ui.link("Alerting is broken: the watchdog is silent", f"/runbooks/{SILENT}").classes("chip big bad")
    elif found.watchdog.get("age_s") is not None:
        ui.label(f"Watchdog {length(found.watchdog['age_s'])} ago").classes("chip big good")
    elif found.sink is None:
        ui.label("No watchdog yet").classes("chip big")


def _resolved(incidents: Sequence[Incident], now: float) -> None:
    with ui.element("div").classes("card rows"):
        for one in incidents:
            assert one.end is not None
            with ui.element("div").classes("alert-row"):
                with ui.element("div").classes("alert-what"):
                    with ui.element("div").classes("alert-head"):
                        ui.link(one.name, alerts_page(one.name)).classes("strong")
                        severity_chip(one.severity)
                    ui.label(one.said or "It said nothing about itself.")
                    scope_list(one.scope)
                with ui.element("div").classes("alert-value"):
                    ui.label(f"{length(now - one.end)} ago")
                    ui.label(f"went on for {length(one.end - one.start)}, until {at(one.end, now)}").classes("muted")
                with ui.element("div").classes("alert-next"):
                    runbook = runbook_of(one.name, one.scope)
                    if runbook:
                        ui.link("Runbook", runbook)
                    if one.dashboard:
                        ui.link("Dashboard", one.dashboard)
                    if one.trace_id:
                        ui.link("An affected trace", trace_page(one.trace_id))


def _history(incidents: Sequence[Incident], found: Read, span: Span, now: float) -> None:
    with ui.element("div").classes("card"):
        timeline(incidents, span, now)
        if found.cut:
            ui.label(f"Of the newest {MOST_DELIVERIES:,} deliveries only.").classes("muted query-note")
