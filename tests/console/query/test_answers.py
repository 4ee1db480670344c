"""Answers to PromQL queries become tables and chart series."""

from __future__ import annotations

import math

import pytest
from console.query.answers import MOST_ROWS, name_of, named, step_for, vector

from stores.metric_results import Sample, Series


def sample(value: float, **labels: str) -> Sample:
    return Sample(labels, 0.0, value)


def test_shared_labels_are_separate_and_rows_are_sorted_by_value() -> None:
    found = vector([sample(1, service="s", model="a"), sample(math.nan, service="s", model="b"),
                    sample(3, service="s", model="c", tenant="t")])  # fmt: skip
    assert found.shared == {"service": "s"}
    assert found.columns == ("model", "tenant")
    assert [labels for labels, _ in found.rows] == [("c", "t"), ("a", ""), ("b", "")]
    assert found.left_out == 0


def test_a_single_row_shows_all_labels_and_long_answers_are_truncated() -> None:
    assert vector([sample(1, service="s")]).columns == ("service",)
    assert vector([sample(1)]).rows == (((), sample(1)),)
    many = vector([sample(value, model=str(value)) for value in range(MOST_ROWS + 7)])
    assert (len(many.rows), many.left_out) == (MOST_ROWS, 7)
    assert many.rows[0][1].value == MOST_ROWS + 6


def test_series_are_named_by_the_labels_that_differ() -> None:
    lines = [
        Series({"service": "s", "model": "a"}, ((0.0, 1.0), (1.0, math.nan))),
        Series({"service": "s", "model": "b"}, ((0.0, 1.0), (1.0, 5.0))),
    ]
    assert [name for name, _ in named(lines)] == ["b", "a"]
    assert name_of({}) == "value"


@pytest.mark.parametrize(
    ("length_s", "scrape_s", "step"), [(3600, 15, 30), (300, 15, 15), (60, 0.5, 1), (86_400, 15, 720)]
)
def test_the_step_fits_range_and_scrape_interval(length_s: float, scrape_s: float, step: float) -> None:
    assert step_for(length_s, scrape_s) == step
