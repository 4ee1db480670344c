"""Alertmanager accepts the configuration in every variant, and every alert reaches its team."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from alertmanager_live import DEFAULTS, REHEARSAL, ROOT, amtool, rendered, rules_alerts

from dashboards_src.alerts import ALERT_NAMES
from dashboards_src.config import SCALES, Team
from stack.servers import SERVERS
from stack.settings import Stack

SLACK = {"slack_webhook_file": "/run/secrets/slack-webhook"}
VARIANTS = {
    "default": {},
    "rehearsal": REHEARSAL,
    "nowhere": {"sink_url": "", "sink_page": ""},
    "own webhook": {"webhook_url": "https://alerts.example/hook?a=b&c='d'"},
    "only own webhook": {"sink_url": "", "sink_page": "", "webhook_url": "https://alerts.example/hook"},
    "slack": SLACK,
    "slack without sink": {**SLACK, "sink_url": "", "sink_page": ""},
    "slack channel": {**SLACK, "slack_channel": '#on-call: "it\'s"'},
}


def routed() -> list[tuple[str, tuple[str, ...]]]:
    """The labels of every alert, and the receiver that must get it."""
    found = {
        (rule["alert"], *(f"{name}={value}" for name, value in sorted(rule["labels"].items()))): rule
        for scale in SCALES
        for rule in rules_alerts(scale)
    }
    return [
        (
            "watchdog" if labels[0] == "StackWatchdog" else rule["labels"]["team"],
            (f"alertname={labels[0]}", *labels[1:]),
        )
        for labels, rule in found.items()
    ]


@pytest.fixture(scope="module")
def config_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("config") / "alertmanager.yml"
    file.write_text(rendered())
    return file


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_accepted(name: str, tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(rendered(**VARIANTS[name]))
    output = amtool("check-config", file)
    assert "SUCCESS" in output
    assert " - 1 templates" in output, "the templates are not found"


@pytest.mark.parametrize(
    ("receiver", "labels"), routed(), ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_every_alert_reaches_its_team(receiver: str, labels: tuple[str, ...], config_file: Path) -> None:
    assert amtool("config", "routes", "test", f"--config.file={config_file}", *labels).split() == [receiver]


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"alertname": "Yours"}, "default"),
        ({"alertname": "Yours", "severity": "critical", "team": "someone"}, "default"),
        ({"alertname": "Yours", "severity": "info", "team": "cost"}, "record"),
        ({"alertname": "Yours", "severity": "warning", "team": "cost"}, "cost"),
    ],
)
def test_alerts_of_other_rules_have_a_receiver(labels: dict[str, str], receiver: str, config_file: Path) -> None:
    said = amtool("config", "routes", "test", f"--config.file={config_file}", *(f"{k}={v}" for k, v in labels.items()))
    assert said.split() == [receiver]


def test_every_team_has_a_receiver() -> None:
    receivers = {receiver["name"] for receiver in _config()["receivers"]}
    assert set(get_args(Team)) < receivers


def test_slack_gets_links_but_no_watchdog() -> None:
    receivers = {receiver["name"]: receiver for receiver in _config(**SLACK)["receivers"]}
    assert [name for name, one in receivers.items() if "slack_configs" not in one] == ["record", "watchdog"]
    (slack,) = receivers["cost"]["slack_configs"]
    assert (slack["api_url_file"], slack["send_resolved"], slack.get("channel")) == (*SLACK.values(), True, None)
    assert [action["text"] for action in slack["actions"]] == ["Runbook", "Dashboard", "Logs", "Traces"]
    assert all(one["webhook_configs"][0]["url"].endswith("/webhook") for one in receivers.values())


def test_the_sink_and_your_own_webhook_both_get_resolved_messages() -> None:
    for receiver in _config(webhook_url="https://alerts.example/")["receivers"]:
        assert [(one["url"], one["send_resolved"]) for one in receiver["webhook_configs"]] == [
            (DEFAULTS["sink_url"] + "/webhook", True),
            ("https://alerts.example/", True),
        ]


def test_timings() -> None:
    routes = {str(route["matchers"]): route for route in _config()["route"]["routes"]}
    weekly = routes["['alertname=\"LLMQualityWeeklyDrop\"']"]
    assert weekly["repeat_interval"] == "8d"
    watchdog = routes["['alertname=\"StackWatchdog\"']"]
    # The sink raises its alarm after 60 s, so three messages may be lost.
    assert _seconds(watchdog["group_interval"]) * 3 < 60
    assert _seconds(watchdog["repeat_interval"]) < _seconds(watchdog["group_interval"])
    rehearsal = _config(**REHEARSAL)["route"]
    assert (rehearsal["group_wait"], rehearsal["group_interval"]) == ("1s", "5s")


def test_notifications_are_remembered_longer_than_the_longest_repetition() -> None:
    (server,) = (one for one in SERVERS if one.name == "alertmanager")
    for text in (" ".join(server.argv), (ROOT / "docker-compose.yml").read_text()):
        assert re.search(r"--data\.retention=\$?\{ALERTS_RETENTION_HOURS", text)
    assert Stack.load({}).hours("ALERTS_RETENTION") > 8 * 24


def test_inhibition_names_alerts_that_exist() -> None:
    for rule in _config()["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            if not matcher.startswith("alertname"):
                continue
            for name in matcher.split('"')[1].split("|"):
                assert name in ALERT_NAMES, matcher


def _config(**changes: Any) -> dict[str, Any]:
    return dict(yaml.safe_load(rendered(**changes)))


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]
