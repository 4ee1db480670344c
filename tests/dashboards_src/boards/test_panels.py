"""Every panel has a title, a description, a unit and lettered queries of one data source."""

from __future__ import annotations

import pytest
import yaml
from dashboard_queries import ROOT, Panel, all_panels

from dashboards_src.boards import grafana

PANELS = all_panels()

UNITS = {
    grafana.MS, grafana.SECONDS, grafana.SHARE, grafana.DOLLARS, grafana.PER_MINUTE, grafana.COUNT,
    grafana.PER_SECOND, grafana.BYTES, grafana.TIMES, grafana.SCORE, grafana.STATE,
}  # fmt: skip


def ids(panel: Panel) -> str:
    return panel.id


def provisioned() -> set[tuple[str, str]]:
    """Type and uid of every provisioned data source."""
    folder = ROOT / "grafana" / "provisioning" / "datasources"
    sources = [one for path in folder.glob("*.yaml") for one in yaml.safe_load(path.read_text())["datasources"]]
    return {(one["type"], one["uid"]) for one in sources}


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_a_panel_has_title_description_and_unit(panel: Panel) -> None:
    assert panel.title
    assert len(panel.json["description"]) > 40, "say what the panel shows and what to do about it"
    if panel.targets[0]["datasource"]["type"] == "prometheus":
        assert panel.json["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel.json["pluginVersion"] == grafana.PLUGIN_VERSION
    assert panel.targets


def test_the_plugin_version_is_that_of_the_image() -> None:
    env = ROOT / ".env"
    if not env.exists():
        pytest.skip(".env is not here")
    assert f"GRAFANA_VERSION={grafana.PLUGIN_VERSION}\n" in env.read_text()


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_queries_have_letters_and_one_provisioned_data_source(panel: Panel) -> None:
    assert [one["refId"] for one in panel.targets] == [chr(ord("A") + index) for index in range(len(panel.targets))]
    sources = {(one["datasource"]["type"], one["datasource"]["uid"]) for one in panel.targets}
    assert sources <= provisioned()
    assert len(sources) == 1
    assert panel.json["datasource"] == panel.targets[0]["datasource"]


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_money_of_one_number_shows_tenths_of_a_cent(panel: Panel) -> None:
    defaults = panel.json["fieldConfig"]["defaults"]
    if panel.kind in ("stat", "bargauge") and defaults["unit"] == grafana.DOLLARS:
        assert defaults["decimals"] == 3


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_panels_of_one_number_use_instant_queries(panel: Panel) -> None:
    """An instant query, unless a sparkline shows the whole series."""
    if panel.kind in ("bargauge", "barchart") or (
        panel.kind == "stat" and panel.json["options"]["graphMode"] == "none"
    ):
        assert all(one["instant"] and not one["range"] for one in panel.targets)


def test_latencies_have_exemplars() -> None:
    """A dot on the line links to a trace; the data source makes the link."""
    titles = {panel.title for panel in PANELS for one in panel.targets if one.get("exemplar")}
    assert {"Latency of whole answers: p50, p95, p99", "Time to first token: p50, p95"} <= titles
    for panel in PANELS:
        for one in panel.targets:
            if one.get("exemplar"):
                assert "_bucket{" in one["expr"]
                assert one["range"]
