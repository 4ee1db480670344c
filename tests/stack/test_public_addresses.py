"""Every address that a person opens is built from PUBLIC_HOST, the ports, DASHBOARDS_URL and ALERT_SINK_URL."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from compose_config import compose_config

from stack.failure import StackFailure
from stack.lite import LiteStack
from stack.settings import Stack

PORTS = {"GRAFANA_PORT": "3300", "ALERT_SINK_PORT": "9595", "PROMETHEUS_PORT": "9191", "ALERTMANAGER_PORT": "9494"}


def stack_with(folder: Path, **options: str) -> Stack:
    return Stack.load({"STACK_STATE": str(folder), **PORTS, **options})


def lite_environment(stack: Stack, server: str) -> dict[str, str]:
    [program] = [program for program in LiteStack(stack).programs() if program.name == server]
    return dict(program.environment)


def rendered_yaml(stack: Stack, name: str) -> Any:
    LiteStack(stack).render()
    return yaml.safe_load((stack.config / name / f"{name}.yml").read_text())


def external_labels(stack: Stack) -> dict[str, str]:
    """As Prometheus reads them: with variables of its environment."""
    labels = rendered_yaml(stack, "prometheus")["global"]["external_labels"]
    environment = lite_environment(stack, "prometheus")
    return {name: Template(text).substitute(environment) for name, text in labels.items()}


def test_a_moved_port_and_a_public_host_are_in_every_address(tmp_path: Path) -> None:
    stack = stack_with(tmp_path, PUBLIC_HOST="llm.example")
    assert stack.public_url("GRAFANA_PORT") == "http://llm.example:3300"
    assert external_labels(stack) == {
        "dashboards_url": "http://llm.example:3300",
        "runbooks_url": "http://llm.example:9595/runbooks",
    }
    sink = lite_environment(stack, "alert-sink")
    assert sink["ALERT_SINK_OWN_PAGE"] == "http://llm.example:9595"
    assert sink["ALERT_SINK_CONSOLE_PAGE"] == "http://llm.example:3300"
    assert sink["ALERT_SINK_PROMETHEUS_PAGE"] == "http://llm.example:9191"
    argv = {program.name: program.argv for program in LiteStack(stack).programs()}
    assert "--web.external-url=http://llm.example:3300/" in argv["prometheus"]
    assert "--web.external-url=http://llm.example:9494/" in argv["alertmanager"]


def test_a_reverse_proxys_addresses_replace_host_and_port(tmp_path: Path) -> None:
    stack = stack_with(
        tmp_path, DASHBOARDS_URL="https://llm.example/grafana/", ALERT_SINK_URL="https://alerts.llm.example"
    )
    assert external_labels(stack) == {
        "dashboards_url": "https://llm.example/grafana",
        "runbooks_url": "https://alerts.llm.example/runbooks",
    }
    assert lite_environment(stack, "alert-sink")["ALERT_SINK_CONSOLE_PAGE"] == "https://llm.example/grafana"
    assert stack.public_url("PROMETHEUS_PORT") == "http://localhost:9191"


@pytest.mark.parametrize("option", ["ALERT_SINK_URL", "DASHBOARDS_URL", "PUBLIC_HOST"])
def test_a_new_address_restarts_prometheus_because_a_reload_keeps_the_old_one_in_alerts(
    tmp_path: Path, option: str
) -> None:
    """Prometheus compares rules without external labels (rules.Group.Equals): unchanged rules keep the old labels."""
    new = {option: "llm.example" if option == "PUBLIC_HOST" else "https://llm.example"}
    before, after = (lite_environment(stack_with(tmp_path, **options), "prometheus") for options in ({}, new))
    assert before != after
    in_full = [compose_config(tmp_path, **options)["services"]["prometheus"]["environment"] for options in ({}, new)]
    assert in_full[0] != in_full[1]
    assert set(in_full[0]) == set(before) - {"PYTHONUNBUFFERED"}


def test_alerts_carry_no_addresses_as_labels(tmp_path: Path) -> None:
    [relabelling] = rendered_yaml(stack_with(tmp_path), "prometheus")["alerting"]["alert_relabel_configs"]
    assert relabelling == {"action": "labeldrop", "regex": "dashboards_url|runbooks_url"}


def test_slack_buttons_lead_to_the_public_alert_sink(tmp_path: Path) -> None:
    stack = stack_with(tmp_path, ALERT_SINK_URL="https://alerts.llm.example")
    stack.secrets.mkdir(parents=True)
    (stack.secrets / "slack-webhook-url").write_text("https://hooks.slack.example/x")
    receivers = {one["name"]: one for one in rendered_yaml(stack, "alertmanager")["receivers"]}
    buttons = {one["text"]: one["url"] for one in receivers["default"]["slack_configs"][0]["actions"]}
    assert buttons["Logs"].startswith("https://alerts.llm.example/go/logs?")
    assert buttons["Traces"].startswith("https://alerts.llm.example/go/traces?")


def test_rendered_dashboards_link_to_the_running_stacks_runbooks(tmp_path: Path) -> None:
    stack = stack_with(tmp_path, PUBLIC_HOST="llm.example")
    LiteStack(stack).render()
    boards = [json.loads(file.read_text()) for file in stack.dashboards.glob("*.json")]
    assert len(boards) >= 6
    for board in boards:
        variables = {variable["name"]: variable for variable in board["templating"]["list"]}
        assert variables["runbooks_url"]["query"] == "http://llm.example:9595/runbooks"
    assert lite_environment(stack, "console")["CONSOLE_DASHBOARDS"] == str(stack.dashboards)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("PUBLIC_HOST", "http://llm.example"),
        ("PUBLIC_HOST", "llm.example:3000"),
        ("PUBLIC_HOST", "::1"),
        ("DASHBOARDS_URL", "llm.example"),
        ("ALERT_SINK_URL", "https://llm.example/?a=b"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(option: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(StackFailure, match=f"{option} is"):
        LiteStack(stack_with(tmp_path, **{option: value})).programs()


@pytest.mark.parametrize(
    ("options", "has_password"),
    [
        ({}, False),
        ({"PUBLIC_HOST": "127.0.0.1"}, False),
        ({"PUBLIC_HOST": "llm.example"}, True),
        ({"DASHBOARDS_URL": "https://llm.example"}, True),
    ],
)
def test_the_console_knows_its_public_address_and_has_a_password_if_others_reach_it(
    tmp_path: Path, options: dict[str, str], has_password: bool
) -> None:
    stack = stack_with(tmp_path, **options)
    environment = lite_environment(stack, "console")
    assert environment["CONSOLE_PUBLIC_URL"] == stack.public_url("GRAFANA_PORT")
    assert bool(environment["CONSOLE_PASSWORD_FILE"]) is has_password
