"""Alertmanager inhibits alerts whose cause is another alert, and no others."""

from __future__ import annotations

import time

import pytest
import requests

from stores import AlertStore, Matcher, poll_until
from stores.timestamps import rfc3339

Labels = dict[str, str]


def critical(name: str, **labels: str) -> Labels:
    return {"alertname": name, "severity": "critical", **labels}


def warning(name: str, **labels: str) -> Labels:
    return {"alertname": name, "severity": "warning", **labels}


COLLECTOR = critical("StackCollectorDown", job="otel-collector")
HERE = {"service": "demo-app", "endpoint": "/a"}

INHIBITED = [
    (critical("LLMDailyBudget"), warning("LLMDailyBudget")),
    (
        critical("LLMAvailabilityBudgetBurn", slo="availability", window="1h", **HERE),
        warning("LLMAvailabilityBudgetBurn", slo="availability", window="3d", **HERE),
    ),
    (COLLECTOR, critical("StackStoreNotWritable", signal="traces")),
    (COLLECTOR, warning("StackExporterQueueFilling", exporter="otlp_http/logs")),
    (critical("StackTargetDown", job="tempo", instance="t"), critical("StackStoreNotWritable", signal="traces")),
    (critical("StackTargetDown", job="jaeger", instance="j"), critical("StackStoreNotWritable", job="jaeger")),
    (
        critical("StackTargetDown", job="victoria-logs", instance="v"),
        warning("StackExporterQueueFilling", exporter="otlp_http/logs"),
    ),
    (
        critical("StackStoreNotWritable", signal="metrics"),
        warning("StackExporterQueueFilling", exporter="otlp_http/metrics"),
    ),
    (critical("StackStoreNotWritable", signal="logs"), warning("StackTelemetryRefused", signal="logs")),
]
NOT_INHIBITED = [
    (critical("LLMDailyBudget"), warning("LLMMonthlyBudget")),
    (critical("LLMHighErrorRate", **HERE), warning("LLMTimeToFirstTokenHigh", **HERE)),
    (
        critical("LLMAvailabilityBudgetBurn", slo="availability", service="demo-app", endpoint="/a"),
        warning("LLMAvailabilityBudgetBurn", slo="availability", service="demo-app", endpoint="/b"),
    ),
    (COLLECTOR, critical("LLMHighErrorRate", **HERE)),
    (COLLECTOR, warning("LLMEvaluationSilent", service="demo-app")),
    (COLLECTOR, critical("StackApplicationsAbsent", job="apps")),
    (COLLECTOR, critical("StackApplicationDown", job="apps", instance="a:1")),
    (COLLECTOR, critical("StackTargetDown", job="jaeger", instance="j")),
    (COLLECTOR, critical("StackNotificationFailing", integration="slack")),
    (critical("StackTargetDown", job="jaeger", instance="j"), critical("StackStoreNotWritable", signal="logs")),
    (
        critical("StackTargetDown", job="jaeger", instance="j"),
        critical("StackApplicationDown", job="apps", instance="a"),
    ),
    (critical("StackStoreNotWritable", signal="logs"), warning("StackTelemetryRefused", signal="traces")),
    (critical("LLMProviderErrorRateHigh", provider="p", model="m"), warning("LLMRetryStorm", provider="p", model="m")),
]


@pytest.mark.parametrize(("cause", "effect"), INHIBITED, ids=lambda one: one["alertname"])
def test_an_alert_is_inhibited_by_its_cause(cause: Labels, effect: Labels, alerts: AlertStore) -> None:
    assert inhibited_by(cause, effect, alerts) == [cause["alertname"]]


@pytest.mark.parametrize(("cause", "effect"), NOT_INHIBITED, ids=lambda one: one["alertname"])
def test_an_unrelated_alert_is_not_inhibited(cause: Labels, effect: Labels, alerts: AlertStore) -> None:
    assert inhibited_by(cause, effect, alerts) == []


def test_an_alert_is_active_again_after_its_cause_is_resolved(alerts: AlertStore) -> None:
    cause, effect = INHIBITED[2]
    assert inhibited_by(cause, effect, alerts, then_resolve=False)
    post(alerts, cause, resolved=True)
    matchers = [Matcher(name, value) for name, value in effect.items()]
    poll_until(lambda: alerts.alerts(matchers), lambda found: found[0].state == "active")
    post(alerts, effect, resolved=True)


def inhibited_by(cause: Labels, effect: Labels, alerts: AlertStore, *, then_resolve: bool = True) -> list[str]:
    """Names of the alerts that inhibit `effect` while both fire. Resolves both afterwards."""
    canary = {**cause, "alertname": "Canary"}
    post(alerts, cause)
    post(alerts, effect)
    post(alerts, canary)  # the inhibitor gets alerts in order: it has seen all once it has seen this one
    found = poll_until(
        alerts.alerts,
        lambda all_: (
            {"Canary", cause["alertname"], effect["alertname"]} <= {one.name for one in all_}
            and all(one.state != "unprocessed" for one in all_)
        ),
    )
    names = {alert.fingerprint: alert.name for alert in found}
    (target,) = (alert for alert in found if alert.labels == effect)
    if then_resolve:
        for labels in (cause, effect, canary):
            post(alerts, labels, resolved=True)
        poll_until(alerts.alerts, lambda left: not left)
    return sorted(names[fingerprint] for fingerprint in target.inhibited_by)


def post(alerts: AlertStore, labels: Labels, *, resolved: bool = False) -> None:
    now = time.time()
    alert = {"labels": labels, "startsAt": rfc3339(now - 60), "endsAt": rfc3339(now - 1 if resolved else now + 600)}
    assert requests.post(f"{alerts.url}/api/v2/alerts", json=[alert], timeout=5).ok
