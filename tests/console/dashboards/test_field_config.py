"""Proves how thresholds, value mappings, overrides and colours of a field config apply to a value."""

from __future__ import annotations

from typing import Any

import pytest
from sample_dashboards import panel_of

from console.dashboards.field_config import FieldConfig, css_color, field_config

STEPS = [{"color": "green", "value": None}, {"color": "yellow", "value": 0.8}, {"color": "red", "value": 1}]


def config_of(**defaults: Any) -> FieldConfig:
    thresholds = {"mode": "absolute", "steps": STEPS}
    return field_config(panel_of("stat", fieldConfig={"defaults": {"thresholds": thresholds, **defaults}}))


@pytest.mark.parametrize(
    ("value", "color"), [(-1, "good"), (0.79, "good"), (0.8, "warn"), (0.99, "warn"), (1, "bad"), (5, "bad")]
)
def test_a_threshold_colours_values_from_its_own_value_on(value: float, color: str) -> None:
    assert config_of().display(value).color == f"var(--{color})"


def test_a_mapped_value_has_the_mappings_text_and_colour() -> None:
    options = {"2": {"text": "open", "color": "red", "index": 0}, "1234567": {"text": "many", "index": 1}}
    config = config_of(mappings=[{"type": "value", "options": options}])
    assert [config.display(value).text for value in (2.0, 1_234_567.0, 7.0, None)] == ["open", "many", "7", "–"]
    assert config.display(2.0).color == "var(--bad)"
    assert config.display(1_234_567.0).color == "var(--bad)"  # of its threshold: the mapping has no colour


def test_an_override_applies_to_the_field_with_its_name() -> None:
    cell_options = {"id": "custom.cellOptions", "value": {"type": "color-background"}}
    properties = [{"id": "unit", "value": "percentunit"}, cell_options]
    override = {"matcher": {"id": "byName", "options": "Rate"}, "properties": properties}
    panel = panel_of("table", fieldConfig={"defaults": {"unit": "reqpm"}, "overrides": [override]})
    assert field_config(panel, "Rate").unit == "percentunit"
    assert field_config(panel, "Rate").custom == {"cellOptions": {"type": "color-background"}}
    assert field_config(panel, "other").unit == "reqpm"


def test_a_missing_value_is_shown_as_the_no_value_text_or_a_dash() -> None:
    assert config_of(noValue="not firing").text(None) == "not firing"
    assert config_of().text(None) == "–"


@pytest.mark.parametrize(
    ("name", "css"),
    [
        ("red", "var(--bad)"),
        ("yellow", "var(--warn)"),
        ("", ""),
        ("red; background: url(https://example.com)", ""),
        ("#fff;}", ""),
        ("unknown", ""),
    ],
)
def test_only_names_of_colours_become_css(name: str, css: str) -> None:
    assert css_color(name) == css
