"""Every dashboard has its layout, variables, annotations and links, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dashboard_queries import ROOT, Panel, all_panels, board, panels, variables

from dashboards_src import config
from dashboards_src.alerts import ALERT_NAMES, alerts_at
from dashboards_src.boards import BOARDS, grafana
from dashboards_src.boards.board import ALL

UIDS = config.DASHBOARDS

PANELS = all_panels()


def ids(panel: Panel) -> str:
    return panel.id


def test_all_dashboards_are_there() -> None:
    assert tuple(one.uid for one in BOARDS) == UIDS
    titles = [board(uid)["title"] for uid in UIDS]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("uid", UIDS)
def test_a_dashboard_names_its_source_and_uses_utc(uid: str) -> None:
    found = board(uid)
    source = re.search(r"GENERATED - DO NOT EDIT. Change (\S+) and run `make dashboards`.", found["description"])
    assert source
    assert (ROOT / source[1]).exists()
    assert found["uid"] == uid
    assert found["timezone"] == "utc", "days are UTC: now/d must be UTC's midnight"
    assert found["schemaVersion"] == grafana.SCHEMA_VERSION
    assert "id" not in found, "Grafana assigns ids"


@pytest.mark.parametrize("uid", UIDS)
def test_panels_do_not_overlap_and_fill_24_columns_at_most(uid: str) -> None:
    taken: dict[tuple[int, int], str] = {}
    for one in board(uid)["panels"]:
        place = one["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), one["title"]) == one["title"]


@pytest.mark.parametrize("uid", UIDS)
def test_ids_and_titles_are_unique(uid: str) -> None:
    everything = board(uid)["panels"]
    assert len({one["id"] for one in everything}) == len(everything)
    titles = [one.title for one in panels(uid)]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("uid", UIDS)
def test_every_variable_offers_all_and_is_used(uid: str) -> None:
    queries = str([panel.targets for panel in panels(uid)])
    for one in board(uid)["templating"]["list"]:
        if one["name"] == grafana.RUNBOOKS_VARIABLE:
            continue
        assert one["name"] in config.VARIABLES
        assert (one["multi"], one["includeAll"], one["allValue"]) == (True, True, ".*")
        assert one["current"] == ALL
        assert re.search(rf"\${{?{one['name']}\b", queries), f"{uid}: ${one['name']} is not used"
    asked = set(re.findall(r"\$\{?([a-z]\w*)", queries.replace("$__", "")))
    assert asked <= set(variables(uid)), f"{uid} uses unknown variables"


def test_links_of_alerts_set_variables_that_their_dashboard_has() -> None:
    for alert in alerts_at("production"):
        asked = re.findall(r"var-(\w+)=", alert.rule("production")["annotations"]["dashboard_url"])
        assert set(asked) <= set(variables(alert.dashboard)), alert.name


@pytest.mark.parametrize("uid", UIDS)
def test_deployments_and_firing_alerts_are_annotations(uid: str) -> None:
    found = {one["name"]: one for one in board(uid)["annotations"]["list"]}
    assert "llm_build_info" in found["Deployments"]["target"]["expr"]
    assert found["Firing alerts"]["target"]["expr"].startswith('ALERTS{alertstate="firing"')
    assert all(found[name]["enable"] for name in ("Deployments", "Firing alerts"))


def urls() -> list[str]:
    """Every link of every dashboard, panel and column."""
    return re.findall(
        r'"url": "([^"]+)"', "".join((ROOT / "grafana/dashboards" / f"{u}.json").read_text() for u in UIDS)
    )


def test_links_lead_to_existing_dashboards_and_runbooks() -> None:
    assert len(urls()) > 50
    for url in urls():
        if url.startswith("/d/"):
            assert re.match(r"/d/([\w-]+)\?", url)[1] in UIDS  # type: ignore[index]
            assert "${__url_time_range}" in url
        elif url != grafana.RUNBOOKS:
            name = url.removeprefix(f"{grafana.RUNBOOKS}/")
            assert name in (*ALERT_NAMES, "${__value.raw}"), url


@pytest.mark.parametrize("uid", UIDS)
def test_the_address_of_the_runbooks_is_a_hidden_constant(uid: str) -> None:
    [found] = [one for one in board(uid)["templating"]["list"] if one["name"] == grafana.RUNBOOKS_VARIABLE]
    assert (found["type"], found["hide"], found["query"]) == ("constant", 2, config.RUNBOOKS_URL)
    text = (ROOT / "grafana/dashboards" / f"{uid}.json").read_text()
    assert re.findall(r"https?://[^\s\"]+", text) == [config.RUNBOOKS_URL], "a literal address"


def test_a_dashboard_links_to_the_others() -> None:
    for uid in UIDS:
        dropdown = board(uid)["links"][0]
        assert dropdown["type"] == "dashboards"
        assert set(dropdown["tags"]) <= set(board(uid)["tags"])
        assert dropdown["includeVars"]
        assert dropdown["keepTime"]


def test_only_files_of_the_dashboards_are_in_the_folder() -> None:
    folder = ROOT / "grafana" / "dashboards"
    assert sorted(path.name for path in Path(folder).glob("*.json")) == sorted(f"{uid}.json" for uid in UIDS)
