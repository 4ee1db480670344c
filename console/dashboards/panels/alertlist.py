"""Alerts that fire or are about to, worst first; each leads to its runbook."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from console.alerts.silencing import matches
from console.dashboards.answer import Answer
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context
from console.services import services
from console.states import failed, no_data
from console.times import clock
from console.units import formatted
from stores import StoreError
from stores.alerts import Matcher
from stores.metric_answers import RuleAlert

_WORST_FIRST = ("critical", "warning", "info", "")
_MOST = 20
_BY_NAME, _BY_NAME_DOWN, _BY_IMPORTANCE, _OLDEST_FIRST, _NEWEST_FIRST = range(1, 6)  # as Grafana numbers orders
_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"{}]+))\s*(?:,|$)')


class BadFilter(ValueError):
    """What the panel wants its alerts' labels to be cannot be read."""

    def __init__(self, text: str) -> None:
        super().__init__(f"the console cannot read the filter {text!r} of labels")


class AlertList:
    """A list of alerts, asked for by itself: the panel has no query."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._place = ui.element("div").classes("alert-list").props('role="list"')

    async def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        try:
            options = self._context.panel.options
            alerts = await services().ask(services().stores.metrics.alerts)
            found = chosen(alerts, options)
        except (StoreError, BadFilter) as error:
            self._place.clear()
            with self._place:
                failed(error)
            return
        self._place.clear()
        with self._place:
            if options.get("viewMode") == "stat":
                _count(len(found))
            elif not found:
                no_data("no alert fires" if not alerts else "no alert fires that this panel is about")
            else:
                _list(found, options)


def _count(count: int) -> None:
    with ui.element("div").classes("stats").props('role="listitem"'), ui.element("div").classes("stat"):
        ui.label(str(count)).classes("stat-value").props["data-value"] = str(count)
        ui.label("alert" if count == 1 else "alerts").classes("stat-name")


def _list(found: Sequence[RuleAlert], options: Mapping[str, Any]) -> None:
    """By the labels that the panel groups them by, where it does."""
    names = [str(name) for name in options.get("groupBy") or ()] if options.get("groupMode") == "custom" else []
    most = int(options.get("maxItems") or _MOST)

    def group(alert: RuleAlert) -> list[str]:
        return [f"{name}={alert.labels.get(name, '')}" for name in names]

    for title, alerts in itertools.groupby(sorted(found[:most], key=group), key=group):
        if title:
            ui.label(" ".join(title)).classes("alert-group muted mono").props('role="listitem"')
        for alert in alerts:
            _line(alert)
    if len(found) > most:
        ui.label(f"and {len(found) - most} more").classes("muted alert-group").props('role="listitem"')


def chosen(alerts: Sequence[RuleAlert], options: Mapping[str, Any]) -> list[RuleAlert]:
    """Those that the panel's filters let through, in its order; else worst first, newest first.

    Raises:
        BadFilter: the labels that it wants cannot be read.
    """
    states = options.get("stateFilter") or {"firing": True, "pending": True}
    name = str(options.get("alertName") or "").casefold()
    labels = _matchers(str(options.get("alertInstanceLabelFilter") or ""))
    kept = [
        alert
        for alert in alerts
        if states.get(alert.state) and name in alert.name.casefold() and matches(labels, alert.labels)
    ]
    order = options.get("sortOrder") or _BY_IMPORTANCE
    if order in (_BY_NAME, _BY_NAME_DOWN):
        return sorted(kept, key=lambda alert: alert.name, reverse=order == _BY_NAME_DOWN)
    if order in (_OLDEST_FIRST, _NEWEST_FIRST):
        return sorted(kept, key=lambda alert: alert.active_since, reverse=order == _NEWEST_FIRST)
    return sorted(kept, key=lambda alert: (_rank(alert), -alert.active_since))


def _matchers(text: str) -> list[Matcher]:
    """`{severity="critical", service=~"a|b"}`."""
    inside, found, at = text.strip().removeprefix("{").removesuffix("}"), [], 0
    while at < len(inside):
        match = _MATCHER.match(inside, at)
        if match is None:
            raise BadFilter(text)
        value = match[4] or re.sub(r"\\(.)", r"\1", match[3] or "")
        found.append(Matcher(match[1], value, not match[2].startswith("!"), match[2].endswith("~")))
        at = match.end()
    return found


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
