"""Scraped servers are listed once per job, with the targets that are down."""

from __future__ import annotations

from console.home.servers import job_statuses
from stores.metric_results import Sample


def up(job: str, value: float, instance: str = "i:1") -> Sample:
    return Sample({"__name__": "up", "job": job, "instance": instance}, 0.0, value)


def test_scraped_servers_are_listed_once_per_job() -> None:
    found = job_statuses(
        [
            up("prometheus", 1),
            up("apps", 1, "a:1"),
            up("apps", 0, "b:1"),
            up("otel-collector", 1),
            up("two", 1),
            up("two", 1),
        ],
        {"prometheus"},
    )
    assert [(one.name, one.up, one.detail) for one in found] == [
        ("apps", False, "scrape failed: b:1"),
        ("otel-collector", True, "scrape target up"),
        ("two", True, "2 targets up"),
    ]
    assert found[1].about == "receives OTLP"
