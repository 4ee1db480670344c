"""Proves that the conditions of an alert's expression are found, and that each is shown with its most extreme value."""

from __future__ import annotations

from typing import Any

from loadtest.diagnosis import conditions, diagnose
from stores import StoreUnreachable
from stores.metric_results import Rule, Sample, Series


class FakePrometheus:
    """Has one rule; every query returns the same values, and every limit is a number."""

    def __init__(self, query: str, values: list[float]) -> None:
        self.query, self.values = query, values
        self.stores = self.metrics = self

    def rules(self) -> list[Rule]:
        return [Rule("group", "file", "LLMRetryStorm", "alerting", self.query, {}, "ok", "")]

    def range(self, query: str, since: float, until: float, step_s: float) -> list[Series]:
        if query == "broken{}":
            raise StoreUnreachable("prometheus", "http://127.0.0.1:1", "refused")
        return [Series({}, tuple((since + n, value) for n, value in enumerate(self.values)))] if self.values else []

    def instant(self, query: str, at: float) -> list[Sample]:
        return [Sample({}, at, float(query))]


def diagnosed(alert: str, query: str, *values: float) -> list[str]:
    system: Any = FakePrometheus(query, list(values))
    return diagnose(alert, system, 0.0, 10.0)


def test_conditions_are_the_comparisons_that_and_or_and_unless_join() -> None:
    query = """
    (a:b{x="1"} / c) > 0.05 and d * 30 >= 20
    or min by (job) (e) < 3 unless f > 0
    """
    assert conditions(query) == [
        ('(a:b{x="1"} / c{})', ">", "0.05"),
        ("d{} * 30", ">=", "20"),
        ("min by (job)(e{})", "<", "3"),
        ("f{}", ">", "0"),
    ]


def test_each_condition_is_shown_with_its_extreme_value_and_limit() -> None:
    assert diagnosed("LLMRetryStorm", "a > 0.25 and b < 3", 0.1, float("nan"), 0.2) == [
        "a{} > 0.25: highest value 0.2 (limit 0.25)",
        "b{} < 3: lowest value 0.1 (limit 3)",
    ]


def test_missing_data_a_failed_query_and_an_unknown_rule_are_named() -> None:
    assert diagnosed("LLMRetryStorm", "a > 0.25") == ["a{} > 0.25: no data"]
    assert "the query failed: " in diagnosed("LLMRetryStorm", "broken > 1")[0]
    assert diagnosed("LLMLatencyHigh", "a > 0.25") == ["Prometheus has no rule LLMLatencyHigh."]
