"""Reads Grafana's classic dashboard JSON, as far as the console shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class QueryTarget:
    ref_id: str
    datasource: str  # type of the data source: prometheus, loki, tempo
    json: Json

    @property
    def expr(self) -> str:
        return str(self.json.get("expr", ""))

    @property
    def legend(self) -> str:
        """Template of the series' names; empty: names are made of the labels."""
        legend = str(self.json.get("legendFormat") or "")
        return "" if legend == "__auto" else legend

    @property
    def is_instant(self) -> bool:
        return bool(self.json.get("instant"))

    @property
    def is_table(self) -> bool:
        return self.json.get("format") == "table"

    @property
    def has_exemplars(self) -> bool:
        return bool(self.json.get("exemplar"))


@dataclass(frozen=True)
class Panel:
    id: int
    type: str
    title: str
    description: str
    x: int  # of 24 columns
    y: int
    width: int
    height: int
    targets: tuple[QueryTarget, ...]
    json: Json

    @property
    def key(self) -> str:
        """The value of `viewPanel` in the address that shows this panel alone."""
        return f"panel-{self.id}"

    @property
    def options(self) -> Json:
        options: Json = self.json.get("options") or {}
        return options

    @property
    def transformations(self) -> tuple[Json, ...]:
        return tuple(self.json.get("transformations") or ())

    @property
    def links(self) -> tuple[Json, ...]:
        return tuple(self.json.get("links") or ())

    def text(self, name: str) -> str:
        """A setting that is text, such as timeFrom; empty where it is not set."""
        return str(self.json.get(name) or "")


@dataclass(frozen=True)
class Row:
    title: str  # empty: panels before the first row
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class AnnotationQuery:
    name: str
    color: str
    target: QueryTarget
    json: Json


@dataclass(frozen=True)
class Dashboard:
    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Json, ...]
    annotations: tuple[AnnotationQuery, ...]
    json: Json = field(repr=False)

    @classmethod
    def from_json(cls, json: Json) -> Dashboard:
        return cls(
            uid=str(json["uid"]),
            title=str(json.get("title", "")),
            description=str(json.get("description") or ""),
            rows=tuple(_rows(json.get("panels") or ())),
            variables=tuple((json.get("templating") or {}).get("list") or ()),
            annotations=tuple(_annotations((json.get("annotations") or {}).get("list") or ())),
            json=json,
        )

    @property
    def summary(self) -> str:
        """The description's first paragraph. The second one is for people who edit the file."""
        return self.description.partition("\n\n")[0]

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(self.json.get("tags") or ())


def _rows(items: Any) -> Iterator[Row]:
    """A row has the panels that follow it. A row that Grafana saved collapsed carries its panels inside."""
    title, panels = "", list[Panel]()
    for item in items:
        if item["type"] != "row":
            panels.append(panel_from_json(item))
            continue
        if panels or title:
            yield Row(title, tuple(panels))
        title = str(item.get("title") or "")
        panels = [panel_from_json(inner) for inner in item.get("panels") or ()]
    if panels or title:
        yield Row(title, tuple(panels))


def panel_from_json(item: Json) -> Panel:
    position = item.get("gridPos") or {}
    return Panel(
        id=int(item["id"]),
        type=str(item["type"]),
        title=str(item.get("title") or ""),
        description=str(item.get("description") or ""),
        x=int(position.get("x", 0)),
        y=int(position.get("y", 0)),
        width=int(position.get("w", 24)),
        height=int(position.get("h", 8)),
        targets=tuple(_target(target, item) for target in item.get("targets") or ()),
        json=item,
    )


def _target(json: Json, owner: Json) -> QueryTarget:
    datasource = json.get("datasource") or owner.get("datasource") or {}
    return QueryTarget(
        ref_id=str(json.get("refId") or "A"),
        datasource=str(datasource.get("type", "") if isinstance(datasource, Mapping) else datasource),
        json=json,
    )


def _annotations(items: Any) -> Iterator[AnnotationQuery]:
    for item in items:
        if item.get("enable") and not item.get("builtIn") and item.get("target"):
            yield AnnotationQuery(
                str(item["name"]), str(item.get("iconColor") or "blue"), _target(item["target"], item), item
            )


class DashboardLibrary:
    """The dashboards of a folder. A file that has changed is read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[Path, tuple[int, Dashboard]] = {}  # with the file's time of change, ns

    def all(self) -> list[Dashboard]:
        before, self._loaded = self._loaded, {}
        for path in self._folder.glob("*.json"):
            changed = path.stat().st_mtime_ns
            known = before.get(path)
            if not known or known[0] != changed:
                known = (changed, Dashboard.from_json(json.loads(path.read_text(encoding="utf-8"))))
            self._loaded[path] = known
        return sorted((dashboard for _, dashboard in self._loaded.values()), key=lambda one: one.title)
