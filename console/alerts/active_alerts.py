"""All active alerts. Prometheus knows values and pending alerts; Alertmanager knows what is silenced or inhibited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from alert_sink.episodes import scope_of, severity_rank
from alert_sink.watchdog import WATCHDOG
from stores.alerts import Alert, Silence
from stores.metric_results import Rule, RuleAlert

_VALUE = re.compile(r"\{\{\s*\$value\b([^}]*)\}\}\s*(ms\b|US dollars)?")
_UNIT_OF_FUNCTION = {"humanizePercentage": "percentunit", "humanizeDuration": "s", "humanize1024": "bytes"}
_UNIT_OF_WORD = {"ms": "ms", "US dollars": "currencyUSD"}
State = Literal["firing", "pending", "silenced", "inhibited"]
Labels = Mapping[str, str]


@dataclass(frozen=True)
class ActiveAlert:
    name: str
    state: State
    labels: Labels
    annotations: Labels
    since: float  # Unix s
    value: float | None = None  # None if Prometheus does not have the alert
    unit: str = "short"  # of the value, a name of console.units
    expression: str = ""
    for_s: float = 0.0  # `for` of the rule
    silences: tuple[Silence, ...] = ()
    inhibited_by: tuple[str, ...] = ()  # names of alerts

    @property
    def key(self) -> str:
        return "\0".join(f"{name}\1{value}" for name, value in sorted(self.labels.items()))

    @property
    def severity(self) -> str:
        return self.labels.get("severity", "")

    @property
    def scope(self) -> dict[str, str]:
        return scope_of(self.labels)

    @property
    def description(self) -> str:
        return self.annotations.get("description") or self.annotations.get("summary") or ""

    @property
    def dashboard(self) -> str:
        return dashboard_path(self.annotations.get("dashboard_url", ""))


def active_alerts(rules: Sequence[Rule], alerts: Sequence[Alert], silences: Sequence[Silence]) -> list[ActiveAlert]:
    """Each alert once, most severe and newest first. A list is empty if its server does not answer."""
    silence_by_id = {silence.id: silence for silence in silences}
    names = {alert.fingerprint: alert.name for alert in alerts}
    unmatched = [_from_alertmanager(alert, silence_by_id, names) for alert in alerts]
    merged = [
        _merge(rule, rule_alert, _take_match(unmatched, rule_alert)) for rule in rules for rule_alert in rule.alerts
    ]
    # The rest came to Alertmanager from elsewhere, or from a Prometheus that does not answer now.
    return sorted(
        (alert for alert in (*merged, *unmatched) if alert.name != WATCHDOG),
        key=lambda alert: (severity_rank(alert.severity), alert.name, -alert.since, alert.key),
    )


def in_state(alerts: Iterable[ActiveAlert], *states: State) -> list[ActiveAlert]:
    return [alert for alert in alerts if alert.state in states]


def by_name(alerts: Iterable[ActiveAlert]) -> dict[str, list[ActiveAlert]]:
    groups: dict[str, list[ActiveAlert]] = {}
    for alert in alerts:
        groups.setdefault(alert.name, []).append(alert)
    return groups


def dashboard_path(url: str) -> str:
    """`/d/…` of a dashboard's URL. The path alone opens the dashboard in this console, on any host and port."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("", "http", "https") or not parts.path.startswith("/d/"):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def unit_of(description: str) -> str:
    """The unit of `$value` in the template of a rule's description."""
    found = _VALUE.search(description)
    if found is None:
        return "short"
    unit = next((unit for function, unit in _UNIT_OF_FUNCTION.items() if function in found[1]), "")
    return unit or _UNIT_OF_WORD.get(found[2] or "", "short")


def _take_match(alerts: list[ActiveAlert], rule_alert: RuleAlert) -> ActiveAlert | None:
    """Remove and return Alertmanager's alert for `rule_alert`. Prometheus may add labels when it sends an alert."""
    for index, alert in enumerate(alerts):
        if alert.name == rule_alert.name and rule_alert.labels.items() <= alert.labels.items():
            return alerts.pop(index)
    return None


def _merge(rule: Rule, rule_alert: RuleAlert, alert: ActiveAlert | None) -> ActiveAlert:
    since = alert.since if alert else rule_alert.active_since + rule.for_s
    merged = replace(
        alert or ActiveAlert(rule_alert.name, "firing", rule_alert.labels, {}, since),
        annotations=rule_alert.annotations,
        value=rule_alert.value,
        unit=unit_of((rule.annotations or {}).get("description", "")),
        expression=rule.query,
        for_s=rule.for_s,
    )
    if rule_alert.state == "pending":
        return replace(merged, state="pending", since=rule_alert.active_since)
    return merged


def _from_alertmanager(alert: Alert, silences: Mapping[str, Silence], names: Mapping[str, str]) -> ActiveAlert:
    state: State = "firing"
    if alert.state == "suppressed":
        state = "silenced" if alert.silenced_by else "inhibited"
    return ActiveAlert(
        name=alert.name,
        state=state,
        labels=alert.labels,
        annotations=alert.annotations,
        since=alert.starts,
        silences=tuple(silences[one] for one in alert.silenced_by if one in silences),
        inhibited_by=tuple(dict.fromkeys(names.get(one, "another alert") for one in alert.inhibited_by)),
    )
