"""Verdicts, the reasons for them, and the page and JSON that say so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.generator import GeneratorHealth
from loadtest.links import LinkCheck
from loadtest.outcome import ExpectedAlert, Outcome, Seconds
from loadtest.rehearsal import Rehearsal, told
from loadtest.report import cell, matrix_columns, write_report
from loadtest.why import conditions

LOAD = GeneratorHealth(5.0, 4.9, 0.2, 0.1, 12.0, 40.0)
CAME = ExpectedAlert("LLMHighErrorRate", Seconds(5.0, 26.0, 24.0, 25.0, 30.0), [LinkCheck("runbook", True, "200")])
MISSED = ExpectedAlert(
    "LLMRetryStorm", Seconds(None, None, None, None, None), why_not=["a > 0.25: highest value 0.2 (limit 0.25)"]
)
GOOD = Outcome(
    "outage", "the provider fails", 1_790_000_000.0, 40.0, 110.0, [CAME], {"LLMFallbackInUse": 20.0}, {}, LOAD
)


def test_a_good_run_passes() -> None:
    assert GOOD.passed
    assert told(GOOD)[0] == "LLMHighErrorRate: fired after 24 s, delivered after 25 s, bound 26 s"
    assert CAME.seconds.overshoot == -1.0


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (replace(GOOD, expected=[MISSED]), "LLMRetryStorm did not come: a > 0.25: highest value 0.2 (limit 0.25)"),
        (replace(GOOD, false_alarms={"LLMLatencyHigh": 3.0}), "false alarm: LLMLatencyHigh, after 3 s"),
        (replace(GOOD, recovered=False), "it did not become silent after its faults were switched off"),
        (
            replace(GOOD, expected=[replace(CAME, links=[LinkCheck("logs", False, "no line")])]),
            "LLMHighErrorRate: the link logs leads nowhere (no line)",
        ),
        (
            replace(GOOD, expected=[replace(CAME, seconds=replace(CAME.seconds, fired=130.0))]),
            "LLMHighErrorRate fired after 130 s, later than 120 s",
        ),
        (
            replace(GOOD, expected=[replace(CAME, seconds=replace(CAME.seconds, resolved=None))]),
            "LLMHighErrorRate did not resolve",
        ),
    ],
)
def test_each_thing_that_is_wrong_fails_it(bad: Outcome, said: str) -> None:
    assert bad.failures == [said]
    assert not bad.passed


def test_a_busy_generator_fails_a_run_in_which_all_came() -> None:
    busy = replace(GOOD, load=replace(LOAD, cpu=0.97))
    assert len(busy.failures) == 1
    assert busy.failures[0].startswith("the load generator was the bottleneck")


def test_median_overshoot_is_judged() -> None:
    late = replace(GOOD, expected=[replace(CAME, seconds=replace(CAME.seconds, delivered=36.0))])
    rehearsal = Rehearsal("rehearsal", 0.0, [GOOD, late, late])
    assert rehearsal.median_overshoot == 10.0
    assert rehearsal.failures == ["the median overshoot is 10.0 s, more than 5 s"]
    assert Rehearsal("rehearsal", 0.0, [GOOD, GOOD, late]).failures == []


def test_the_report_says_it_all(tmp_path: Path) -> None:
    wrong = replace(GOOD, scenario="retry-storm", expected=[MISSED], false_alarms={"<script>x": 3.0})
    rehearsal = Rehearsal(
        "rehearsal", 1_790_000_000.0, [GOOD, wrong], {"queue": "The stack <b>died</b>."}, 1_790_000_300.0
    )
    assert matrix_columns(rehearsal) == ["<script>x", "LLMFallbackInUse", "LLMHighErrorRate", "LLMRetryStorm"]
    assert cell(GOOD, "LLMHighErrorRate")[:2] == ("expected", "25")
    assert cell(GOOD, "LLMFallbackInUse")[:2] == ("tolerated", "20")
    assert cell(wrong, "LLMRetryStorm")[:2] == ("missed", "missed")
    assert cell(wrong, "<script>x")[:2] == ("false", "3")
    assert cell(GOOD, "LLMRetryStorm")[:2] == ("none", "")
    page = write_report(rehearsal, tmp_path).read_text()
    assert "1 of 3" in page
    assert "highest value 0.2 (limit 0.25)" in page
    assert "<script>" not in page
    assert "<b>died" not in page
    whole = json.loads((tmp_path / "report.json").read_text())
    assert whole["passed"] is False
    assert whole["median_overshoot_s"] == -1.0
    assert [one["passed"] for one in whole["scenarios"]] == [True, False]
    assert whole["scenarios"][0]["expected"][0]["seconds"]["overshoot"] == -1.0
    assert whole["not_run"] == {"queue": "The stack <b>died</b>."}


def test_conditions_are_taken_apart() -> None:
    query = """
    (a:b{x="1"} / c) > 0.05 and d * 30 >= 20
    or min by (job) (e) < 3 unless f > 0
    """
    assert conditions(query) == [
        ('(a:b{x="1"} / c{})', ">", "0.05"),
        ("d{} * 30", ">=", "20"),
        ("min by (job)(e{})", "<", "3"),
        ("f{}", ">", "0"),
    ]
