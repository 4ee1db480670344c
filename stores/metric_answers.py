"""What Prometheus answers, typed. Times are Unix seconds; values are floats, NaN and infinities included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stores.times import from_rfc3339

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
    """One observation behind a sample, with the trace it was made in."""

    trace_id: str  # empty where it carries none
    labels: Labels  # its own
    series: Labels  # of the series it stands at
    value: float
    time: float


@dataclass(frozen=True)
class Target:
    """Something that Prometheus scrapes."""

    job: str
    instance: str
    health: str  # up, down, unknown
    last_error: str
    last_scrape: float | None
    url: str
    labels: Labels


@dataclass(frozen=True)
class RuleAlert:
    """A pending or firing alert of a rule, as Prometheus sees it; Alertmanager's are in stores.alerts."""

    name: str
    state: str  # pending, firing
    value: float
    labels: Labels
    annotations: Labels
    active_since: float


@dataclass(frozen=True)
class Rule:
    """A recording or alerting rule, and how its last evaluation went."""

    group: str
    file: str
    name: str
    kind: str  # recording, alerting
    query: str
    labels: Labels
    health: str  # ok, err, unknown
    last_error: str
    state: str = ""  # of an alerting rule: inactive, pending, firing
    for_s: float = 0.0
    annotations: Labels | None = None
    alerts: tuple[RuleAlert, ...] = ()


@dataclass(frozen=True)
class Metadata:
    """What a scraped metric says of itself."""

    kind: str  # counter, gauge, histogram, …
    help: str
    unit: str


def samples(data: Any) -> list[Sample]:
    """Of an instant query that gave a vector or a scalar. Series with native histograms only are left out.

    Raises:
        ValueError: it gave something else.
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
    """Of a query that gave a matrix.

    Raises:
        ValueError: it gave something else.
    """
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
            one["labels"].get("trace_id", ""),
            one["labels"],
            item["seriesLabels"],
            float(one["value"]),
            float(one["timestamp"]),
        )
        for item in data
        for one in item["exemplars"]
    ]
    return sorted(found, key=lambda exemplar: exemplar.time)


def target(item: Any) -> Target:
    """One active target."""
    scraped = from_rfc3339(item["lastScrape"])
    return Target(
        job=item["labels"]["job"],
        instance=item["labels"]["instance"],
        health=item["health"],
        last_error=item["lastError"],
        last_scrape=scraped if scraped > 0 else None,  # the year 1 before the first scrape
        url=item["scrapeUrl"],
        labels=item["labels"],
    )


def rule_alert(item: Any) -> RuleAlert:
    """One alert."""
    return RuleAlert(
        name=item["labels"]["alertname"],
        state=item["state"],
        value=float(item["value"]),
        labels=item["labels"],
        annotations=item["annotations"],
        active_since=from_rfc3339(item["activeAt"]),
    )


def rules(data: Any) -> list[Rule]:
    """Of all groups, in the order of their files."""
    return [
        Rule(
            group=group["name"],
            file=group["file"],
            name=item["name"],
            kind=item["type"],
            query=item["query"],
            labels=item.get("labels", {}),
            health=item["health"],
            last_error=item.get("lastError", ""),
            state=item.get("state", ""),
            for_s=float(item.get("duration", 0)),
            annotations=item.get("annotations", {}),
            alerts=tuple(rule_alert(alert) for alert in item.get("alerts", ())),
        )
        for group in data["groups"]
        for item in group["rules"]
    ]
