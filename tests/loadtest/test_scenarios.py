"""Proves that the scenarios name alerts, faults and parameters that exist."""

from __future__ import annotations

import pytest

from alert_sink.watchdog import SILENT, WATCHDOG
from dashboards_src.alerts import ALERT_NAMES, alerts_at
from demo_app import faults as app_faults
from loadtest.faults import AppFault, ProviderFault, StoppedServer
from loadtest.scenarios import BY_NAME, SCENARIOS, Scenario
from sim_provider.faults import FAULTS
from stack.servers import SERVERS

ALERTS = {*ALERT_NAMES, SILENT} - {WATCHDOG}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_the_alerts_of_a_scenario_exist(scenario: Scenario) -> None:
    assert set(scenario.expected) <= ALERTS
    assert set(scenario.tolerated) <= ALERTS
    assert not set(scenario.expected) & set(scenario.tolerated)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_scenario_has_descriptions_and_ordered_steps(scenario: Scenario) -> None:
    assert scenario.about
    assert all(why and why[0].islower() for why in scenario.tolerated.values())
    assert list(scenario.steps) == sorted(scenario.steps, key=lambda step: step.at_s)
    assert scenario.lasts_s <= 120


def test_provider_and_application_have_the_faults_of_the_scenarios() -> None:
    for scenario in SCENARIOS:
        for fault in scenario.faults:
            if isinstance(fault, ProviderFault):
                assert fault.name in FAULTS
                assert set(fault.parameters) <= set(FAULTS[fault.name].parameters)
            if isinstance(fault, AppFault):
                assert fault.name in app_faults.FAULTS
            if isinstance(fault, StoppedServer):
                assert fault.role in {server.role for server in SERVERS}


def test_alerts_name_only_scenarios_that_exist_and_never_the_baseline() -> None:
    named = {scenario for alert in alerts_at("rehearsal") for scenario in alert.scenarios}
    assert named <= set(BY_NAME) - {"baseline"}


def test_every_scenario_but_the_baseline_must_raise_an_alert() -> None:
    assert [scenario.name for scenario in SCENARIOS if not scenario.expected] == ["baseline"]


def test_a_scenario_expects_the_alerts_that_name_it() -> None:
    assert set(BY_NAME["fallback"].expected) == {"LLMCircuitBreakerOpen", "LLMFallbackInUse"}
    assert BY_NAME["prometheus-down"].expected == (SILENT,)  # the alert sink raises it, no rule does


def test_no_scenario_was_lost() -> None:
    assert len(SCENARIOS) == len(BY_NAME) == 23
    assert sum(scenario.quick for scenario in SCENARIOS) >= 6
    proven = {name for scenario in SCENARIOS for name in scenario.expected}
    assert len(proven) >= 18
