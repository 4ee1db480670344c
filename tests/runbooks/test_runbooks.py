"""Every alert has a runbook with the same six sections; the commands, names and links in it are right."""

from __future__ import annotations

import itertools
import json
import re
import shlex
import subprocess
from types import SimpleNamespace

import pytest
import runbook_texts as runbooks

import demo_app.faults
from alert_sink.runbooks import slug
from alert_sink.watchdog import SILENT, WATCHDOG
from dashboards_src.alerts import ALERT_NAMES
from demo_app.settings import DemoSettings
from llm_telemetry.settings import load_settings
from loadtest.scenarios import SCENARIOS
from sim_provider.clock import SYSTEM_CLOCK
from sim_provider.faults import FaultRegistry
from stack.servers import SERVERS
from stack.settings import Stack

SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Verify", "How to reproduce here"]
SERVICES = {server.name for server in SERVERS}


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert set(runbooks.alerts()) == {*ALERT_NAMES, SILENT}


def test_the_sinks_watchdog_is_an_alert_of_the_rules() -> None:
    assert WATCHDOG in ALERT_NAMES


@pytest.mark.parametrize("name", runbooks.alerts())
def test_a_runbook_has_its_sections_in_order(name: str) -> None:
    found = runbooks.headings(name)
    assert found[0] == ("h1", name)
    assert [text for tag, text in found if tag == "h2"] == SECTIONS
    sections = re.split(r"^## .*$", runbooks.text(name), flags=re.MULTILINE)[1:]
    for heading, text in zip(SECTIONS, sections, strict=True):
        assert len(text.strip()) > 4, f"{heading} is empty"
    assert "TODO" not in runbooks.text(name)


@pytest.mark.parametrize("name", runbooks.alerts())
def test_diagnosis_verify_and_reproduce_have_blocks_to_paste(name: str) -> None:
    blocks = list(runbooks.fenced(name))
    diagnosis = [block.language for block in blocks if block.section == "Diagnosis"]
    assert len(diagnosis) >= 3
    assert "promql" in diagnosis
    assert [block for block in blocks if block.section == "Verify" and block.language == "promql"]
    assert [
        block for block in blocks if block.section == "How to reproduce here" and block.language in ("bash", "yaml")
    ]


@pytest.mark.parametrize("name", [name for name in runbooks.alerts() if name.startswith("LLM")])
def test_a_runbook_on_requests_has_a_query_of_logs_or_traces(name: str) -> None:
    languages = {block.language for block in runbooks.fenced(name)}
    assert languages & {"logsql", "traceql"} or name in ("LLMMonthlyBudget", "LLMPriceTableStale")


def test_the_introduction_has_the_seven_steps() -> None:
    steps = [text for tag, text in runbooks.headings(runbooks.INTRODUCTION) if tag == "h2" and text[0].isdigit()]
    assert [step.split(".")[0] for step in steps] == list("1234567")
    for step in steps:
        blocks = [block for block in runbooks.fenced(runbooks.INTRODUCTION) if block.section == step]
        assert any(block.language in ("promql", "logsql", "traceql") for block in blocks), step


def test_runbooks_do_not_repeat_each_other() -> None:
    # Text that several runbooks need belongs into the introduction.

    def lines(name: str) -> set[str]:
        return {line for line in runbooks.text(name).splitlines() if len(line) > 40 and not line.startswith("curl")}

    for one, other in itertools.combinations(runbooks.alerts(), 2):
        shared = lines(one) & lines(other)
        assert len(shared) < 0.4 * min(len(lines(one)), len(lines(other))), f"{one}, {other}: {shared}"


@pytest.mark.parametrize("name", runbooks.all_names())
def test_links_between_runbooks_name_an_existing_page_and_heading(name: str) -> None:
    for target, _, anchor in re.findall(r"\]\((\w+)\.md(#([\w.-]+))?\)", runbooks.text(name)):
        assert target in runbooks.all_names(), target
        if anchor:
            assert anchor in [slug(text) for _, text in runbooks.headings(target)], anchor


@pytest.mark.parametrize("name", runbooks.all_names())
def test_scenarios_settings_servers_and_paths_exist(name: str) -> None:
    text = runbooks.text(name)
    for named in re.findall(r"SCENARIO=([\w-]+)", text):
        assert named in {scenario.name for scenario in SCENARIOS}, named
    for setting in re.findall(r"\bDEMO_([A-Z_]+)\b", text):
        assert hasattr(DemoSettings(), setting.lower()), setting
    for service in re.findall(r"SERVICE=([\w-]+)", text):
        assert service in SERVICES, service
    for path in re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", text):
        if not path.startswith((".state", "/", "~")):
            assert (runbooks.ROOT / path).exists(), path


def test_an_alert_with_a_load_scenario_names_it() -> None:
    raised_by: dict[str, set[str]] = {}
    for scenario in SCENARIOS:
        for alert in scenario.expected:
            raised_by.setdefault(alert, set()).add(scenario.name)
    for alert, scenarios in raised_by.items():
        reproduce = runbooks.text(alert).split("## How to reproduce here")[1]
        named = set(re.findall(r"^make load SCENARIO=([\w-]+)$", reproduce, re.MULTILINE))
        assert named & scenarios, f"{alert}: make load SCENARIO={' or '.join(sorted(scenarios))}"


@pytest.mark.parametrize("name", runbooks.all_names())
def test_addresses_are_the_default_ports(name: str) -> None:
    defaults = {value for key, value in Stack.load({}).values.items() if key.endswith("_PORT")}
    assert set(re.findall(r"localhost:(\d+)", runbooks.text(name))) <= defaults


@pytest.mark.parametrize("name", runbooks.all_names())
def test_a_shell_parses_every_shell_command(name: str) -> None:
    for block in runbooks.fenced(name):
        if block.language == "bash":
            done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{name}: {done.stderr}"


def test_provider_and_application_accept_every_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_app.faults, "current_telemetry", lambda: SimpleNamespace(settings=load_settings()))
    board = FaultRegistry(SYSTEM_CLOCK, ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"])
    tried = 0
    for name in runbooks.all_names():
        for line in re.findall(r"curl -X PUT \S+ -d '[^']+'", runbooks.text(name)):
            _, _, _, url, _, body = shlex.split(line)
            server, fault = url.split("/admin/faults/")
            if server == "localhost:9999":
                board.put(fault, json.loads(body))  # raises if the provider would refuse the fault
            else:
                assert server == "localhost:8000", line
                demo_app.faults.FAULTS[fault].model_validate_json(body)
            tried += 1
    assert tried >= 12
