"""Rules of Prometheus and alerts of Alertmanager become one list of active alerts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_alerts import T0, alert, rule, rule_alert, silence

from console.alerts.active_alerts import active_alerts, by_name, dashboard_path, in_state


@pytest.mark.parametrize(
    ("description", "unit"),
    [
        ("{{ $labels.service }}: {{ $value | humanizePercentage }} of 20 failed", "percentunit"),
        ("longer than {{ $value | printf `%.0f` }} ms", "ms"),
        ("an hour costs {{ $value | printf `%.2f` }} US dollars", "currencyUSD"),
        ("checked {{$value|humanizeDuration}} ago", "s"),
        ("{{ $value | humanize1024 }}B wait", "bytes"),
        ("{{ $value | humanize }} msgs, {{ $values }}", "short"),
        ("nothing of a value", "short"),
        ("", "short"),
    ],
)
def test_the_unit_comes_from_the_rules_description(description: str, unit: str) -> None:
    loaded = rule("LLMHighErrorRate", rule_alert("LLMHighErrorRate"))
    [alert] = active_alerts([replace(loaded, annotations={"description": description})], [], [])
    assert alert.unit == unit


def test_an_alert_of_both_servers_is_listed_once_with_data_of_both() -> None:
    fires, waits = rule_alert("LLMHighErrorRate"), rule_alert("LLMLatencyHigh", "pending")
    found = active_alerts([rule("LLMHighErrorRate", fires), rule("LLMLatencyHigh", waits)], [alert(fires)], [])
    assert [(one.name, one.state, one.value) for one in found] == [
        ("LLMHighErrorRate", "firing", 0.34),
        ("LLMLatencyHigh", "pending", 0.34),
    ]
    firing, pending = found
    assert firing.since == T0 + 120  # when it fired, not when it became pending
    assert (pending.since, pending.for_s) == (T0, 120)
    assert firing.scope == {"endpoint": "/a", "service": "demo-app"}
    assert firing.description == "34 % failed"
    assert firing.expression == "LLMHighErrorRate > 1"


def test_a_suppressed_alert_names_its_silence_or_inhibiting_alert() -> None:
    one, other = rule_alert("LLMHighErrorRate"), rule_alert("LLMLatencyHigh", severity="warning")
    found = active_alerts(
        [rule("LLMHighErrorRate", one), rule("LLMLatencyHigh", other)],
        [
            alert(one, "suppressed", silenced_by=("s1",)),
            alert(other, "suppressed", inhibited_by=("llmhigherrorrate",)),
        ],
        [silence()],
    )
    assert [alert.state for alert in found] == ["silenced", "inhibited"]
    assert found[0].silences == (silence(),)
    assert found[1].inhibited_by == ("LLMHighErrorRate",)
    assert in_state(found, "firing") == []


def test_alerts_without_a_rule_are_listed_and_the_watchdog_is_not() -> None:
    foreign = alert(rule_alert("DiskFull", severity=""), annotations={})
    watchdog = rule_alert("StackWatchdog", severity="info")
    found = active_alerts([rule("StackWatchdog", watchdog)], [foreign, alert(watchdog)], [])
    assert [(one.name, one.value, one.description) for one in found] == [("DiskFull", None, "")]


def test_external_labels_do_not_duplicate_an_alert() -> None:
    fires = rule_alert("LLMHighErrorRate")
    [one] = active_alerts(
        [rule("LLMHighErrorRate", fires)], [alert(fires, labels={**fires.labels, "cluster": "eu"})], []
    )
    assert one.scope["cluster"] == "eu"


def test_alerts_are_sorted_by_severity_and_grouped_by_name() -> None:
    alerts = [
        rule_alert("B", severity="warning"),
        rule_alert("A", severity="warning"),
        rule_alert("C"),
        rule_alert("A", model="m"),
    ]
    found = active_alerts([rule(one.name, one) for one in alerts], [], [])
    assert [one.name for one in found] == ["A", "C", "A", "B"]
    assert {name: len(group) for name, group in by_name(found).items()} == {"A": 2, "C": 1, "B": 1}
    assert len({one.key for one in found}) == 4


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://localhost:3000/d/llm-cost?var-model=a%2Fb&from=now-1h", "/d/llm-cost?var-model=a%2Fb&from=now-1h"),
        ("https://grafana.example/d/x", "/d/x"),
        ("/d/x?y", "/d/x?y"),
        ("javascript:alert(1)//d/x", ""),
        ("http://[", ""),
        ("http://localhost:3000/explore", ""),
        ("//evil.example/d/x", "/d/x"),
        ("", ""),
    ],
)
def test_a_dashboard_url_becomes_a_path_of_the_console(url: str, path: str) -> None:
    assert dashboard_path(url) == path
