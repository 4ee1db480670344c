"""The table of scenarios, and what users ask."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from alert_sink.watchdog import SILENT, WATCHDOG
from dashboards_src.alerts import ALERT_NAMES
from demo_app.answering import ENDPOINTS
from demo_app.guards import check_question
from demo_app.schemas import LONGEST_QUESTION
from loadtest import questions
from loadtest.__main__ import _list
from loadtest.events import Beat, EventFile, Request
from loadtest.failure import LoadFailure
from loadtest.faults import AppFault, ProviderFault
from loadtest.generator import _honesty
from loadtest.rehearsal import chosen, real
from loadtest.scenarios import BY_NAME, SCENARIOS, Scenario
from loadtest.traffic import ANSWER, STREAM, SUMMARISE, Traffic
from sim_provider.faults import FAULTS


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_scenario_names_what_exists(scenario: Scenario) -> None:
    known = {*ALERT_NAMES, SILENT} - {WATCHDOG}
    assert set(scenario.expected) <= known
    assert set(scenario.tolerated) <= known
    assert not set(scenario.expected) & set(scenario.tolerated)
    assert all(why and why[0].islower() for why in scenario.tolerated.values())
    assert scenario.about
    assert scenario.name == "baseline" or scenario.expected
    assert list(scenario.steps) == sorted(scenario.steps, key=lambda step: step.at_s)
    assert scenario.lasts_s <= 120


def test_faults_are_those_that_provider_and_application_have() -> None:
    from demo_app import faults as of_the_app

    for scenario in SCENARIOS:
        for fault in scenario.faults:
            if isinstance(fault, ProviderFault):
                assert fault.name in FAULTS
                assert set(fault.parameters) <= set(FAULTS[fault.name].parameters)
            if isinstance(fault, AppFault):
                assert fault.name in of_the_app.FAULTS


def test_what_the_issue_asks_for_is_there() -> None:
    assert len(SCENARIOS) == len(BY_NAME) == 23
    assert sum(scenario.quick for scenario in SCENARIOS) >= 6
    proven = {name for scenario in SCENARIOS for name in scenario.expected}
    assert len(proven) >= 18


def test_an_unknown_scenario_is_named_with_those_that_exist() -> None:
    with pytest.raises(LoadFailure, match="'latencyy'") as raised:
        chosen(["latencyy"])
    assert "latency, ttft" in raised.value.next_step


def test_real_runs_two_of_the_missions_alerts() -> None:
    assert [one.expected for one in real()] == [("LLMHighErrorRate",), ("LLMLatencyHigh",)]
    assert chosen([], baseline_s=900)[0].lasts_s == 900


def test_questions_are_skewed_and_heavy_tailed() -> None:
    chance = random.Random(1)
    asked = [questions.question(0.35, chance) for _ in range(4000)]
    often = Counter(asked)
    assert 0.30 < sum(count for count in often.values() if count > 5) / len(asked) < 0.40
    [(_, first), (_, second)] = often.most_common(2)
    assert first > 1.4 * second
    lengths = sorted(map(len, asked))
    assert max(lengths) <= LONGEST_QUESTION
    assert lengths[-20] > 8 * lengths[len(lengths) // 2]
    tenants = Counter(questions.tenant(chance) for _ in range(2000))
    assert tenants["acme"] > 2 * tenants["globex"] > 2 * tenants["initech"] > 0


def test_usual_questions_pass_the_guard_and_attacks_do_not() -> None:
    chance = random.Random(2)
    for _ in range(500):
        check_question(questions.question(0.35, chance))
    refused = 0
    for _ in range(200):
        try:
            check_question(questions.injection(chance))
        except Exception:
            refused += 1
    assert refused > 150


def test_traffic_is_told_by_a_file(tmp_path: Path) -> None:
    told = Traffic(rate=7.0, mix={ANSWER: 1.0})
    told.write(tmp_path / "traffic.json")
    assert Traffic.read(tmp_path / "traffic.json") == told
    assert [path.name for path in tmp_path.iterdir()] == ["traffic.json"]


def test_endpoints_are_the_applications() -> None:
    assert {ANSWER, STREAM, SUMMARISE} == set(ENDPOINTS)


def test_events_are_read_on_and_half_a_line_is_left(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    events = EventFile(file)
    events.read()
    one = {"started": 1, "finished": 2, "endpoint": "/", "status": 200, "error": "", "injection": False, "facts": {}}
    beat = {"time": 3, "users": 4, "asked": 5, "started": 5, "finished": 5, "failed": 0, "late_ms": 1.0, "cpu": 0.1}
    text = json.dumps(one) + "\n" + json.dumps(beat) + "\n"
    file.write_text(text[:-5])
    events.read()
    assert (len(events.requests), len(events.beats)) == (1, 0)
    file.write_text(text)
    events.read()
    assert (events.requests, events.beats) == ([Request(**one)], [Beat(**beat)])


def beats(cpu: float, late_ms: float, missed: int = 0) -> list[Beat]:
    return [Beat(n, 60, 5 * n, 5 * n - min(missed, n), 5 * n, n, late_ms, cpu) for n in range(31)]


def test_a_busy_generator_is_told_from_a_slow_application() -> None:
    well = _honesty(beats(0.1, 5.0))
    assert (well.requested_rate, well.achieved_rate, well.was_bottleneck) == (5.0, 5.0, False)
    assert well.error_share == pytest.approx(0.2)
    assert _honesty(beats(0.97, 5.0)).was_bottleneck
    assert _honesty(beats(0.1, 600.0)).was_bottleneck
    slow_application = _honesty(beats(0.1, 5.0, missed=30))
    assert slow_application.achieved_rate == 4.0
    assert not slow_application.was_bottleneck


def test_the_list_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _list()
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    for scenario in SCENARIOS:
        assert f"  {scenario.name:<15} {scenario.about}" in lines
