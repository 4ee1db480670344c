"""What alerts stand now: Prometheus knows value and what is pending, Alertmanager what is silenced or inhibited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from alert_sink.incidents import rank, scope_of
from alert_sink.watchdog import WATCHDOG
from stores.alerts import Alert, Silence
from stores.metric_answers import Rule, RuleAlert

_VALUE = re.compile(r"\{\{\s*\$value\b([^}]*)\}\}\s*(ms\b|US dollars)?")
_FUNCTIONS = {"humanizePercentage": "percentunit", "humanizeDuration": "s", "humanize1024": "bytes"}
_WORDS = {"ms": "ms", "US dollars": "currencyUSD"}
State = Literal["firing", "pending", "silenced", "inhibited"]
Labels = Mapping[str, str]


@dataclass(frozen=True)
class ActiveAlert:
    """One alert, as it stands."""

    name: str
    state: State
    labels: Labels
    annotations: Labels
    since: float  # Unix s
    value: float | None = None  # None where Prometheus does not say it
    unit: str = "short"  # of the value, as console.units knows it
    expression: str = ""
    for_s: float = 0.0  # how long a pending one must last to fire
    silences: tuple[Silence, ...] = ()
    inhibited_by: tuple[str, ...] = ()  # names of alerts

    @property
    def key(self) -> str:
        """Tells it from others."""
        return "\0".join(f"{name}\1{value}" for name, value in sorted(self.labels.items()))

    @property
    def severity(self) -> str:
        """As its label says."""
        return self.labels.get("severity", "")

    @property
    def scope(self) -> dict[str, str]:
        """Where it is."""
        return scope_of(self.labels)

    @property
    def said(self) -> str:
        """What it says of itself, with its value as people read it."""
        return self.annotations.get("description") or self.annotations.get("summary") or ""

    @property
    def dashboard(self) -> str:
        """Its dashboard here; empty where it names none."""
        return dashboard_path(self.annotations.get("dashboard_url", ""))


def standing(rules: Sequence[Rule], held: Sequence[Alert], silences: Sequence[Silence]) -> list[ActiveAlert]:
    """Every alert once, worst and newest first. Either side may be empty where its server does not answer."""
    by_id = {silence.id: silence for silence in silences}
    names = {alert.fingerprint: alert.name for alert in held}
    left = list(held)
    found = []
    for rule in rules:
        for active in rule.alerts:
            same = _taken(left, active)
            found.append(_put_together(active, rule, same, by_id, names))
    # Sent to Alertmanager by others, or by a Prometheus that does not answer now.
    found += [_held_only(alert, by_id, names) for alert in left]
    return sorted(
        (alert for alert in found if alert.name != WATCHDOG),
        key=lambda alert: (rank(alert.severity), alert.name, -alert.since, alert.key),
    )


def in_state(alerts: Iterable[ActiveAlert], *states: State) -> list[ActiveAlert]:
    """Those in one of these states."""
    return [alert for alert in alerts if alert.state in states]


def by_name(alerts: Iterable[ActiveAlert]) -> dict[str, list[ActiveAlert]]:
    """Alerts of one name together, in the order of their first."""
    groups: dict[str, list[ActiveAlert]] = {}
    for alert in alerts:
        groups.setdefault(alert.name, []).append(alert)
    return groups


def dashboard_path(url: str) -> str:
    """`/d/…` of a dashboard's URL, so that it opens here whatever host and port the rules were written for."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("", "http", "https") or not parts.path.startswith("/d/"):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def unit_of(description: str) -> str:
    """The unit in which a rule's own text, still a template, writes its value."""
    written = _VALUE.search(description)
    if written is None:
        return "short"
    unit = next((unit for function, unit in _FUNCTIONS.items() if function in written[1]), "")
    return unit or _WORDS.get(written[2] or "", "short")


def _taken(left: list[Alert], active: RuleAlert) -> Alert | None:
    """Alertmanager's side of `active`, taken out of `left`. Prometheus may add labels when it sends."""
    for index, alert in enumerate(left):
        if alert.name == active.name and active.labels.items() <= alert.labels.items():
            return left.pop(index)
    return None


def _put_together(
    active: RuleAlert, rule: Rule, held: Alert | None, silences: Mapping[str, Silence], names: Mapping[str, str]
) -> ActiveAlert:
    pending = active.state == "pending"
    fired = held.starts if held else active.active_since + rule.for_s
    return ActiveAlert(
        name=active.name,
        state="pending" if pending else _state(held),
        labels=held.labels if held else active.labels,
        annotations=active.annotations,
        since=active.active_since if pending else fired,
        value=active.value,
        unit=unit_of((rule.annotations or {}).get("description", "")),
        expression=rule.query,
        for_s=rule.for_s,
        silences=_silences(held, silences),
        inhibited_by=_inhibiting(held, names),
    )


def _held_only(alert: Alert, silences: Mapping[str, Silence], names: Mapping[str, str]) -> ActiveAlert:
    return ActiveAlert(
        name=alert.name,
        state=_state(alert),
        labels=alert.labels,
        annotations=alert.annotations,
        since=alert.starts,
        silences=_silences(alert, silences),
        inhibited_by=_inhibiting(alert, names),
    )


def _state(held: Alert | None) -> State:
    if held is None or held.state != "suppressed":
        return "firing"
    return "silenced" if held.silenced_by else "inhibited"


def _silences(held: Alert | None, silences: Mapping[str, Silence]) -> tuple[Silence, ...]:
    return tuple(silences[one] for one in (held.silenced_by if held else ()) if one in silences)


def _inhibiting(held: Alert | None, names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.get(one, "another alert") for one in (held.inhibited_by if held else ())))
