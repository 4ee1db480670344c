"""Prometheus' answers in types. Times are Unix seconds; values are floats and may be NaN or infinite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stores.timestamps import from_rfc3339

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Sample:
    """One series at one time. A scalar has no labels."""

    labels: Labels
    time: float
    value: float


@dataclass(frozen=True)
class Series:
    """One series over time, oldest first."""

    labels: Labels
    points: tuple[tuple[float, float], ...]  # time, value


@dataclass(frozen=True)
class Exemplar:
    """One observation of a series, with its trace."""

    trace_id: str  # empty: none
    labels: Labels  # its own
    series: Labels  # of the series
    value: float
    time: float


@dataclass(frozen=True)
class RuleAlert:
    """A pending or firing alert of a rule, from Prometheus; stores.alerts has Alertmanager's alerts."""

    name: str
    state: str  # pending, firing
    value: float
    labels: Labels
    annotations: Labels
    active_since: float


@dataclass(frozen=True)
class Rule:
    group: str
    file: str
    name: str
    kind: str  # recording, alerting
    query: str
    labels: Labels
    health: str  # ok, err, unknown
    state: str = ""  # of an alerting rule: inactive, pending, firing
    for_s: float = 0.0
    annotations: Labels | None = None
    alerts: tuple[RuleAlert, ...] = ()


def samples(data: Any) -> list[Sample]:
    """Samples of a vector or a scalar. Series that have only native histograms are left out.

    Raises:
        ValueError: the query returned another type.
    """
    if data["resultType"] == "scalar":
        time, value = data["result"]
        return [Sample({}, float(time), float(value))]
    if data["resultType"] != "vector":
        raise ValueError(f"the query gives a {data['resultType']}, and a vector or a scalar is needed")
    return [
        Sample(item["metric"], float(item["value"][0]), float(item["value"][1]))
        for item in data["result"]
        if "value" in item
    ]


def series(data: Any) -> list[Series]:
    """Series of a matrix. Raises ValueError: the query returned another type."""
    if data["resultType"] != "matrix":
        raise ValueError(f"the query gives a {data['resultType']}, and a matrix is needed")
    return [
        Series(item["metric"], tuple((float(time), float(value)) for time, value in item["values"]))
        for item in data["result"]
        if "values" in item
    ]


def exemplars(data: Any) -> list[Exemplar]:
    """Oldest first."""
    found = [
        Exemplar(
            exemplar["labels"].get("trace_id", ""),
            exemplar["labels"],
            item["seriesLabels"],
            float(exemplar["value"]),
            float(exemplar["timestamp"]),
        )
        for item in data
        for exemplar in item["exemplars"]
    ]
    return sorted(found, key=lambda exemplar: exemplar.time)


def rule_alert(item: Any) -> RuleAlert:
    return RuleAlert(
        name=item["labels"]["alertname"],
        state=item["state"],
        value=float(item["value"]),
        labels=item["labels"],
        annotations=item["annotations"],
        active_since=from_rfc3339(item["activeAt"]),
    )


def rules(data: Any) -> list[Rule]:
    """The rules of all groups, in the order of their files."""
    return [
        Rule(
            group=group["name"],
            file=group["file"],
            name=item["name"],
            kind=item["type"],
            query=item["query"],
            labels=item.get("labels", {}),
            health=item["health"],
            state=item.get("state", ""),
            for_s=float(item.get("duration", 0)),
            annotations=item.get("annotations", {}),
            alerts=tuple(rule_alert(alert) for alert in item.get("alerts", ())),
        )
        for group in data["groups"]
        for item in group["rules"]
    ]
