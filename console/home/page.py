"""`/`: what fires, a few numbers, the dashboards, and whether every server answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from nicegui import ui

from alert_sink.console_pages import trace_page
from alert_sink.incidents import length
from console import states
from console.alerts.cards import LOOK
from console.alerts.links import alerts_page
from console.alerts.page import watchdog
from console.alerts.read import Read as Alerts
from console.alerts.read import read as read_alerts
from console.alerts.standing import ActiveAlert, State, by_name, in_state
from console.dashboards.model import Library
from console.home import figures, servers
from console.home.figures import WINDOW_S, drawing
from console.services import services
from console.shell import heading, page_frame, static
from console.timebar import button
from console.times import Span
from console.units import formatted

_EVERY_S = 10.0
_MOST_NAMES = 6
_SHORTCUTS = (
    ("Failed requests", "/traces?error=true"),
    ("Slow requests", "/traces?min_ms=3000"),
    ("Log lines of failed calls", "/logs?field.status=error"),
    ("Everything that is logged, live", "/logs?live=true"),
)


def register() -> None:
    """Declare the page."""
    ui.add_head_html(f'<link rel="stylesheet" href="{static("home.css")}">', shared=True)

    @ui.page("/")
    async def home() -> None:
        with page_frame("Home", active="home") as head:
            with head:
                _find_trace()
            page = HomePage()
        ui.timer(_EVERY_S, page.refresh, immediate=True)


class HomePage:
    """Its parts are asked at the same time and shown as they come."""

    def __init__(self) -> None:
        self._banner = states.Part()
        with ui.element("div").classes("home"):
            with ui.element("div").classes("home-main"):
                self._figures = states.Part().classes("figures")
                with _section("Firing now"):
                    self._alerts = states.Part()
                with _section("Dashboards"):
                    _dashboards()
            with ui.element("div").classes("home-side"):
                with _section("Servers"):
                    self._servers = states.Part()
                with _section("Go on to"), ui.element("nav").classes("card links").props('aria-label="Searches"'):
                    for text, address in _SHORTCUTS:
                        ui.link(text, address)
                    ui.link("Runbooks", "/runbooks")
                    ui.link("Ask Prometheus", "/query")
        for place in (self._figures, self._alerts, self._servers):
            with place:
                states.loading()

    async def refresh(self) -> None:
        """Ask again."""
        await asyncio.gather(self._refresh_alerts(), self._refresh_figures(), self._refresh_servers())

    async def _refresh_alerts(self) -> None:
        found = await read_alerts(services())
        firing, now = in_state(found.alerts, "firing"), time.time()
        said = [(alert.key, alert.said, length(now - alert.since)) for alert in firing]
        stand = sorted((alert.state, alert.severity) for alert in found.alerts)
        errors = (str(found.prometheus), str(found.alertmanager))
        self._banner.show((stand, found.watchdog, errors), lambda: _banner(found))
        self._alerts.show((said, errors), lambda: _firing(found, firing, now))

    async def _refresh_figures(self) -> None:
        now = time.time()
        found = await figures.read(services(), now)
        self._figures.show(found, lambda: _figures(found, Span(now - WINDOW_S, now)))

    async def _refresh_servers(self) -> None:
        found = await servers.read(services())
        self._servers.show(found, lambda: _servers(found))


def _section(title: str) -> ui.element:
    made = ui.element("section")
    with made:
        heading(title, 2)
    return made


def _find_trace() -> None:
    found = [""]
    with ui.element("form").classes("toolbar").props('role="search"') as form:
        line = ui.element("input").classes("input mono").props('type="search" placeholder="Trace id" size="34"')
        line.props["aria-label"] = "Trace id"
        line.on("input", lambda event: found.__setitem__(0, str(event.args)), js_handler="(e) => emit(e.target.value)")
        button("Open trace").props('type="submit"')
    form.on("submit.prevent", lambda: ui.navigate.to(trace_page(found[0].strip())) if found[0].strip() else None)


def _banner(found: Alerts) -> None:
    firing = in_state(found.alerts, "firing")
    critical = sum(alert.severity == "critical" for alert in firing)
    bad = critical or found.prometheus or found.alertmanager or found.watchdog.get("silent")
    look = "bad" if bad else "warn" if firing else "good"
    with ui.element("div").classes(f"card banner {look}"):
        icon = {"good": "check_circle", "warn": "warning", "bad": "error"}[look]
        ui.icon(icon).props('aria-hidden="true"')
        with ui.element("div").classes("banner-text"):
            if found.unknown("firing"):
                heading("Nobody knows whether anything fires", 2)
                ui.label(_who(found))
            else:
                heading(_sentence(len(firing), critical), 2)
                held = _count(found, "silenced", "inhibited")
                ui.label(f"{_count(found, 'pending')} about to fire, {held} silenced or inhibited").classes("muted")
        watchdog(found)
        ui.link("Alerts", "/alerts").classes("btn")


def _count(found: Alerts, *wanted: State) -> str:
    return "?" if found.unknown(*wanted) else str(len(in_state(found.alerts, *wanted)))


def _who(found: Alerts) -> str:
    return "Neither Prometheus nor Alertmanager answers." if found.blind else "Prometheus does not answer."


def _sentence(firing: int, critical: int) -> str:
    if not firing:
        return "Nothing fires"
    fires = "1 alert fires" if firing == 1 else f"{firing} alerts fire"
    return f"{fires}, {critical} critical" if critical else fires


def _firing(found: Alerts, firing: Sequence[ActiveAlert], now: float) -> None:
    if not firing:
        unknown = found.unknown("firing")
        said = f"Unknown. {_who(found)}" if unknown else "No alert fires."
        ui.label(said).classes(f"state plain {'bad' if unknown else ''}")
        return
    with ui.element("div").classes("card rows"):
        groups = by_name(firing)
        for name, alerts in list(groups.items())[:_MOST_NAMES]:
            worst = alerts[0]
            others = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
            with ui.element("div").classes(f"home-alert {LOOK.get(worst.severity, '')}"):
                ui.link(name, alerts_page(name)).classes("strong")
                ui.label(f"for {length(now - min(alert.since for alert in alerts))}").classes("muted number")
                ui.label(f"{worst.said or worst.annotations.get('summary', '')}{others}").classes("home-said")
        if len(groups) > _MOST_NAMES:
            ui.link(f"{len(groups) - _MOST_NAMES} more", "/alerts#firing").classes("home-more")


def _figures(found: Sequence[figures.Read], span: Span) -> None:
    if all(one.error for one in found):
        states.failed(found[0].error or "")
        return
    for one in found:
        with ui.element("div").classes("card figure"):
            ui.label(one.figure.name).classes("muted")
            if one.error:
                states.failed(one.error)
                continue
            ui.label(formatted(one.value, one.figure.unit)).classes("figure-value number")
            ui.label("last hour" if one.value is not None else f"No data: {one.figure.nothing}").classes(
                "muted figure-note"
            )
            path = drawing(one.points, span, 100, 30)
            with ui.element("svg").props('viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true"'):
                if path:
                    ui.element("path").props["d"] = path


def _dashboards() -> None:
    with ui.element("div").classes("home-boards"):
        for board in Library(services().settings.dashboards).all():
            with ui.link(target=f"/d/{board.uid}").classes("card home-board"):
                ui.label(board.title).classes("strong")
                ui.label(board.about).classes("muted home-board-about")


def _servers(found: Sequence[servers.Answering]) -> None:
    with ui.element("ul").classes("card servers"):
        for one in found:
            with ui.element("li"):
                ui.icon("check_circle" if one.answers else "cancel").classes("good" if one.answers else "bad").props(
                    'aria-hidden="true"'
                )
                with ui.element("div"):
                    ui.label(one.name).classes("strong")
                    ui.label(one.about).classes("muted")
                with ui.element("div").classes("server-says"):
                    ui.label("answers" if one.answers else "does not answer").classes("sr-only")
                    ui.label(one.says).classes("muted number" if one.answers else "bad")
                    if one.next_step:
                        ui.label(one.next_step).classes("muted")
