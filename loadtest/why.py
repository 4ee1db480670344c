"""Why an alert did not come: each condition of its expression, its extreme value, and the limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import promql_parser

from loadtest.target import Target
from stores import StoreError

_STEP_S: Final = 1.0
_LIMITS: Final = (">", ">=", "<", "<=", "==")


def why_not(alert: str, target: Target, since: float, until: float) -> list[str]:
    """A line per condition of each rule of that name: the value it came nearest with, against its limit."""
    try:
        rules = [rule for rule in target.stores.metrics.rules() if rule.name == alert and rule.kind == "alerting"]
    except StoreError as error:
        return [f"Prometheus does not answer: {error}"]
    if not rules:
        return [f"Prometheus has no rule {alert}."]
    return [line for rule in rules for line in _of_rule(rule.query, target, since, until)]


def _of_rule(query: str, target: Target, since: float, until: float) -> Iterator[str]:
    for left, operator, limit in conditions(query):
        yield f"{left} {operator} {limit}: {_nearest(left, operator, limit, target, since, until)}"


def conditions(query: str) -> list[tuple[str, str, str]]:
    """Every comparison that `and` and `or` join in an expression: left side, operator, right side."""
    return list(_comparisons(promql_parser.parse(query)))


def _comparisons(node: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(node, promql_parser.ParenExpr):
        yield from _comparisons(node.expr)
    elif isinstance(node, promql_parser.BinaryExpr):
        operator = str(node.op)
        if operator in ("and", "or", "unless"):
            yield from _comparisons(node.lhs)
            yield from _comparisons(node.rhs)
        elif operator in _LIMITS:
            yield _text(node.lhs), operator, _text(node.rhs)


def _text(node: Any) -> str:
    return " ".join(str(node).split())


def _nearest(left: str, operator: str, limit: str, target: Target, since: float, until: float) -> str:
    try:
        series = target.stores.metrics.range(left, since, until, _STEP_S)
    except StoreError as error:
        return f"cannot be asked: {error}"
    values = [value for one in series for _, value in one.points if not math.isnan(value)]
    if not values:
        return "gave no series at all"
    best = min(values) if operator in ("<", "<=") else max(values)
    bounds = f" (limit {_number(limit, target, until)})"
    return f"{'lowest' if operator in ('<', '<=') else 'highest'} value {best:.4g}{bounds}"


def _number(limit: str, target: Target, at: float) -> str:
    try:
        samples = target.stores.metrics.instant(limit, at)
    except StoreError:
        return limit
    return f"{samples[0].value:.4g}" if len(samples) == 1 else limit
