"""Proves the scale and the values of a bar chart's bars."""

from __future__ import annotations

import math

from sample_dashboards import panel_of

from console.dashboards.data_frames import TableFrame
from console.dashboards.field_config import FieldConfig, field_config
from console.dashboards.panels.bar_chart import number_of, scale, value_column


def test_the_scale_has_zero_the_values_and_the_panels_limits() -> None:
    config = field_config(panel_of("barchart", fieldConfig={"defaults": {"max": 4}}))
    assert scale([1.0, 3.0], config) == (0.0, 4.0)
    assert scale([-2.0, 6.0], config) == (-2.0, 6.0)
    assert scale([], FieldConfig()) == (0.0, 1.0)


def test_a_cell_without_a_number_has_a_bar_of_length_zero() -> None:
    assert number_of(math.nan) == number_of(None) == number_of("x") == 0.0
    assert number_of(2.5) == 2.5


def test_the_values_are_the_first_column_of_numbers_beside_the_names() -> None:
    table = TableFrame(("Time", "week", "score"), ((10.0, 30.0, 0.9), (10.0, 31.0, 0.8)))
    assert value_column(table, "week") == "score"
