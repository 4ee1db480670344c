"""Reads the generated rules and the promtool tests, for the tests beside this file and in ../records."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dashboards_src.alerts.rules import FOLDERS
from dashboards_src.config import SCALES, Scale

Promtool = Callable[..., "subprocess.CompletedProcess[str]"]

ROOT = Path(__file__).resolve().parents[3]
TESTS = ROOT / "tests" / "dashboards_src" / "alerts" / "rules"
TEST_FOLDERS: dict[Scale, Path] = {"production": TESTS, "rehearsal": TESTS / "rehearsal"}


def load(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def rules_files(scale: Scale) -> list[Path]:
    return sorted((ROOT / FOLDERS[scale]).glob("*.yaml"))


def _rules_in(file: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in file["groups"] for rule in group["rules"]]


def rules(scale: Scale) -> list[dict[str, Any]]:
    return [rule for path in rules_files(scale) for rule in _rules_in(load(path))]


def alerts(scale: Scale) -> list[dict[str, Any]]:
    return [rule for rule in rules(scale) if "alert" in rule]


def test_files(scale: Scale) -> list[Path]:
    """The promtool tests of a scale, without the dashboards' queries."""
    return sorted(TEST_FOLDERS[scale].glob("*.test.yaml"))


test_files.__test__ = False  # type: ignore[attr-defined]  # its name starts like that of a test


@dataclass(frozen=True)
class Expectation:
    """What a promtool test expects: the alert fires with these labels, or the alert is silent."""

    name: str
    labels: dict[str, str]
    fires: bool


_NAMES = re.compile(r'alertname="(\w+)"')
_SEVERITY = re.compile(r'severity="(\w+)"')


def expectations(scale: Scale) -> Iterator[Expectation]:
    """What the promtool tests of a scale expect of alerts, including tests that query the series ALERTS."""
    for path in test_files(scale):
        here = {rule["alert"] for rule in _rules_in(load(path.parent / load(path)["rule_files"][0])) if "alert" in rule}
        for test in load(path)["tests"]:
            for case in test.get("alert_rule_test", []):
                for expected in case["exp_alerts"]:
                    yield Expectation(case["alertname"], expected["exp_labels"], fires=True)
                if not case["exp_alerts"]:
                    yield Expectation(case["alertname"], {}, fires=False)
            for case in test.get("promql_expr_test", []):
                if "ALERTS" not in case["expr"]:
                    continue
                asked = set(_NAMES.findall(case["expr"])) or here
                severity = _SEVERITY.search(case["expr"])
                found = set()
                for sample in case.get("exp_samples") or []:
                    names = _NAMES.findall(sample.get("labels", "")) or (asked if len(asked) == 1 else [])
                    if sample["value"] > 0:
                        for name in names:
                            found.add(name)
                            of = _SEVERITY.search(sample.get("labels", "")) or severity
                            yield Expectation(name, {"severity": of[1]} if of else {}, fires=True)
                for name in asked - found:
                    yield Expectation(name, {}, fires=False)


def scales() -> list[Scale]:
    return list(SCALES)
