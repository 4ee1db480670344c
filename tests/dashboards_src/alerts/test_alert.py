"""Every alert has the agreed name, labels, texts and links."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rule_files import alerts, load, rules_files, scales

from dashboards_src import config
from dashboards_src.alerts import FILES, alerts_at
from dashboards_src.alerts.alert import DASHBOARDS_URL, RUNBOOKS_URL
from dashboards_src.config import Scale


def _in_order(scale: Scale) -> list[dict[str, Any]]:
    by_file = {path.stem: load(path) for path in rules_files(scale)}
    return [
        rule for file in FILES for group in by_file[file.stem]["groups"] for rule in group["rules"] if "alert" in rule
    ]


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


@pytest.mark.parametrize("scale", scales())
def test_alerts_differ_in_their_labels(scale: Scale) -> None:
    """Two rules with the same name and labels would write the same ALERTS series."""
    keys = [(rule["alert"], *sorted(rule["labels"].items())) for rule in alerts(scale)]
    slos = {slo.alert for slo in config.SLOS}  # told apart by `window`
    assert len(keys) == len(set(keys))
    assert all(rule["labels"].get("window") for rule in alerts(scale) if rule["alert"] in slos)
