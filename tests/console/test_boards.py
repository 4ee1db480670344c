"""Every generated dashboard is understood whole: no panel, query, variable, transformation or link is unknown."""

from __future__ import annotations

import json
import re

import pytest
from console_boards import BOARDS, IDS, PANELS, questions_of, shown, variable

from console.address import Address
from console.dashboards import notes, variables
from console.dashboards.links import links_of
from console.dashboards.model import Dashboard, Panel
from console.dashboards.panels import BODIES
from console.dashboards.plan import plan
from console.dashboards.transformations import transformed
from console.dashboards.variables import _LABEL_VALUES, Variable
from console.settings import DASHBOARDS, RUNBOOKS
from console.units import UNITS


def constants(board: Dashboard) -> list[Variable]:
    """The constant variables of a dashboard, which its links use."""
    return [one for one in variables.chosen(board, Address("/d/x")) if one.type == "constant"]


def test_all_files_are_read() -> None:
    files = {path: json.loads(path.read_text()) for path in DASHBOARDS.glob("*.json")}
    assert {board.uid for board in BOARDS} == {one["uid"] for one in files.values()}
    assert [board.title for board in BOARDS] == sorted(one["title"] for one in files.values())


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_rows_and_panels_are_those_of_the_file(board: Dashboard) -> None:
    rows = [one["title"] for one in board.json["panels"] if one["type"] == "row"]
    assert [row.title for row in board.rows] == rows
    panels = [one for one in board.json["panels"] if one["type"] != "row"]
    assert [(one.id, one.title, one.type) for one in board.panels] == [
        (one["id"], one["title"], one["type"]) for one in panels
    ]


def test_the_console_draws_the_types_of_panels_that_the_dashboards_have_and_no_others() -> None:
    assert {panel.type for _, panel in PANELS} == set(BODIES)


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=IDS)
def test_every_query_can_be_asked(board: Dashboard, panel: Panel) -> None:
    planned = plan(panel, shown())
    assert planned.problem == ""
    assert [asked.problem for asked in planned.asked] == [""] * len(panel.targets)
    for question in planned.questions:
        assert "$" not in re.sub(r'\)\$"', "", question.text), question.text


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=IDS)
def test_every_transformation_and_unit_is_known(board: Dashboard, panel: Panel) -> None:
    assert transformed([], panel.transformations)[1] == []
    unit = panel.json["fieldConfig"]["defaults"].get("unit", "")
    assert not unit or unit in UNITS or unit.startswith("suffix:")


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=IDS)
def test_every_link_leads_to_a_page_of_the_console(board: Dashboard, panel: Panel) -> None:
    links = links_of(panel.links, shown(*constants(board)), RUNBOOKS)
    assert len(links) == len(panel.links)
    uids = {one.uid for one in BOARDS}
    for link in links:
        assert "$" not in link.url
        found = re.match(r"/(runbooks|d)/([\w-]+)", link.url)
        assert found, link.url
        assert found[2] in uids if found[1] == "d" else (RUNBOOKS / f"{found[2]}.md").exists()


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_variables_and_annotations(board: Dashboard) -> None:
    queries = [one for one in variables.chosen(board, Address("/d/x")) if one.type == "query"]
    assert [one.json["name"] for one in board.variables if one["type"] not in ("query", "constant")] == []
    assert all(one.is_all for one in queries)
    assert all(_LABEL_VALUES.fullmatch(one.query) for one in queries)
    asked = [notes.question(one, shown()) for one in board.annotations]
    assert [one.name for one in board.annotations] == ["Deployments", "Firing alerts"]
    assert all(one and one.kind == "range" and one.step >= 60 for one in asked)


def test_an_expression_is_asked_once_on_a_page() -> None:
    for board in BOARDS:
        asked = questions_of(board, shown())
        texts = [(one.kind, one.text, one.start, one.end, one.step) for one in asked]
        assert len(set(texts)) == len(texts)


def test_a_chosen_model_is_in_every_query_that_knows_models() -> None:
    page = shown(variable("model", "gpt-4o", "gpt-4.1"))
    for board in BOARDS:
        for panel in board.panels:
            for asked in plan(panel, page).asked:
                if asked.question and asked.question.kind in ("range", "instant") and "$model" in asked.target.expr:
                    assert r'model=~"(gpt-4o|gpt-4\\.1)"' in asked.question.text
