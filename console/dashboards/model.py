"""A dashboard as its JSON says it: Grafana's classic form, as far as the console shows it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """One query of a panel."""

    ref: str
    source: str  # prometheus, loki, tempo, …
    json: Json

    @property
    def expr(self) -> str:
        """PromQL or LogQL, with variables in it."""
        return str(self.json.get("expr", ""))

    @property
    def legend(self) -> str:
        """Template of its series' names; empty: by their labels."""
        legend = str(self.json.get("legendFormat") or "")
        return "" if legend == "__auto" else legend

    @property
    def instant(self) -> bool:
        """Asked for one time: the range's end."""
        return bool(self.json.get("instant"))

    @property
    def as_table(self) -> bool:
        """A row per series, a column per label."""
        return self.json.get("format") == "table"

    @property
    def exemplars(self) -> bool:
        """Shown with the traces behind it."""
        return bool(self.json.get("exemplar"))


@dataclass(frozen=True)
class Panel:
    """One panel."""

    id: int
    type: str
    title: str
    description: str
    x: int  # of 24 columns
    y: int
    width: int
    height: int
    targets: tuple[Target, ...]
    json: Json

    @property
    def key(self) -> str:
        """What `viewPanel` is called in the address that shows this panel only."""
        return f"panel-{self.id}"

    @property
    def options(self) -> Json:
        """Of its type."""
        found: Json = self.json.get("options") or {}
        return found

    @property
    def transformations(self) -> tuple[Json, ...]:
        """What is done with the answers before they are shown."""
        return tuple(self.json.get("transformations") or ())

    @property
    def links(self) -> tuple[Json, ...]:
        """To where it goes on."""
        return tuple(self.json.get("links") or ())

    def text(self, name: str) -> str:
        """A setting that is text, such as timeFrom; empty where it is not set."""
        return str(self.json.get(name) or "")


@dataclass(frozen=True)
class Row:
    """Panels under one title."""

    id: int
    title: str  # empty: panels before the first row
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Annotations:
    """A query whose answers are marked on every chart."""

    name: str
    color: str
    target: Target
    json: Json


@dataclass(frozen=True)
class Dashboard:
    """One dashboard."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Json, ...]
    annotations: tuple[Annotations, ...]
    json: Json = field(repr=False)

    @classmethod
    def of(cls, json: Json) -> Dashboard:
        """What the JSON is."""
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
    def about(self) -> str:
        """For people: its first paragraph. The next one is for those who edit the file."""
        return self.description.partition("\n\n")[0]

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)

    @property
    def tags(self) -> tuple[str, ...]:
        """Words that dashboards are found by."""
        return tuple(self.json.get("tags") or ())


def _rows(items: Any) -> Iterator[Row]:
    """A row has the panels that follow it; one that Grafana saved collapsed carries them inside."""
    row_id, title, panels = 0, "", list[Panel]()
    for item in items:
        if item["type"] != "row":
            panels.append(_panel(item))
            continue
        if panels or title:
            yield Row(row_id, title, tuple(panels))
        row_id, title = int(item["id"]), str(item.get("title") or "")
        panels = [_panel(inner) for inner in item.get("panels") or ()]
    if panels or title:
        yield Row(row_id, title, tuple(panels))


def _panel(item: Json) -> Panel:
    place = item.get("gridPos") or {}
    return Panel(
        id=int(item["id"]),
        type=str(item["type"]),
        title=str(item.get("title") or ""),
        description=str(item.get("description") or ""),
        x=int(place.get("x", 0)),
        y=int(place.get("y", 0)),
        width=int(place.get("w", 24)),
        height=int(place.get("h", 8)),
        targets=tuple(_target(target, item) for target in item.get("targets") or ()),
        json=item,
    )


def _target(json: Json, owner: Json) -> Target:
    source = json.get("datasource") or owner.get("datasource") or {}
    return Target(
        ref=str(json.get("refId") or "A"),
        source=str(source.get("type", "") if isinstance(source, Mapping) else source),
        json=json,
    )


def _annotations(items: Any) -> Iterator[Annotations]:
    for item in items:
        if item.get("enable") and not item.get("builtIn") and item.get("target"):
            yield Annotations(
                str(item["name"]), str(item.get("iconColor") or "blue"), _target(item["target"], item), item
            )


class Library:
    """The dashboards of a folder; a file that changed is read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, tuple[int, Dashboard]] = {}
        self._lock = threading.Lock()

    def all(self) -> list[Dashboard]:
        """Every dashboard, by title."""
        with self._lock:
            files = {path: path.stat().st_mtime_ns for path in self._folder.glob("*.json")}
            self._read = {
                path: kept
                if (kept := self._read.get(path)) and kept[0] == changed
                else (changed, Dashboard.of(json.loads(path.read_text(encoding="utf-8"))))
                for path, changed in files.items()
            }
            return sorted((board for _, board in self._read.values()), key=lambda board: board.title)
