"""Rules are up to date, valid, named and described as agreed, and every alert has tests."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rule_files import ROOT, TEST_FOLDERS, TESTS, Promtool, alerts, expectations, load, rules, rules_files, scales
from rule_files import test_files as promtool_tests

from dashboards_src import config, promql, records
from dashboards_src.alerts import FILES, alerts_at
from dashboards_src.alerts.alert import DASHBOARDS_URL, RUNBOOKS_URL
from dashboards_src.alerts.rules import FOLDERS, HEADER, generate_rules
from dashboards_src.alerts.slo import can_burn, events_and_bad
from dashboards_src.config import PerScale, Scale
from dashboards_src.records import cost as cost_records
from dashboards_src.records import history

QUERIES = sorted((TESTS / "queries").glob("*.test.yaml"))


def name_of(path: Path) -> str:
    return str(path.relative_to(TESTS))


# --- Generated files --------------------------------------------------------------------------------


def test_generated_files_are_up_to_date(tmp_path: Path) -> None:
    generate_rules(tmp_path, FILES)
    for folder in FOLDERS.values():
        fresh = {path.name: path.read_text() for path in (tmp_path / folder).iterdir()}
        kept = {path.name: path.read_text() for path in (ROOT / folder).iterdir()}
        assert fresh == kept, f"{folder} is not what dashboards_src makes: run `make dashboards` and commit"
        assert all(text.startswith(HEADER.splitlines()[0]) for text in kept.values())


def test_generating_is_quick_and_gives_the_same_twice(tmp_path: Path) -> None:
    started = time.monotonic()
    for run in ("one", "two"):
        subprocess.run([sys.executable, "-m", "dashboards_src", str(tmp_path / run)], cwd=ROOT, check=True)
    assert time.monotonic() - started < 2 * 3
    for path in (tmp_path / "one").rglob("*.yaml"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


# --- promtool -----------------------------------------------------------------------------------------


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


def test_a_broken_rule_is_found(tmp_path: Path, promtool: Promtool) -> None:
    """One limit ten times as high, and the tests of its file fail."""
    rules_text = (ROOT / "prometheus/rules/llm-requests.yaml").read_text()
    right = "service_endpoint:llm_requests_error:ratio_rate5m > 0.05"
    assert rules_text.count(right) == 1
    (tmp_path / "rules.yaml").write_text(rules_text.replace(right, right.replace("0.05", "0.5")))
    text = (TESTS / "llm-requests.test.yaml").read_text()
    (tmp_path / "tests.yaml").write_text(text.replace("../../../prometheus/rules/llm-requests.yaml", "rules.yaml"))
    done = promtool("test", "rules", tmp_path / "tests.yaml")
    assert done.returncode != 0
    assert "LLMHighErrorRate" in done.stderr


# --- Every alert is tested ----------------------------------------------------------------------------


@pytest.mark.parametrize("scale", scales())
def test_every_rules_file_has_tests_and_every_test_a_rules_file(scale: Scale) -> None:
    tested = {path.name.split(".")[0] for path in promtool_tests(scale)}
    there = {path.stem for path in rules_files(scale)}
    assert tested == there, f"in {TEST_FOLDERS[scale]} a file <stem>.test.yaml for each of {FOLDERS[scale]}/<stem>.yaml"
    for path in promtool_tests(scale):
        (used,) = load(path)["rule_files"]
        assert (path.parent / used).resolve() == ROOT / FOLDERS[scale] / f"{path.name.split('.')[0]}.yaml"


@pytest.mark.parametrize("scale", scales())
def test_every_alert_is_shown_to_fire_and_to_be_silent(scale: Scale) -> None:
    seen = list(expectations(scale))
    fires = {(case.name, case.labels.get("severity")) for case in seen if case.fires}
    silent = {case.name for case in seen if not case.fires} | {"StackWatchdog"}  # it never is
    for rule in alerts(scale):
        name, severity = rule["alert"], rule["labels"]["severity"]
        if scale == "production":
            assert (name, severity) in fires, f"{name} ({severity}) has no test in which it fires"
        else:
            assert name in {found for found, _ in fires}, f"{name} has no rehearsal test in which it fires"
        assert name in silent, f"{name} has no {scale} test in which it is silent"
    unknown = {case.name for case in seen} - {rule["alert"] for rule in alerts(scale)}
    assert not unknown, f"tests of alerts that do not exist: {unknown}"


def test_every_alert_is_tested_with_all_that_it_says() -> None:
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


def test_alerts_carry_the_labels_that_their_source_says() -> None:
    declared: dict[str, set[str]] = {}
    for alert in alerts_at("production"):
        declared.setdefault(alert.name, set()).update(alert.labels, alert.extra_labels)
    for case in expectations("production"):
        if case.fires and "team" in case.labels:
            rest = set(case.labels) - {"severity", "team"}
            assert rest <= declared[case.name], f"{case.name} fires with {rest}, declared are {declared[case.name]}"


# --- What an alert must say ---------------------------------------------------------------------------


@pytest.mark.parametrize("scale", scales())
def test_metadata(scale: Scale) -> None:
    for alert, rule in zip(alerts_at(scale), _in_order(scale), strict=True):
        name, notes = rule["alert"], rule["annotations"]
        assert list(rule) == ["alert", "expr", "for", "labels", "annotations"], name
        assert re.fullmatch(r"(LLM|Stack)([A-Z][a-z]+)+", name), f"{name}: CamelCase, first LLM or Stack"
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), name
        assert rule["labels"]["team"] in ("application", "cost", "quality", "platform"), name
        assert list(notes) == ["summary", "description", "runbook_url", "dashboard_url"], name
        assert "{{" not in notes["summary"], f"{name}: a summary is one static sentence"
        assert notes["summary"].endswith("."), name
        assert "$value |" in notes["description"], f"{name}: its description says the value, for people"
        assert notes["runbook_url"] == f"{RUNBOOKS_URL}/{name}"
        uid = notes["dashboard_url"].removeprefix(f"{DASHBOARDS_URL}/d/").split("?")[0]
        assert uid in config.DASHBOARDS, f"{name}: no dashboard {uid}"
        used = set(re.findall(r"\$labels\.(\w+)", notes["description"] + notes["dashboard_url"]))
        assert used <= set(alert.labels), f"{name} speaks of labels that it does not have: {used - set(alert.labels)}"
        unsaid = set(alert.labels) - used - {"metric", "slo", "job"}
        assert not unsaid, f"{name}: its description does not say {unsaid}"


def _in_order(scale: Scale) -> list[dict[str, Any]]:
    by_file = {path.stem: load(path) for path in rules_files(scale)}
    return [
        rule for file in FILES for group in by_file[file.stem]["groups"] for rule in group["rules"] if "alert" in rule
    ]


@pytest.mark.parametrize("scale", scales())
def test_alerts_differ_in_their_labels(scale: Scale) -> None:
    """Two rules with the same name and labels would write the same ALERTS series."""
    keys = [(rule["alert"], *sorted(rule["labels"].items())) for rule in alerts(scale)]
    slos = {slo.alert for slo in config.SLOS}  # told apart by `window`
    assert len(keys) == len(set(keys))
    assert all(rule["labels"].get("window") for rule in alerts(scale) if rule["alert"] in slos)


@pytest.mark.parametrize("scale", scales())
def test_names_of_records(scale: Scale) -> None:
    for rule in rules(scale):
        if "record" not in rule:
            continue
        level, metric, operations = rule["record"].split(":")
        assert re.fullmatch(r"[a-z_]+", level), rule["record"]
        assert re.fullmatch(r"[a-z_]+", metric), rule["record"]
        assert metric == "objective" or re.search(r"\d+[smhd]", operations), f"{rule['record']}: no range in its name"


@pytest.mark.parametrize("scale", scales())
def test_a_record_has_one_meaning(scale: Scale) -> None:
    known: dict[tuple[str, str], str] = {}
    for rule in rules(scale):
        if "record" in rule:
            key = (rule["record"], str(rule.get("labels")))
            assert known.setdefault(key, rule["expr"]) == rule["expr"], f"{rule['record']} is recorded twice"


def test_a_rehearsal_keeps_production_records() -> None:
    kept = {rule["record"]: rule["expr"] for rule in rules("rehearsal") if "record" in rule}
    for rule in rules("production"):
        if "record" in rule:
            assert rule["record"] in kept, f"dashboards show {rule['record']}, which a rehearsal does not record"


# --- The config ---------------------------------------------------------------------------------------


def test_the_rehearsal_column_keeps_its_promises() -> None:
    """Rates of 20 s or more, windows of 60 s or less, `for` of 10 s or less."""
    longer = {"EVALUATED"}  # what must have been, not what must happen
    for name, value in vars(config).items():
        if not isinstance(value, PerScale) or not isinstance(value.rehearsal, str) or name in longer:
            continue
        length = promql.seconds(value.rehearsal)
        assert length <= promql.seconds(value.production), name
        if name.endswith("_FOR"):
            assert length <= 10, name
        else:
            assert 20 <= length <= 60, name
    for burn in config.BURNS:
        assert promql.seconds(burn.for_.rehearsal) <= 10
        assert promql.seconds(burn.long.rehearsal) <= 60
        assert promql.seconds(burn.short.rehearsal) >= 20


def test_objectives_can_be_told_and_burnt() -> None:
    for slo in config.SLOS:
        events_and_bad(slo)  # its edge is a bucket's
        for scale in config.SCALES:
            severities = {burn.severity for burn in config.BURNS if can_burn(slo, burn, scale)}
            assert severities == {"critical", "warning"}, f"{slo.name} at {scale} scale"


def test_alert_edges_are_bucket_edges() -> None:
    """A quantile is interpolated; at a bucket's edge it is exact."""
    from llm_telemetry import names

    for edge in (config.LATENCY_P95_MS, config.TTFT_P95_MS, config.RETRIEVAL_P95_MS):
        assert edge in names.LATENCY_BUCKETS_MS
    assert config.CONTEXT_P95 in names.RATIO_BUCKETS


def test_queries_under_test_are_those_of_the_dashboards() -> None:
    in_range = records.render(cost_records.COST_IN_RANGE, "production")
    projected = records.render(cost_records.COST_PROJECTED_MONTH, "production")
    of: dict[str, str] = {
        "cost_in_range": in_range,
        "cost_projected": projected,
        "history": history.over_history(history.HISTORY_COST, "7d"),
    }
    assert {path.name.split(".")[0] for path in QUERIES} == set(of)
    for path in QUERIES:
        pattern = re.escape(of[path.name.split(".")[0]]).replace(re.escape("$__range"), r"\w+")
        for test in load(path)["tests"]:
            for case in test["promql_expr_test"]:
                assert re.search(pattern, case["expr"]), f"{case['expr']} is no expression of dashboards_src/records"
