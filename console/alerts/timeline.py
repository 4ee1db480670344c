"""What fired when: a line per alert, a bar per time it fired."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from alert_sink.incidents import length, moment, rank
from console.alerts.cards import LOOK
from console.alerts.history import Incident
from console.alerts.links import alerts_page
from console.times import Span

_TICKS = 5
_THINNEST = 0.35  # percent of the width


def timeline(incidents: Sequence[Incident], span: Span, now: float) -> None:
    """Those that fired within `span`."""
    rows: dict[str, list[Incident]] = {}
    for one in sorted(incidents, key=lambda one: (rank(one.severity), one.name)):
        rows.setdefault(one.name, []).append(one)
    with ui.element("div").classes("timeline").props('role="img"') as made:
        made.props["aria-label"] = f"{len(incidents)} times that {len(rows)} alerts fired; the list below says the same"
        for name, of_name in rows.items():
            with ui.element("div").classes("timeline-row"):
                ui.link(name, alerts_page(name))
                with ui.element("div").classes("timeline-track"):
                    for one in of_name:
                        _bar(one, span, now)
        with ui.element("div").classes("timeline-row timeline-axis"):
            ui.label("UTC")
            with ui.element("div").classes("timeline-ticks"):
                for index in range(_TICKS):
                    ui.label(moment(span.start + span.length * index / (_TICKS - 1))[:-3])


def _bar(one: Incident, span: Span, now: float) -> None:
    end = now if one.end is None else one.end
    left = _percent(one.start, span)
    width = max(_percent(end, span) - left, _THINNEST)
    scope = ", ".join(one.scope.values())
    bar = ui.element("span").classes(f"timeline-bar {LOOK.get(one.severity, '')}{' open' if one.firing else ''}")
    bar.style(f"left: {min(left, 100 - _THINNEST):.3f}%; width: {min(width, 100 - left):.3f}%")
    bar.props["title"] = f"{moment(one.start)}, {length(end - one.start)}{' so far' if one.firing else ''}\n{scope}"


def _percent(unix_s: float, span: Span) -> float:
    return min(max((unix_s - span.start) / span.length, 0.0), 1.0) * 100
