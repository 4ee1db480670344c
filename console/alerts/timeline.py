"""The history of alerts as a chart: a line per alert name, a bar per time it was firing."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from alert_sink.episodes import severity_rank
from alert_sink.formats import format_duration, format_time
from console.alerts.cards import SEVERITY_CLASS
from console.alerts.history import FiringPeriod
from console.alerts.links import alerts_page
from console.times import TimeSpan

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
