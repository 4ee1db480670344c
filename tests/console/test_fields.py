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


def test_words_for_values() -> None:
    words = {"2": {"text": "open", "color": "red", "index": 0}, "1234567": {"text": "many", "index": 1}}
    field = defaults(config(mappings=[{"type": "value", "options": words}]))
    assert [field.shown(value).text for value in (2.0, 1_234_567.0, 7.0, None)] == ["open", "many", "7", "–"]
    assert [field.shown(value).color for value in (2.0, 1_234_567.0)] == ["var(--bad)", "var(--bad)"]


def test_overrides_by_name() -> None:
    style = {"id": "custom.cellOptions", "value": {"type": "color-background"}}
    properties = [{"id": "unit", "value": "percentunit"}, style]
    override = {"matcher": {"id": "byName", "options": "Rate"}, "properties": properties}
    overridden = panel("table", fieldConfig={"defaults": {"unit": "reqpm"}, "overrides": [override]})
    assert of_field(overridden, "Rate").unit == "percentunit"
    assert of_field(overridden, "Rate").custom == {"cellOptions": {"type": "color-background"}}
    assert of_field(overridden, "other").unit == "reqpm"


def test_a_value_that_is_not_there() -> None:
    assert defaults(config(noValue="not firing")).text(None) == "not firing"
    assert defaults(config()).text(None) == "–"


@pytest.mark.parametrize(
    ("name", "css"),
    [
        ("red", "var(--bad)"),
        ("yellow", "var(--warn)"),
        ("", ""),
        ("red; background: url(https://example.com)", ""),
        ("#fff;}", ""),
        ("nothing-known", ""),
    ],
)
def test_colours_are_colours_and_nothing_else(name: str, css: str) -> None:
    assert css_color(name) == css
