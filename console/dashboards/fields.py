"""How a value looks: its unit, decimals, words, colour and links, by a panel's field options and overrides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from console.dashboards.model import Json, Panel
from console.units import formatted

# Grafana's names of colours, as this console's (variables of static/console.css).
_NAMED: Final = {"green": "good", "yellow": "warn", "red": "bad", "blue": "accent"}


@dataclass(frozen=True)
class Threshold:
    """A colour from a value on; the lowest has none."""

    value: float | None
    color: str


@dataclass(frozen=True)
class ValueWords:
    """The word and the colour of one value."""

    value: str  # as the dashboard's JSON writes the number
    text: str
    color: str


@dataclass(frozen=True)
class Shown:
    """A value as it is shown."""

    text: str
    color: str  # a CSS colour; empty: the text's own


@dataclass(frozen=True)
class FieldOptions:
    """Of one series or column."""

    unit: str = ""
    decimals: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    no_value: str = ""
    color_mode: str = "thresholds"
    thresholds: tuple[Threshold, ...] = ()
    mappings: tuple[ValueWords, ...] = ()
    links: tuple[Json, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)

    def shown(self, value: float | str | None) -> Shown:
        """A value with its word or its unit, and its colour."""
        key = f"{value:.15g}" if isinstance(value, float | int) else value
        for one in self.mappings:
            if one.value == key:
                return Shown(one.text, css_color(one.color) or self.color(value))
        return Shown(self.text(value), self.color(value))

    def text(self, value: float | str | None) -> str:
        """A value with its unit."""
        if value is None:
            return self.no_value or "–"
        return value if isinstance(value, str) else formatted(value, self.unit, self.decimals)

    def color(self, value: float | str | None) -> str:
        """By threshold; empty for a series' own colour."""
        if self.color_mode != "thresholds" or isinstance(value, str) or value is None:
            return ""
        found = ""
        for step in self.thresholds:
            if step.value is None or value >= step.value:
                found = step.color
        return css_color(found)

    @property
    def lines(self) -> tuple[Threshold, ...]:
        """Thresholds that a chart draws."""
        style = (self.custom.get("thresholdsStyle") or {}).get("mode", "off")
        return () if style == "off" else tuple(one for one in self.thresholds if one.value is not None)


def css_color(name: str) -> str:
    """A colour of Grafana as CSS; empty where the console does not know it."""
    return f"var(--{_NAMED[name]})" if name in _NAMED else ""


def defaults(panel: Panel) -> FieldOptions:
    """What holds for all fields of a panel."""
    return _options((panel.json.get("fieldConfig") or {}).get("defaults") or {})


def of_field(panel: Panel, name: str) -> FieldOptions:
    """What holds for the field called `name`."""
    config = panel.json.get("fieldConfig") or {}
    merged: dict[str, Any] = {**(config.get("defaults") or {})}
    for one in config.get("overrides") or ():
        if one.get("matcher") == {"id": "byName", "options": name}:
            for item in one.get("properties") or ():
                _set(merged, str(item["id"]), item.get("value"))
    return _options(merged)


def _set(options: dict[str, Any], path: str, value: Any) -> None:
    first, _, rest = path.partition(".")
    if rest:
        options[first] = {**(options.get(first) or {}), rest: value}
    else:
        options[first] = value


def _options(json: Json) -> FieldOptions:
    thresholds = json.get("thresholds") or {}
    decimals = json.get("decimals")
    return FieldOptions(
        unit=str(json.get("unit") or ""),
        decimals=None if decimals is None else int(decimals),
        minimum=json.get("min"),
        maximum=json.get("max"),
        no_value=str(json.get("noValue") or ""),
        color_mode=str((json.get("color") or {}).get("mode") or "thresholds"),
        thresholds=tuple(Threshold(step.get("value"), str(step["color"])) for step in thresholds.get("steps") or ()),
        mappings=tuple(_mappings(json.get("mappings") or ())),
        links=tuple(json.get("links") or ()),
        custom=json.get("custom") or {},
    )


def _mappings(items: Sequence[Json]) -> Iterator[ValueWords]:
    for item in items:
        if item.get("type") == "value":
            ordered = sorted((item.get("options") or {}).items(), key=lambda pair: pair[1].get("index", 0))
            for value, one in ordered:
                yield ValueWords(value, str(one.get("text") or value), str(one.get("color") or ""))
