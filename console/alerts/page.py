"""`/alerts`: firing, pending and silenced alerts, silences, and the history of alerts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from nicegui import ui
from starlette.requests import Request

from alert_sink.console_pages import trace_page
from alert_sink.formats import format_duration
from alert_sink.watchdog import SILENT
from console import states
from console.address import Address
from console.alerts.active_alerts import ActiveAlert, State, by_name, in_state
from console.alerts.cards import AlertCard, at, scope_list, severity_chip
from console.alerts.dialog import SilenceDialog
from console.alerts.history import FiringPeriod, overlapping, resolved, timeline
from console.alerts.links import alerts_page, runbook_page
from console.alerts.silencing import CrossOriginRefused, current, expire_silence, expired, matcher_text, matches
from console.alerts.snapshot import MAX_NOTIFICATIONS, AlertsSnapshot, load_snapshot
from console.services import services
from console.shell import heading, page_frame, style_sheet
from console.timebar import TimeBar, button
from console.times import TimeRange, TimeSpan
from stores import StoreError
from stores.alerts import Silence

_DAY = TimeRange("now-24h")
_REFRESH = "10s"
_MAX_RESOLVED = 50
# Sections of active alerts: anchor, title, states, and the text if there are none.
_SECTIONS: tuple[tuple[str, str, tuple[State, ...], str], ...] = (
    ("firing", "Firing", ("firing",), "No alerts firing."),
    ("pending", "Pending", ("pending",), "No alerts pending."),
    ("silenced", "Silenced and inhibited", ("silenced", "inhibited"), "No alerts silenced or inhibited."),
)


def register() -> None:
    style_sheet("alerts.css", shared=True)

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
    """`name`: show only alerts of this name; empty: all."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client = ui.context.client
        self._cards: dict[str, dict[str, AlertCard]] = {anchor: {} for anchor, *_ in _SECTIONS}
        self._snapshot: AlertsSnapshot | None = None

    def build(self, span: Callable[[], TimeSpan]) -> None:
        """`span` gives the time range of the history."""
        self._span = span
        self._dialog = SilenceDialog(self.refresh)
        self._status = states.LiveSection().classes("alert-status")
        self._problems = states.LiveSection()
        self._sections = {}
        for anchor, title, _, _ in _SECTIONS:
            with ui.element("section").classes("alert-section").props(f'id="{anchor}"'):
                heading(title, 2)
                self._sections[anchor] = states.LiveSection().classes("alert-cards")
        for anchor, title in (("silences", "Silences"), ("resolved", "Resolved"), ("history", "History")):
            with ui.element("section").classes("alert-section").props(f'id="{anchor}"'):
                heading(title, 2)
                self._sections[anchor] = states.LiveSection()
        for section in self._sections.values():
            with section:
                states.loading()

    async def refresh(self) -> None:
        snapshot = await load_snapshot(services())
        self._snapshot = snapshot
        now = time.time()
        alerts = [alert for alert in snapshot.alerts if self._name in ("", alert.name)]
        counted = sorted((alert.state, alert.severity) for alert in alerts)
        heartbeat = (snapshot.watchdog.get("silent"), format_duration(snapshot.watchdog.get("age_s") or 0))
        errors = (str(snapshot.prometheus_error), str(snapshot.alertmanager_error))
        self._status.show((counted, errors, heartbeat), lambda: self._draw_status(snapshot, alerts))
        self._problems.show(errors, lambda: _draw_problems(snapshot))
        for anchor, _, wanted, empty in _SECTIONS:
            self._show_cards(anchor, in_state(alerts, *wanted), empty, snapshot.unknown(*wanted), now)
        self._show_silences(snapshot, now)
        self._show_history(snapshot, now)

    def _show_cards(self, anchor: str, alerts: list[ActiveAlert], empty: str, unknown: bool, now: float) -> None:
        cards, section = self._cards[anchor], self._sections[anchor]
        groups = by_name(alerts)
        for name in [name for name in cards if name not in groups]:
            cards.pop(name).element.delete()
        if not groups:
            section.show(("empty", unknown), lambda: _draw_no_alerts(empty, unknown))
            return
        if section.content is not None or not cards:
            section.clear()
            section.content = None
            cards.clear()
        for name, of_name in groups.items():
            if name in cards:
                cards[name].show(of_name, now)
            else:
                with section:
                    cards[name] = AlertCard(of_name, self._open_dialog, self._span, now)

    def _open_dialog(self, alert: ActiveAlert) -> None:
        self._dialog.open(alert, self._snapshot.alerts if self._snapshot else [alert])

    def _draw_status(self, snapshot: AlertsSnapshot, alerts: Sequence[ActiveAlert]) -> None:
        for anchor, title, wanted, _ in _SECTIONS:
            count = "?" if snapshot.unknown(*wanted) else len(in_state(alerts, *wanted))
            color = ""
            if anchor == "firing" and (firing := in_state(alerts, "firing")):
                color = "bad" if any(one.severity == "critical" for one in firing) else "warn"
            ui.link(f"{count} {title.lower()}", f"#{anchor}").classes(f"chip big {color}")
        watchdog(snapshot)
        if self._name:
            ui.label(f"Only {self._name}").classes("chip accent big")
            ui.link("Show all alerts", "/alerts")

    def _show_silences(self, snapshot: AlertsSnapshot, now: float) -> None:
        silences = [*current(snapshot.silences), *expired(snapshot.silences, self._span().start)]
        content = [(one.id, one.state, format_duration(one.ends - now), _matched(one, snapshot)) for one in silences]
        self._show_list(
            "silences",
            snapshot.alertmanager_error,
            content,
            "No silences in this time range.",
            lambda: self._draw_silences(silences, snapshot, now),
        )

    def _draw_silences(self, silences: Sequence[Silence], snapshot: AlertsSnapshot, now: float) -> None:
        with ui.element("div").classes("card rows"):
            for one in silences:
                is_expired = one.state == "expired"
                with ui.element("div").classes(f"silence-row{' over' if is_expired else ''}"):
                    with ui.element("div").classes("alert-what"):
                        ui.label(one.comment or "No comment")
                        with ui.element("ul").classes("scope"):
                            for matcher in one.matchers:
                                with ui.element("li"):
                                    ui.label(matcher_text(matcher)).classes("mono")
                    with ui.element("div").classes("alert-value"):
                        ui.label(
                            f"expired {at(one.ends, now)}" if is_expired else f"{format_duration(one.ends - now)} left"
                        )
                        ui.label(f"by {one.author}" + ("" if is_expired else f", {_matched(one, snapshot)}"))
                    with ui.element("div").classes("alert-next"):
                        if not is_expired:
                            expire = button("Expire silence", "", partial(self._expire, one))
                            expire.props["aria-label"] = f"Expire silence: {one.comment}"

    async def _expire(self, one: Silence) -> None:
        try:
            await expire_silence(self._client, one.id)
        except (StoreError, CrossOriginRefused) as error:
            ui.notify(str(error), type="negative")
            return
        ui.notify("Silence expired.", type="positive")
        await self.refresh()

    def _show_history(self, snapshot: AlertsSnapshot, now: float) -> None:
        span = self._span()
        periods = [one for one in snapshot.history if self._name in ("", one.name)]
        ended, shown = resolved(periods, span.start)[:_MAX_RESOLVED], overlapping(periods, span, now)
        self._show_list(
            "resolved",
            snapshot.sink_error,
            [(one, format_duration(now - (one.end or 0))) for one in ended],
            "No alerts resolved in this time range.",
            lambda: _draw_resolved(ended, now),
        )
        self._show_list(
            "history",
            snapshot.sink_error,
            [(one, round(span.start / 60)) for one in shown],
            "No alerts fired in this time range.",
            lambda: _draw_history(shown, snapshot, span, now),
        )

    def _show_list(
        self, anchor: str, error: StoreError | None, content: Sequence[object], empty: str, draw: Callable[[], None]
    ) -> None:
        section = self._sections[anchor]
        if error:
            section.show("failed", lambda: states.failed(error))
        elif content:
            section.show(content, draw)
        else:
            section.show("empty", lambda: _draw_empty(empty))


