"""The history of alerts, from the alert sink's notifications, and its chart with a line per alert name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from alert_sink.episodes import severity_rank
from alert_sink.formats import format_duration, format_time
from alert_sink.watchdog import WATCHDOG
from console.alerts.active_alerts import dashboard_path
from console.alerts.cards import SEVERITY_CLASS
from console.alerts.links import alerts_page
from console.times import TimeSpan


@dataclass(frozen=True)
class FiringPeriod:
    """One alert from the time it fired until it was resolved. Times are Unix seconds."""

    name: str
    severity: str
    description: str
    scope: Mapping[str, str]
    start: float
    end: float | None  # None while the alert is firing
    trace_id: str  # of one affected request; empty if none was found
    dashboard: str

    @property
    def firing(self) -> bool:
        return self.end is None


def firing_periods(notifications: Iterable[Mapping[str, Any]]) -> list[FiringPeriod]:
    """The periods, newest first. `notifications` are the sink's, newest first. The watchdog is left out."""
    last: dict[tuple[str, float], Mapping[str, Any]] = {}
    for one in notifications:
        key = (one["fingerprint"], one["starts_at"])
        if one["alert"] != WATCHDOG and (key not in last or one["status"] == "resolved"):
            last[key] = one
    periods = [_firing_period(one) for one in last.values()]
    return sorted(periods, key=lambda one: (-one.start, one.name))


def resolved(periods: Iterable[FiringPeriod], since: float) -> list[FiringPeriod]:
    ended = [one for one in periods if one.end is not None and one.end >= since]
    return sorted(ended, key=lambda one: (-(one.end or 0), one.name))


def overlapping(periods: Iterable[FiringPeriod], span: TimeSpan, now: float) -> list[FiringPeriod]:
    return [one for one in periods if one.start <= span.end and (now if one.end is None else one.end) >= span.start]


def _firing_period(one: Mapping[str, Any]) -> FiringPeriod:
    is_resolved = one["status"] == "resolved"
    return FiringPeriod(
        name=one["alert"],
        severity=one["severity"],
        description=one["description"] or one["summary"],
        scope=one["scope"],
        start=one["starts_at"],
        end=(one["ends_at"] or one["received_at"]) if is_resolved else None,
        trace_id=one["trace_id"] or "",
        dashboard=dashboard_path(one["annotations"].get("dashboard_url", "")),
    )


_TICKS = 5
_MIN_WIDTH = 0.35  # percent


def timeline(periods: Sequence[FiringPeriod], span: TimeSpan, now: float) -> None:
    rows: dict[str, list[FiringPeriod]] = {}
    for period in sorted(periods, key=lambda one: (severity_rank(one.severity), one.name)):
        rows.setdefault(period.name, []).append(period)
    with ui.element("div").classes("timeline").props('role="img"') as chart:
        chart.props["aria-label"] = f"{len(rows)} alerts fired {len(periods)} times"
        for name, of_name in rows.items():
            with ui.element("div").classes("timeline-row"):
                ui.link(name, alerts_page(name))
                with ui.element("div").classes("timeline-track"):
                    for period in of_name:
                        _bar(period, span, now)
        with ui.element("div").classes("timeline-row timeline-axis"):
            ui.label("UTC")
            with ui.element("div").classes("timeline-ticks"):
                for index in range(_TICKS):
                    ui.label(format_time(span.start + span.length * index / (_TICKS - 1))[:-3])


def _bar(period: FiringPeriod, span: TimeSpan, now: float) -> None:
    end = now if period.end is None else period.end
    left = _percent(period.start, span)
    width = max(_percent(end, span) - left, _MIN_WIDTH)
    scope = ", ".join(period.scope.values())
    classes = f"{SEVERITY_CLASS.get(period.severity, '')}{' open' if period.firing else ''}"
    bar = ui.element("span").classes(f"timeline-bar {classes}")
    bar.style(f"left: {min(left, 100 - _MIN_WIDTH):.3f}%; width: {min(width, 100 - left):.3f}%")
    duration = f"for {format_duration(end - period.start)}{' until now' if period.firing else ''}"
    bar.props["title"] = f"Fired {format_time(period.start)} UTC, {duration}\n{scope}"


def _percent(unix_s: float, span: TimeSpan) -> float:
    return min(max((unix_s - span.start) / span.length, 0.0), 1.0) * 100
