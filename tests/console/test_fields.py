"""Units, thresholds, words and overrides of fields."""

from __future__ import annotations

from typing import Any

import pytest
from console_boards import panel

from console.dashboards.fields import css_color, defaults, of_field

STEPS = [{"color": "green", "value": None}, {"color": "yellow", "value": 0.8}, {"color": "red", "value": 1}]


def config(**given: Any) -> Any:
    return panel("stat", fieldConfig={"defaults": {"thresholds": {"mode": "absolute", "steps": STEPS}, **given}})


@pytest.mark.parametrize(
    ("value", "color"), [(-1, "good"), (0.79, "good"), (0.8, "warn"), (0.99, "warn"), (1, "bad"), (5, "bad")]
)
def test_a_colour_holds_from_its_value_on(value: float, color: str) -> None:
    assert defaults(config()).shown(value).color == f"var(--{color})"


def test_thresholds_in_percent_are_of_the_fields_range() -> None:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 50}]
    field = defaults(config(thresholds={"mode": "percentage", "steps": steps}, min=0, max=4))
    assert [field.shown(value).color for value in (1.9, 2.0)] == ["var(--good)", "var(--bad)"]


def test_words_for_values() -> None:
    field = defaults(
        config(
            mappings=[
                {"type": "value", "options": {"2": {"text": "open", "color": "red", "index": 0}}},
                {"type": "range", "options": {"from": 0, "to": 1, "result": {"text": "fine", "color": "green"}}},
                {"type": "special", "options": {"match": "null", "result": {"text": "nothing"}}},
            ]
        )
    )
    assert [field.shown(value).text for value in (2.0, 0.5, None, 7.0)] == ["open", "fine", "nothing", "7"]
    assert field.shown(2.0).color == "var(--bad)"


def test_overrides_by_name_regex_and_query() -> None:
    overridden = panel(
        "table",
        fieldConfig={
            "defaults": {"unit": "reqpm"},
            "overrides": [
                {
                    "matcher": {"id": "byName", "options": "Rate"},
                    "properties": [{"id": "unit", "value": "percentunit"}],
                },
                {"matcher": {"id": "byRegexp", "options": "/cost/"}, "properties": [{"id": "decimals", "value": 3}]},
                {
                    "matcher": {"id": "byFrameRefID", "options": "B"},
                    "properties": [{"id": "custom.fillOpacity", "value": 0}],
                },
            ],
        },
    )
    assert of_field(overridden, "Rate").unit == "percentunit"
    assert of_field(overridden, "my cost").decimals == 3
    assert of_field(overridden, "other", "number", "B").custom == {"fillOpacity": 0}
    assert of_field(overridden, "other").unit == "reqpm"


def test_a_value_that_is_not_there() -> None:
    assert defaults(config(noValue="not firing")).text(None) == "not firing"
    assert defaults(config()).text(None) == "–"


@pytest.mark.parametrize(
    ("name", "css"),
    [
        ("red", "var(--bad)"),
        ("semi-dark-orange", "var(--warn)"),
        ("#ff0000", "#ff0000"),
        ("rgba(0, 211, 255, 1)", "rgba(0, 211, 255, 1)"),
        ("red; background: url(https://example.com)", ""),
        ("#fff;}", ""),
        ("nothing-known", ""),
    ],
)
def test_colours_are_colours_and_nothing_else(name: str, css: str) -> None:
    assert css_color(name) == css
