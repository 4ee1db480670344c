"""The targets that a Prometheus scrapes."""

from __future__ import annotations

from dataclasses import dataclass

import requests


@dataclass(frozen=True)
class ScrapeTarget:
    job: str
    instance: str
    health: str  # up, down, unknown
    last_error: str
    url: str


def scrape_targets(prometheus_url: str) -> list[ScrapeTarget]:
    """The active targets; none while Prometheus does not answer."""
    try:
        answer = requests.get(f"{prometheus_url}/api/v1/targets", params={"state": "active"}, timeout=10)
    except requests.ConnectionError:
        return []
    answer.raise_for_status()
    return [
        ScrapeTarget(
            job=target["labels"]["job"],
            instance=target["labels"]["instance"],
            health=target["health"],
            last_error=target["lastError"],
            url=target["scrapeUrl"],
        )
        for target in answer.json()["data"]["activeTargets"]
    ]
