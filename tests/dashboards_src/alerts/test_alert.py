"""Every alert has the agreed name, labels, texts and links."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rule_files import alerts, load, rules_files, scales

from dashboards_src import config
from dashboards_src.alerts import FILES, alerts_at
from dashboards_src.alerts.alert import DASHBOARDS_URL, RUNBOOKS_URL, Alert
from dashboards_src.config import Scale


def _generated(scale: Scale) -> list[dict[str, Any]]:
    """The generated rules of alerts, in the order of `alerts_at`."""
    by_file = {path.stem: load(path) for path in rules_files(scale)}
    return [
        rule for file in FILES for group in by_file[file.stem]["groups"] for rule in group["rules"] if "alert" in rule
    ]


EVERY = [
    pytest.param(*pair, id=f"{pair[0].name}-{scale}")
    for scale in scales()
    for pair in zip(alerts_at(scale), _generated(scale), strict=True)
]


@pytest.mark.parametrize(("alert", "rule"), EVERY)
def test_names_are_camel_case_and_keys_have_one_order(alert: Alert, rule: dict[str, Any]) -> None:
    assert rule["alert"] == alert.name
    assert re.fullmatch(r"(LLM|Stack)([A-Z][a-z]+)+", alert.name), "CamelCase, the first word is LLM or Stack"
    assert list(rule) == ["alert", "expr", "for", "labels", "annotations"]
    assert list(rule["annotations"]) == ["summary", "description", "runbook_url", "dashboard_url"]


@pytest.mark.parametrize(("alert", "rule"), EVERY)
def test_severity_and_team_are_known(alert: Alert, rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["labels"]["team"] in ("application", "cost", "quality", "platform")


@pytest.mark.parametrize(("alert", "rule"), EVERY)
def test_a_summary_is_static_and_a_description_has_the_value(alert: Alert, rule: dict[str, Any]) -> None:
    notes = rule["annotations"]
    assert "{{" not in notes["summary"]
    assert notes["summary"].endswith(".")
    assert "$value |" in notes["description"], "formatted for people"


@pytest.mark.parametrize(("alert", "rule"), EVERY)
def test_links_use_the_addresses_of_the_running_stack(alert: Alert, rule: dict[str, Any]) -> None:
    notes = rule["annotations"]
    assert notes["runbook_url"] == f"{RUNBOOKS_URL}/{alert.name}"
    assert notes["dashboard_url"].startswith(f"{DASHBOARDS_URL}/d/")
    uid = notes["dashboard_url"].removeprefix(f"{DASHBOARDS_URL}/d/").split("?")[0]
    assert uid in config.DASHBOARDS


@pytest.mark.parametrize(("alert", "rule"), EVERY)
def test_texts_name_the_labels_of_the_series_and_no_others(alert: Alert, rule: dict[str, Any]) -> None:
    notes = rule["annotations"]
    used = set(re.findall(r"\$labels\.(\w+)", notes["description"] + notes["dashboard_url"]))
    assert used <= set(alert.labels), f"labels that the series do not have: {used - set(alert.labels)}"
    missing = set(alert.labels) - used - {"metric", "slo", "job"}
    assert not missing, f"the description does not name {missing}"


@pytest.mark.parametrize("scale", scales())
def test_two_rules_of_one_name_differ_in_their_labels(scale: Scale) -> None:
    """Two rules with the same name and labels would write the same ALERTS series."""
    keys = [(rule["alert"], *sorted(rule["labels"].items())) for rule in alerts(scale)]
    slos = {slo.alert for slo in config.SLOS}  # told apart by `window`
    assert len(keys) == len(set(keys))
    assert all(rule["labels"].get("window") for rule in alerts(scale) if rule["alert"] in slos)
