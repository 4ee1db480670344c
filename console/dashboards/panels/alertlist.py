"""Alerts that fire or are about to, worst first; each leads to its runbook."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nicegui import ui

from console.dashboards.answer import Answer
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context
from console.services import services
from console.states import failed, no_data
from console.times import clock
from console.units import formatted
from stores import StoreError
from stores.metric_answers import RuleAlert

_WORST_FIRST = ("critical", "warning", "info", "")


class AlertList:
    """A list of alerts, asked for by itself: the panel has no query."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._place = ui.element("div").classes("alert-list").props('role="list"')

    async def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        try:
            alerts = await services().ask(services().stores.metrics.alerts)
        except StoreError as error:
            self._place.clear()
            with self._place:
                failed(error)
            return
        shown = chosen(alerts, self._context.panel.options)
        self._place.clear()
        with self._place:
            if not shown:
                no_data("no alert fires")
            for alert in shown:
                _line(alert)


def chosen(alerts: Sequence[RuleAlert], options: object) -> list[RuleAlert]:
    """Those that the panel's filters let through, worst first, newest first."""
    wanted = options if isinstance(options, dict) else {}
    states = wanted.get("stateFilter") or {"firing": True, "pending": True}
    name = str(wanted.get("alertName") or "")
    kept = [
        alert
        for alert in alerts
        if states.get(alert.state) and (not name or re.search(re.escape(name), alert.name, re.I))
    ]
    kept.sort(key=lambda alert: (_rank(alert), -alert.active_since))
    return kept[: int(wanted.get("maxItems") or 20)]


def _rank(alert: RuleAlert) -> int:
    severity = alert.labels.get("severity", "")
    return _WORST_FIRST.index(severity) if severity in _WORST_FIRST else len(_WORST_FIRST)


def _line(alert: RuleAlert) -> None:
    severity = alert.labels.get("severity", "")
    scope = " ".join(alert.labels.get(name, "") for name in ("service", "endpoint", "model", "tenant")).split()
    with ui.element("div").classes("alert-line").props('role="listitem"'):
        kind = "bad" if severity == "critical" else "warn" if severity == "warning" else ""
        ui.label(severity or alert.state).classes(f"chip {kind}")
        ui.link(alert.name, f"/runbooks/{alert.name}")
        ui.label(" ".join(scope)).classes("muted")
        ui.element("div").style("flex: 1")
        ui.label(formatted(alert.value)).classes("number")
        ui.label(f"{alert.state} since {clock(alert.active_since)}").classes("muted")
