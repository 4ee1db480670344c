"""The key figures of the home page query metrics of the contract and draw sparklines."""

from __future__ import annotations

import math

import promql_parser as pp
import pytest

from console.home.stats import STATS, Stat, sparkline
from console.times import TimeSpan
from llm_telemetry import names

METRICS = {value.name for value in vars(names).values() if isinstance(value, names.Metric)}


@pytest.mark.parametrize("stat", STATS, ids=lambda stat: stat.name)
def test_expressions_are_valid_and_use_metrics_of_the_contract(stat: Stat) -> None:
    for text in (stat.value, stat.line):
        assert pp.parse(text)
        assert any(name in text for name in METRICS)
        assert "%(" not in text


def test_a_sparkline_stays_within_its_frame() -> None:
    span = TimeSpan(0.0, 10.0)
    assert sparkline(((0.0, 0.0), (5.0, 2.0), (10.0, 1.0)), span, 100, 30) == "M0.0,30.0L50.0,0.0L100.0,15.0"
    assert sparkline(((0.0, 1.0), (5.0, math.nan), (10.0, 1.0)), span, 100, 30) == "M0.0,0.0L100.0,0.0"
    assert sparkline(((0.0, 0.0), (10.0, 0.0)), span, 100, 30) == "M0.0,30.0L100.0,30.0"
    assert sparkline(((0.0, 1.0),), span, 100, 30) == ""
