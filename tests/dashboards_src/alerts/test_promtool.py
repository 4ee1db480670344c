"""promtool accepts the rules, its unit tests pass, and every alert has unit tests in which it fires and is silent."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_files import ROOT, TEST_FOLDERS, TESTS, Promtool, alerts, expectations, load, rules_files, scales
from rule_files import test_files as promtool_tests

from dashboards_src.alerts import alerts_at
from dashboards_src.alerts.rules import FOLDERS
from dashboards_src.config import Scale

QUERIES = sorted((TESTS / "queries").glob("*.test.yaml"))


def name_of(path: Path) -> str:
    return str(path.relative_to(TESTS))


@pytest.mark.parametrize("scale", scales())
def test_promtool_accepts_the_rules(scale: Scale, promtool: Promtool) -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *rules_files(scale))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "path", [*(path for scale in scales() for path in promtool_tests(scale)), *QUERIES], ids=name_of
)
def test_promtool_tests_pass(path: Path, promtool: Promtool) -> None:
    done = promtool("test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_tests_fail_for_a_wrong_limit(tmp_path: Path, promtool: Promtool) -> None:
    """With a limit that is ten times as high, the promtool tests of the file fail."""
    rules_text = (ROOT / "prometheus/rules/llm-requests.yaml").read_text()
    right = "service_endpoint:llm_requests_error:ratio_rate5m > 0.05"
    assert rules_text.count(right) == 1
    (tmp_path / "rules.yaml").write_text(rules_text.replace(right, right.replace("0.05", "0.5")))
    text = (TESTS / "llm-requests.test.yaml").read_text()
    (tmp_path / "tests.yaml").write_text(text.replace("../../../../prometheus/rules/llm-requests.yaml", "rules.yaml"))
    done = promtool("test", "rules", tmp_path / "tests.yaml")
    assert done.returncode != 0
    assert "LLMHighErrorRate" in done.stderr


@pytest.mark.parametrize("scale", scales())
def test_every_rules_file_has_a_test_file_and_the_other_way_round(scale: Scale) -> None:
    tested = {path.name.split(".")[0] for path in promtool_tests(scale)}
    there = {path.stem for path in rules_files(scale)}
    assert tested == there, f"in {TEST_FOLDERS[scale]} a file <stem>.test.yaml for each of {FOLDERS[scale]}/<stem>.yaml"
    for path in promtool_tests(scale):
        (used,) = load(path)["rule_files"]
        assert (path.parent / used).resolve() == ROOT / FOLDERS[scale] / f"{path.name.split('.')[0]}.yaml"


@pytest.mark.parametrize("scale", scales())
def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_is_silent(scale: Scale) -> None:
    seen = list(expectations(scale))
    fires = {(case.name, case.labels.get("severity")) for case in seen if case.fires}
    silent = {case.name for case in seen if not case.fires} | {"StackWatchdog"}  # always fires
    for rule in alerts(scale):
        name, severity = rule["alert"], rule["labels"]["severity"]
        if scale == "production":
            assert (name, severity) in fires, f"{name} ({severity}) has no test in which it fires"
        else:
            assert name in {found for found, _ in fires}, f"{name} has no rehearsal test in which it fires"
        assert name in silent, f"{name} has no {scale} test in which it is silent"
    unknown = {case.name for case in seen} - {rule["alert"] for rule in alerts(scale)}
    assert not unknown, f"tests of alerts that do not exist: {unknown}"


def test_every_alert_has_a_test_of_all_its_annotations() -> None:
    whole = {
        (case["alertname"], expected["exp_labels"]["severity"])
        for path in promtool_tests("production")
        for test in load(path)["tests"]
        for case in test.get("alert_rule_test", [])
        for expected in case["exp_alerts"]
        if len(expected["exp_annotations"]) == 4
    }
    names = {name for name, _ in whole}
    assert names == {rule["alert"] for rule in alerts("production")}


def test_firing_alerts_have_the_labels_that_their_record_declares() -> None:
    declared: dict[str, set[str]] = {}
    for alert in alerts_at("production"):
        declared.setdefault(alert.name, set()).update(alert.labels, alert.extra_labels)
    for case in expectations("production"):
        if case.fires and "team" in case.labels:
            rest = set(case.labels) - {"severity", "team"}
            assert rest <= declared[case.name], f"{case.name} fires with {rest}, declared are {declared[case.name]}"
