"""Proves that the console knows all that generated dashboards use: panel types, queries, variables, links and more."""

from __future__ import annotations

import json
import re

import pytest
from sample_dashboards import GENERATED, IDS, PANELS, context_of, queries_of, variable

from console.address import Address
from console.dashboards.annotations import query_of
from console.dashboards.data_frames import CALCULATION_NAMES, apply_transformations
from console.dashboards.field_config import css_color, field_config
from console.dashboards.links import dashboard_links
from console.dashboards.model import Dashboard, Panel
from console.dashboards.panel_queries import panel_queries
from console.dashboards.panels import PANEL_PLUGINS
from console.dashboards.variables import LABEL_VALUES, Variable, variables_of
from console.settings import DASHBOARDS, RUNBOOKS
from console.units import UNITS

each_dashboard = pytest.mark.parametrize("dashboard", GENERATED, ids=lambda one: one.uid)
each_panel = pytest.mark.parametrize(("dashboard", "panel"), PANELS, ids=IDS)


def constants(dashboard: Dashboard) -> list[Variable]:
    return [one for one in variables_of(dashboard, Address("/d/x")) if one.is_constant]


def test_the_library_has_every_file_sorted_by_title() -> None:
    files = [json.loads(path.read_text()) for path in DASHBOARDS.glob("*.json")]
    assert {dashboard.uid for dashboard in GENERATED} == {one["uid"] for one in files}
    assert [dashboard.title for dashboard in GENERATED] == sorted(one["title"] for one in files)


@each_dashboard
def test_rows_and_panels_are_those_of_the_file(dashboard: Dashboard) -> None:
    rows = [one["title"] for one in dashboard.json["panels"] if one["type"] == "row"]
    assert [row.title for row in dashboard.rows] == rows
    panels = [one for one in dashboard.json["panels"] if one["type"] != "row"]
    assert [(one.id, one.title, one.type) for one in dashboard.panels] == [
        (one["id"], one["title"], one["type"]) for one in panels
    ]


def test_the_console_has_a_plugin_for_each_panel_type_of_the_dashboards_and_no_others() -> None:
    assert {panel.type for _, panel in PANELS} == set(PANEL_PLUGINS)


@each_panel
def test_every_query_is_valid_and_has_no_variable_left(dashboard: Dashboard, panel: Panel) -> None:
    found = panel_queries(panel, context_of())
    assert found.problem == ""
    assert [one.problem for one in found.targets] == [""] * len(panel.targets)
    for query in found.queries:
        assert "$" not in re.sub(r'\)\$"', "", query.text), query.text


@each_panel
def test_every_transformation_and_calculation_is_known(dashboard: Dashboard, panel: Panel) -> None:
    assert apply_transformations([], panel.transformations)[1] == []
    calculations = [
        name for part in ("reduceOptions", "legend") for name in (panel.options.get(part) or {}).get("calcs", ())
    ]
    assert set(calculations) <= set(CALCULATION_NAMES)


@each_panel
def test_every_unit_colour_mapping_and_override_is_known(dashboard: Dashboard, panel: Panel) -> None:
    config = panel.json["fieldConfig"]
    overrides = [one["matcher"] for one in config["overrides"]]
    assert {matcher["id"] for matcher in overrides} <= {"byName"}
    assert {mapping["type"] for mapping in config["defaults"]["mappings"]} <= {"value"}
    assert config["defaults"]["thresholds"]["mode"] == "absolute"
    for name in ("", *(matcher["options"] for matcher in overrides)):
        field = field_config(panel, name)
        assert not field.unit or field.unit in UNITS or field.unit.startswith("suffix:")
        assert all(css_color(one.color) for one in (*field.thresholds, *field.mappings))


@each_panel
def test_every_link_opens_a_page_of_the_console(dashboard: Dashboard, panel: Panel) -> None:
    links = dashboard_links(panel.links, context_of(*constants(dashboard)), RUNBOOKS)
    assert len(links) == len(panel.links)
    uids = {one.uid for one in GENERATED}
    for link in links:
        assert "$" not in link.url
        found = re.match(r"/(runbooks|d)/([\w-]+)", link.url)
        assert found, link.url
        assert found[2] in uids if found[1] == "d" else (RUNBOOKS / f"{found[2]}.md").exists()


@each_dashboard
def test_every_variable_is_a_constant_or_label_values_with_all_selected(dashboard: Dashboard) -> None:
    found = [one for one in variables_of(dashboard, Address("/d/x")) if not one.is_constant]
    assert {one.type for one in found} == {"query"}
    assert all(one.is_all and one.json["multi"] and one.json["includeAll"] for one in found)
    assert all(LABEL_VALUES.fullmatch(one.query) for one in found)


@each_dashboard
def test_every_dashboard_marks_deployments_and_firing_alerts(dashboard: Dashboard) -> None:
    assert [one.name for one in dashboard.annotations] == ["Deployments", "Firing alerts"]
    queries = [query_of(one, context_of()) for one in dashboard.annotations]
    assert all(one and one.kind == "range" and one.step >= 60 for one in queries)
    assert all(css_color(one.color) for one in dashboard.annotations)


@each_dashboard
def test_equal_queries_of_a_page_are_one_query(dashboard: Dashboard) -> None:
    found = [(one.kind, one.text, one.start, one.end, one.step) for one in queries_of(dashboard, context_of())]
    assert len(set(found)) == len(found)


@each_dashboard
def test_a_selected_model_is_in_every_query_that_uses_the_variable(dashboard: Dashboard) -> None:
    context = context_of(variable("model", "gpt-4o", "gpt-4.1"))
    for panel in dashboard.panels:
        for one in panel_queries(panel, context).targets:
            if one.query and one.query.kind in ("range", "instant") and "$model" in one.target.expr:
                assert r'model=~"(gpt-4o|gpt-4\\.1)"' in one.query.text
