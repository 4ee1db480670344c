"""Panels and queries of the committed dashboards, for tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dashboards_src
from dashboards_src import config

ROOT = Path(dashboards_src.__file__).parent.parent
FOLDER = ROOT / "grafana" / "dashboards"
Json = dict[str, Any]

# Durations that replace Grafana's macros; no query of ours uses them.
RATE_INTERVAL, RANGE = "4243s", "9973s"
ALL = ".*"
SEVERAL = "(one\\\\.a|two)"  # Grafana's form of several values in a query of Prometheus


@cache
def board(uid: str) -> Json:
    found: Json = json.loads((FOLDER / f"{uid}.json").read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class Panel:
    uid: str
    json: Json

    @property
    def title(self) -> str:
        return str(self.json["title"])

    @property
    def kind(self) -> str:
        return str(self.json["type"])

    @property
    def targets(self) -> list[Json]:
        return list(self.json["targets"])

    @property
    def id(self) -> str:
        return f"{self.uid}: {self.title}"

    @property
    def limits(self) -> list[float]:
        """The values of the panel's thresholds, including those of columns."""
        field = self.json["fieldConfig"]
        found = [field["defaults"]["thresholds"]]
        found += [one["value"] for o in field["overrides"] for one in o["properties"] if one["id"] == "thresholds"]
        return [step["value"] for one in found for step in one["steps"] if step["value"] is not None]


def panels(uid: str) -> list[Panel]:
    """The panels of a dashboard, without rows."""
    return [Panel(uid, one) for one in board(uid)["panels"] if one["type"] != "row"]


def all_panels() -> list[Panel]:
    return [panel for uid in config.DASHBOARDS for panel in panels(uid)]


def queries(source: str) -> Iterator[tuple[Panel, str]]:
    """Every query of a type of data source, with its panel."""
    for panel in all_panels():
        for target in panel.targets:
            if target["datasource"]["type"] == source:
                yield panel, target["query" if source == "tempo" else "expr"]


def variables(uid: str) -> list[str]:
    return [one["name"] for one in board(uid)["templating"]["list"]]


def filled(query: str, value: str = ALL) -> str:
    """A query with all variables set to `value`."""
    query = query.replace("$__rate_interval", RATE_INTERVAL).replace("$__range", RANGE)
    return re.sub(r"\$\{\w+:pipe\}|\$(?!__)\w+", lambda _: value, query)