def _matched(silence: Silence, snapshot: AlertsSnapshot) -> str:
    count = sum(matches(silence.matchers, alert.labels) for alert in snapshot.alerts)
    return f"matches {count or 'no'} alert{'' if count == 1 else 's'}"


def _draw_no_alerts(empty: str, unknown: bool) -> None:
    if unknown:
        ui.label("Unknown: the server that has this information does not answer.").classes("state bad")
    else:
        _draw_empty(empty)


def _draw_empty(message: str) -> None:
    """An empty list of alerts is good news: it looks different from `No data`."""
    ui.label(message).classes("state")


def _draw_problems(snapshot: AlertsSnapshot) -> None:
    missing = (
        (
            snapshot.prometheus_error,
            "Alert rules are not evaluated: the alerts below are the last ones that Alertmanager got, without values.",
        ),
        (snapshot.alertmanager_error, "Silenced and inhibited alerts are unknown, and no silence can be created."),
    )
    for error, consequence in missing:
        if error:
            with ui.element("div").classes("problem"):
                ui.label(consequence)
                states.failed(error)


def watchdog(snapshot: AlertsSnapshot) -> None:
    if snapshot.watchdog.get("silent"):
        ui.link("Alerting is broken: watchdog silent", f"/runbooks/{SILENT}").classes("chip big bad")
    elif snapshot.watchdog.get("age_s") is not None:
        ui.label(f"Watchdog received {format_duration(snapshot.watchdog['age_s'])} ago").classes("chip big good")
    elif snapshot.sink_error is None:
        ui.label("No watchdog received yet").classes("chip big")


def _draw_resolved(periods: Sequence[FiringPeriod], now: float) -> None:
    with ui.element("div").classes("card rows"):
        for one in periods:
            assert one.end is not None
            with ui.element("div").classes("alert-row"):
                with ui.element("div").classes("alert-what"):
                    with ui.element("div").classes("alert-head"):
                        ui.link(one.name, alerts_page(one.name)).classes("strong")
                        severity_chip(one.severity)
                    ui.label(one.description or "No description.")
                    scope_list(one.scope)
                with ui.element("div").classes("alert-value"):
                    ui.label(f"resolved {format_duration(now - one.end)} ago")
                    ui.label(f"fired for {format_duration(one.end - one.start)}, until {at(one.end, now)}").classes(
                        "muted"
                    )
                with ui.element("div").classes("alert-next"):
                    runbook = runbook_page(one.name, one.scope)
                    if runbook:
                        ui.link("Runbook", runbook)
                    if one.dashboard:
                        ui.link("Dashboard", one.dashboard)
                    if one.trace_id:
                        ui.link("Affected trace", trace_page(one.trace_id))


def _draw_history(periods: Sequence[FiringPeriod], snapshot: AlertsSnapshot, span: TimeSpan, now: float) -> None:
    with ui.element("div").classes("card"):
        timeline(periods, span, now)
        if snapshot.truncated:
            ui.label(f"Only the newest {MAX_NOTIFICATIONS:,} notifications are shown.").classes("muted query-note")
