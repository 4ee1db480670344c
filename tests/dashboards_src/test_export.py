"""Exported rules and dashboards work without this stack: own data sources and own addresses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from dashboard_queries import FOLDER

from dashboards_src import config
from dashboards_src.alerts.alert import DASHBOARDS_URL, RUNBOOKS_URL
from dashboards_src.boards import BOARDS, grafana
from dashboards_src.export import export


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export")
    export(out, {"DASHBOARDS_URL": "https://grafana.example/", "RUNBOOKS_URL": "https://wiki.example/llm"})
    return out


@pytest.mark.parametrize("uid", config.DASHBOARDS)
def test_exported_dashboards_choose_their_data_sources_by_variable(exported: Path, uid: str) -> None:
    text = (exported / "dashboards" / f"{uid}.json").read_text()
    found = json.loads(text)
    offered = {one["name"]: one["query"] for one in found["templating"]["list"] if one["type"] == "datasource"}
    used = set(re.findall(r'"uid": "\$\{(\w+)\}"', text))
    assert used == set(offered)
    assert "datasource" in used
    assert set(re.findall(r'"uid": "([^"$]+)"', text)) <= {uid, "-- Grafana --"}
    assert '"lite"' not in text
    ours = next(one for one in BOARDS if one.uid == uid).as_json()
    assert [one["title"] for one in found["panels"]] == [one["title"] for one in ours["panels"]]


def test_exported_dashboards_link_to_the_given_runbooks(exported: Path) -> None:
    text = (exported / "dashboards" / f"{config.OVERVIEW}.json").read_text()
    assert "https://wiki.example/llm/LLMLatencyHigh" in text
    assert grafana.RUNBOOKS_VARIABLE not in text
    assert config.RUNBOOKS_URL not in text


def test_export_has_the_default_addresses_where_none_are_given(tmp_path: Path) -> None:
    export(tmp_path, {})
    rules = (tmp_path / "rules" / "llm-requests.yaml").read_text()
    assert f"runbook_url: '{config.RUNBOOKS_URL}/LLMLatencyHigh'" in rules
    assert f"dashboard_url: '{config.DASHBOARDS_URL}/d/llm-incident?" in rules


def test_exported_rules_are_the_production_rules_with_the_given_addresses(exported: Path) -> None:
    files = sorted((exported / "rules").glob("*.yaml"))
    assert [path.name for path in files] == sorted(
        path.name for path in (FOLDER.parent.parent / "prometheus" / "rules").glob("*.yaml")
    )
    for path in files:
        ours = (FOLDER.parent.parent / "prometheus" / "rules" / path.name).read_text()
        ours = ours.replace(DASHBOARDS_URL, "https://grafana.example").replace(RUNBOOKS_URL, "https://wiki.example/llm")
        assert path.read_text() == ours
        assert "externalLabels" not in ours
        assert yaml.safe_load(path.read_text())["groups"]


def test_the_readme_has_three_steps(exported: Path) -> None:
    steps = re.findall(r"^(\d)\. \*\*", (exported / "README.md").read_text(), re.MULTILINE)
    assert steps == ["1", "2", "3"]
