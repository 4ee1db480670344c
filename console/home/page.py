"""`/`: firing alerts, key figures, dashboards, and whether every server is up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from urllib.parse import urlencode

from nicegui import ui

from alert_sink.console_pages import trace_page
from alert_sink.formats import format_duration
from console import states
from console.alerts.active_alerts import ActiveAlert, State, by_name, in_state
from console.alerts.cards import SEVERITY_CLASS
from console.alerts.links import alert_index, alerts_page
from console.alerts.page import watchdog
from console.alerts.snapshot import AlertsSnapshot, load_snapshot
from console.dashboards.model import DashboardLibrary
from console.home.servers import ServerStatus, server_statuses
from console.home.stats import WINDOW_S, StatResult, load_stats, sparkline
from console.logs.search import LogSearch
from console.services import services
from console.shell import heading, page_frame, style_sheet
from console.timebar import button
from console.times import TimeSpan
from console.traces.search import TraceSearch
from console.units import formatted
from llm_telemetry import names

_REFRESH_S = 10.0
_MAX_ALERTS = 6  # alert names shown
_SLOW_ALERT = "LLMLatencyHigh"  # "Slow requests" uses the threshold of this alert


def register() -> None:
    style_sheet("home.css", shared=True)

    @ui.page("/")
    async def home() -> None:
        with page_frame("Home", active="home") as head:
            with head:
                _trace_id_field()
            page = HomePage()
        ui.timer(_REFRESH_S, page.refresh, immediate=True)


class HomePage:
    """The parts of the page are loaded at the same time, and each is drawn when its data is there."""

    def __init__(self) -> None:
        self._banner = states.LiveSection()
        with ui.element("div").classes("home"):
            with ui.element("div").classes("home-main"):
                self._stats = states.LiveSection().classes("figures")
                with _section("Firing alerts"):
                    self._alerts = states.LiveSection()
                with _section("Dashboards"):
                    _draw_dashboards()
            with ui.element("div").classes("home-side"):
                with _section("Servers"):
                    self._servers = states.LiveSection()
                with _section("Shortcuts"), ui.element("nav").classes("card links").props('aria-label="Shortcuts"'):
                    for text, address in _shortcuts():
                        ui.link(text, address)
        for section in (self._stats, self._alerts, self._servers):
            with section:
                states.loading()

    async def refresh(self) -> None:
        await asyncio.gather(self._refresh_alerts(), self._refresh_stats(), self._refresh_servers())

    async def _refresh_alerts(self) -> None:
        snapshot = await load_snapshot(services())
        firing, now = in_state(snapshot.alerts, "firing"), time.time()
        rows = [(alert.key, alert.description, format_duration(now - alert.since)) for alert in firing]
        counted = sorted((alert.state, alert.severity) for alert in snapshot.alerts)
        errors = (str(snapshot.prometheus_error), str(snapshot.alertmanager_error))
        self._banner.show((counted, snapshot.watchdog, errors), lambda: _draw_banner(snapshot))
        self._alerts.show((rows, errors), lambda: _draw_firing(snapshot, firing, now))

    async def _refresh_stats(self) -> None:
        now = time.time()
        results = await load_stats(services(), now)
        self._stats.show(results, lambda: _draw_stats(results, TimeSpan(now - WINDOW_S, now)))

    async def _refresh_servers(self) -> None:
        statuses = await server_statuses(services())
        self._servers.show(statuses, lambda: _draw_servers(statuses))


def _shortcuts() -> list[tuple[str, str]]:
    slow = alert_index().evidence.get(_SLOW_ALERT)
    searches = [
        ("Failed requests", "/traces", TraceSearch(error_only=True)),
        ("Slow requests", "/traces", TraceSearch(min_ms=slow.slower_than_ms) if slow else None),
        ("Log lines of failed calls", "/logs", LogSearch(fields={"status": names.STATUS_ERROR})),
        ("Live log", "/logs", LogSearch(live=True)),
    ]
    found = [(text, f"{path}?{urlencode(search.parameters())}") for text, path, search in searches if search]
    return [*found, ("Runbooks", "/runbooks"), ("Prometheus query", "/query")]


def _section(title: str) -> ui.element:
    section = ui.element("section")
    with section:
        heading(title, 2)
    return section


def _trace_id_field() -> None:
    trace_id = [""]

    def type_in(text: str) -> None:
        trace_id[0] = text.strip()

    with ui.element("form").classes("toolbar").props('role="search"') as form:
        field = ui.element("input").classes("input mono").props('type="search" placeholder="Trace ID" size="34"')
        field.props["aria-label"] = "Trace ID"
        field.on("input", lambda event: type_in(str(event.args)), js_handler="(e) => emit(e.target.value)")
        button("Open trace").props('type="submit"')
    form.on("submit.prevent", lambda: ui.navigate.to(trace_page(trace_id[0])) if trace_id[0] else None)


def _draw_banner(snapshot: AlertsSnapshot) -> None:
    firing = in_state(snapshot.alerts, "firing")
    critical = sum(alert.severity == "critical" for alert in firing)
    broken = snapshot.prometheus_error or snapshot.alertmanager_error or snapshot.watchdog.get("silent")
    color = "bad" if critical or broken else "warn" if firing else "good"
    with ui.element("div").classes(f"card banner {color}"):
        icon = {"good": "check_circle", "warn": "warning", "bad": "error"}[color]
        ui.icon(icon).props('aria-hidden="true"')
        with ui.element("div").classes("banner-text"):
            if snapshot.unknown("firing"):
                heading("Firing alerts unknown", 2)
                ui.label(_what_is_down(snapshot))
            else:
                heading(_summary(len(firing), critical), 2)
                suppressed = _count(snapshot, "silenced", "inhibited")
                ui.label(f"{_count(snapshot, 'pending')} pending, {suppressed} silenced or inhibited").classes("muted")
        watchdog(snapshot)
        ui.link("Alerts", "/alerts").classes("btn")


def _count(snapshot: AlertsSnapshot, *wanted: State) -> str:
    return "?" if snapshot.unknown(*wanted) else str(len(in_state(snapshot.alerts, *wanted)))


def _what_is_down(snapshot: AlertsSnapshot) -> str:
    return "Prometheus and Alertmanager do not answer." if snapshot.blind else "Prometheus does not answer."


def _summary(firing: int, critical: int) -> str:
    if not firing:
        return "No alerts firing"
    alerts = "1 alert firing" if firing == 1 else f"{firing} alerts firing"
    return f"{alerts}, {critical} critical" if critical else alerts


def _draw_firing(snapshot: AlertsSnapshot, firing: Sequence[ActiveAlert], now: float) -> None:
    if not firing:
        unknown = snapshot.unknown("firing")
        message = f"Unknown: {_what_is_down(snapshot)}" if unknown else "No alerts firing."
        ui.label(message).classes(f"state plain {'bad' if unknown else ''}")
        return
    with ui.element("div").classes("card rows"):
        groups = by_name(firing)
        for name, alerts in list(groups.items())[:_MAX_ALERTS]:
            first = alerts[0]  # the most severe one
            others = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
            with ui.element("div").classes(f"home-alert {SEVERITY_CLASS.get(first.severity, '')}"):
                ui.link(name, alerts_page(name)).classes("strong")
                ui.label(f"for {format_duration(now - min(alert.since for alert in alerts))}").classes("muted number")
                ui.label(f"{first.description}{others}").classes("home-description")
        if len(groups) > _MAX_ALERTS:
            ui.link(f"{len(groups) - _MAX_ALERTS} more alerts", "/alerts#firing").classes("home-more")


def _draw_stats(results: Sequence[StatResult], span: TimeSpan) -> None:
    if all(one.error for one in results):
        states.failed(results[0].error or "")
        return
    for one in results:
        with ui.element("div").classes("card figure"):
            ui.label(one.stat.name).classes("muted")
            if one.error:
                states.failed(one.error)
                continue
            ui.label(formatted(one.value, one.stat.unit)).classes("figure-value number")
            note = "last hour" if one.value is not None else f"No data: {one.stat.no_data}"
            ui.label(note).classes("muted figure-note")
            path = sparkline(one.points, span, 100, 30)
            with ui.element("svg").props('viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true"'):
                if path:
                    ui.element("path").props["d"] = path


def _draw_dashboards() -> None:
    with ui.element("div").classes("home-boards"):
        for board in DashboardLibrary(services().settings.dashboards).all():
            with ui.link(target=f"/d/{board.uid}").classes("card home-board"):
                ui.label(board.title).classes("strong")
                ui.label(board.summary).classes("muted home-board-about")


def _draw_servers(statuses: Sequence[ServerStatus]) -> None:
    with ui.element("ul").classes("card servers"):
        for one in statuses:
            with ui.element("li"):
                icon = ui.icon("check_circle" if one.up else "cancel").props('aria-hidden="true"')
                icon.classes("good" if one.up else "bad")
                with ui.element("div"):
                    ui.label(one.name).classes("strong")
                    ui.label(one.about).classes("muted")
                with ui.element("div").classes("server-detail"):
                    ui.label("up" if one.up else "down").classes("sr-only")
                    ui.label(one.detail).classes("muted number" if one.up else "bad")
                    if one.next_step:
                        ui.label(one.next_step).classes("muted")
