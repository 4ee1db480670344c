"""Proves how the results of Prometheus queries are prepared for tables and charts."""

from __future__ import annotations

import math

import pytest

from console.query.results import MAX_ROWS, instant_table, named_series, series_name, step_for
from stores.metric_results import Sample, Series


def sample(value: float, **labels: str) -> Sample:
    return Sample(labels, 0.0, value)


def test_common_labels_are_not_columns_and_the_largest_value_is_first() -> None:
    table = instant_table([sample(1, service="s", model="a"), sample(math.nan, service="s", model="b"),
                           sample(3, service="s", model="c", tenant="t")])  # fmt: skip
    assert table.common_labels == {"service": "s"}
    assert table.columns == ("model", "tenant")
    assert [labels for labels, _ in table.rows] == [("c", "t"), ("a", ""), ("b", "")]
    assert table.omitted == 0


def test_all_labels_of_a_single_row_are_columns() -> None:
    assert instant_table([sample(1, service="s")]).columns == ("service",)
    assert instant_table([sample(1)]).rows == (((), sample(1)),)


def test_the_number_of_rows_is_limited() -> None:
    table = instant_table([sample(value, model=str(value)) for value in range(MAX_ROWS + 7)])
    assert (len(table.rows), table.omitted) == (MAX_ROWS, 7)
    assert table.rows[0][1].value == MAX_ROWS + 6


def test_series_are_named_by_the_labels_that_differ() -> None:
    series = [
        Series({"service": "s", "model": "a"}, ((0.0, 1.0), (1.0, math.nan))),
        Series({"service": "s", "model": "b"}, ((0.0, 1.0), (1.0, 5.0))),
    ]
    assert [name for name, _ in named_series(series)] == ["b", "a"]
    assert series_name({}) == "value"


@pytest.mark.parametrize(
    ("length_s", "scrape_s", "step"), [(3600, 15, 30), (300, 15, 15), (60, 0.5, 1), (86_400, 15, 720)]
)
def test_the_step_is_in_whole_seconds_and_at_least_the_scrape_interval(
    length_s: float, scrape_s: float, step: float
) -> None:
    assert step_for(length_s, scrape_s) == step
