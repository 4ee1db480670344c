"""Alerts, rules, silences and servers for tests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from console.services import Services
from console.settings import ConsoleSettings
from stores.alerts import Alert, Matcher, Silence
from stores.metric_results import Rule, RuleAlert

T0 = 1_795_530_185.0  # 2026-11-24T14:23:05Z
SCOPE = {"service": "demo-app", "endpoint": "/a"}


def rule(name: str, *alerts: RuleAlert, for_s: float = 120.0) -> Rule:
    return Rule("g", "f", name, "alerting", f"{name} > 1", {}, "ok", "", for_s=for_s, alerts=alerts)


def rule_alert(name: str, state: str = "firing", severity: str = "critical", **labels: str) -> RuleAlert:
    """An alert as Prometheus has it."""
    all_labels = {"alertname": name, "severity": severity, "team": "application", **SCOPE, **labels}
    return RuleAlert(name, state, 0.34, all_labels, {"description": "34 % failed", "summary": "Too many fail."}, T0)


def alert(of: RuleAlert, state: str = "active", **changes: Any) -> Alert:
    """The same alert as Alertmanager has it."""
    values: dict[str, Any] = {
        "name": of.name, "labels": of.labels, "annotations": of.annotations, "state": state, "starts": T0 + 120,
        "ends": T0 + 900, "silenced_by": (), "inhibited_by": (), "receivers": (), "fingerprint": of.name.lower(),
        "generator_url": "",
    }  # fmt: skip
    return Alert(**(values | changes))


def silence(state: str = "active", ends: float = T0 + 3600, silence_id: str = "s1") -> Silence:
    return Silence(silence_id, (Matcher("alertname", "LLMHighErrorRate"),), state, T0, ends, "ann", "known")


class FakeServer:
    """Its methods return the values it was made with, or raise them if they are exceptions."""

    def __init__(self, **answers: Any) -> None:
        for name, answer in answers.items():
            setattr(self, name, lambda *_, answer=answer, **__: _result(answer))


def _result(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def services(rules: Any, alerts: Any, silences: Any, deliveries: Any) -> Services:
    stores = SimpleNamespace(metrics=FakeServer(rules=rules), alerts=FakeServer(alerts=alerts, silences=silences))
    return Services(ConsoleSettings(), stores, FakeServer(deliveries=deliveries), ThreadPoolExecutor(4))  # type: ignore[arg-type]
