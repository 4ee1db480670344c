"""Says why an alert did not fire: the most extreme value of each condition in its expression, beside the limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import promql_parser

from loadtest.system import SystemUnderTest
from stores import StoreError

_STEP_S: Final = 1.0
_COMPARISONS: Final = (">", ">=", "<", "<=", "==")


def diagnose(alert: str, system: SystemUnderTest, since: float, until: float) -> list[str]:
    """One line per condition of each rule with that name, over the time between `since` and `until` (Unix s)."""
    try:
        rules = [rule for rule in system.stores.metrics.rules() if rule.name == alert and rule.kind == "alerting"]
    except StoreError as error:
        return [f"Prometheus does not answer: {error}"]
    if not rules:
        return [f"Prometheus has no rule {alert}."]
    return [
        f"{left} {operator} {limit}: {_extreme_value(left, operator, limit, system, since, until)}"
        for rule in rules
        for left, operator, limit in conditions(rule.query)
    ]


def conditions(query: str) -> list[tuple[str, str, str]]:
    """The comparisons that `and`, `or` and `unless` join in an expression: left side, operator, right side."""
    return list(_comparisons(promql_parser.parse(query)))


def _comparisons(node: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(node, promql_parser.ParenExpr):
        yield from _comparisons(node.expr)
    elif isinstance(node, promql_parser.BinaryExpr):
        operator = str(node.op)
        if operator in ("and", "or", "unless"):
            yield from _comparisons(node.lhs)
            yield from _comparisons(node.rhs)
        elif operator in _COMPARISONS:
            yield _text(node.lhs), operator, _text(node.rhs)


def _text(node: Any) -> str:
    return " ".join(str(node).split())


def _extreme_value(left: str, operator: str, limit: str, system: SystemUnderTest, since: float, until: float) -> str:
    try:
        series = system.stores.metrics.range(left, since, until, _STEP_S)
    except StoreError as error:
        return f"the query failed: {error}"
    values = [value for one in series for _, value in one.points if not math.isnan(value)]
    if not values:
        return "no data"
    name, value = ("lowest", min(values)) if operator in ("<", "<=") else ("highest", max(values))
    return f"{name} value {value:.4g} (limit {_limit_value(limit, system, until)})"


def _limit_value(limit: str, system: SystemUnderTest, at: float) -> str:
    try:
        samples = system.stores.metrics.instant(limit, at)
    except StoreError:
        return limit
    return f"{samples[0].value:.4g}" if len(samples) == 1 else limit
