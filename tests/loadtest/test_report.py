"""Proves that report.html and report.json show every result of a rehearsal, with markup escaped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from loadtest_samples import MISSED, PASSED

from loadtest.rehearsal import Rehearsal
from loadtest.report import cell, matrix_columns, write_report

FAILED = replace(PASSED, scenario="retry-storm", expected=[MISSED], false_alarms={"<script>x": 3.0})


@pytest.fixture
def rehearsal() -> Rehearsal:
    return Rehearsal(
        "rehearsal", 1_790_000_000.0, [PASSED, FAILED], {"queue": "The stack <b>died</b>."}, 1_790_000_300.0
    )


def test_the_matrix_has_a_column_per_alert_and_a_kind_per_cell(rehearsal: Rehearsal) -> None:
    assert matrix_columns(rehearsal) == ["<script>x", "LLMFallbackInUse", "LLMHighErrorRate", "LLMRetryStorm"]
    assert cell(PASSED, "LLMHighErrorRate")[:2] == ("expected", "25")
    assert cell(PASSED, "LLMFallbackInUse")[:2] == ("tolerated", "20")
    assert cell(FAILED, "LLMRetryStorm")[:2] == ("missed", "missed")
    assert cell(FAILED, "<script>x")[:2] == ("false", "3")
    assert cell(PASSED, "LLMRetryStorm")[:2] == ("none", "")


def test_the_page_shows_times_settings_and_diagnosis(rehearsal: Rehearsal, tmp_path: Path) -> None:
    page = write_report(rehearsal, tmp_path).read_text()
    assert "1 of 3" in page
    assert "highest value 0.2 (limit 0.25)" in page
    for measured in ("14.0", "24.0", "25.0", "30.0"):  # pending, firing, delivered, resolved
        assert f'<td class="number">{measured}</td>' in page
    assert '<td class="number rule">5 s</td><td class="number">10 s</td><td class="number">1 s</td>' in page
    assert "limit 120 s" in page


def test_the_page_escapes_markup(rehearsal: Rehearsal, tmp_path: Path) -> None:
    page = write_report(rehearsal, tmp_path).read_text()
    assert "<script>" not in page
    assert "<b>died" not in page


def test_the_json_file_holds_every_result(rehearsal: Rehearsal, tmp_path: Path) -> None:
    write_report(rehearsal, tmp_path)
    whole = json.loads((tmp_path / "report.json").read_text())
    assert whole["passed"] is False
    assert (whole["slowest_firing_s"], whole["fires_within_s"]) == (24.0, 120.0)
    assert [one["passed"] for one in whole["scenarios"]] == [True, False]
    alert = whole["scenarios"][0]["expected"][0]
    assert alert["times"] == {"pending": 14.0, "firing": 24.0, "delivered": 25.0, "resolved": 30.0}
    assert alert["timing"] == {"interval_s": 5, "for_s": 10, "group_wait_s": 1}
    assert whole["not_run"] == {"queue": "The stack <b>died</b>."}
