"""Records have the agreed names, one meaning each, and a rehearsal records the production series too."""

from __future__ import annotations

import re

import pytest
from rule_files import TESTS, load, rules, scales

from dashboards_src import config, records
from dashboards_src.config import Scale
from dashboards_src.records import llm

QUERIES = sorted((TESTS / "queries").glob("*.test.yaml"))


@pytest.mark.parametrize("scale", scales())
def test_names_are_level_metric_operations_with_a_range(scale: Scale) -> None:
    for rule in rules(scale):
        if "record" not in rule:
            continue
        level, metric, operations = rule["record"].split(":")
        assert re.fullmatch(r"[a-z_]+", level), rule["record"]
        assert re.fullmatch(r"[a-z_]+", metric), rule["record"]
        assert metric == "objective" or re.search(r"\d+[smhd]", operations), f"{rule['record']}: no range in its name"


@pytest.mark.parametrize("scale", scales())
def test_a_name_has_one_expression(scale: Scale) -> None:
    known: dict[tuple[str, str], str] = {}
    for rule in rules(scale):
        if "record" in rule:
            key = (rule["record"], str(rule.get("labels")))
            assert known.setdefault(key, rule["expr"]) == rule["expr"], f"{rule['record']} is recorded twice"


def test_a_rehearsal_records_the_production_series_too() -> None:
    kept = {rule["record"]: rule["expr"] for rule in rules("rehearsal") if "record" in rule}
    for rule in rules("production"):
        if "record" in rule:
            assert rule["record"] in kept, f"dashboards show {rule['record']}, which a rehearsal does not record"


def test_promtool_tests_use_the_expressions_of_the_dashboards() -> None:
    in_range = records.render(llm.COST_IN_RANGE, "production")
    projected = records.render(llm.COST_PROJECTED_MONTH, "production")
    of: dict[str, str] = {
        "cost_in_range": in_range,
        "cost_projected": projected,
        "history": f"sum_over_time({llm.HISTORY_COST.name}[7d:{config.HISTORY.production}])",
    }
    assert {path.name.split(".")[0] for path in QUERIES} == set(of)
    for path in QUERIES:
        pattern = re.escape(of[path.name.split(".")[0]]).replace(re.escape("$__range"), r"\w+")
        for test in load(path)["tests"]:
            for case in test["promql_expr_test"]:
                assert re.search(pattern, case["expr"]), f"{case['expr']} is no expression of dashboards_src/records"
