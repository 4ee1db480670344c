"""A panel's field config: unit, decimals, thresholds, value mappings and links, with overrides by field name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from console.dashboards.model import Json, Panel
from console.units import formatted

# Grafana's names of colours, and the variables of static/console.css that stand for them.
_COLORS: Final = {"green": "good", "yellow": "warn", "red": "bad", "blue": "accent"}


@dataclass(frozen=True)
class Threshold:
    """The colour of values from `value` on. The lowest threshold has no value."""

    value: float | None
    color: str


@dataclass(frozen=True)
class ValueMapping:
    value: str  # the number as the dashboard's JSON writes it
    text: str
    color: str


@dataclass(frozen=True)
class DisplayValue:
    text: str
    color: str  # CSS; empty: the colour of text


@dataclass(frozen=True)
class FieldConfig:
    unit: str = ""
    decimals: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    no_value: str = ""
    color_mode: str = "thresholds"
    thresholds: tuple[Threshold, ...] = ()
    mappings: tuple[ValueMapping, ...] = ()
    links: tuple[Json, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)

    def display(self, value: float | str | None) -> DisplayValue:
        key = f"{value:.15g}" if isinstance(value, float | int) else value
        for mapping in self.mappings:
            if mapping.value == key:
                return DisplayValue(mapping.text, css_color(mapping.color) or self.color(value))
        return DisplayValue(self.text(value), self.color(value))

    def text(self, value: float | str | None) -> str:
        if value is None:
            return self.no_value or "–"
        return value if isinstance(value, str) else formatted(value, self.unit, self.decimals)

    def color(self, value: float | str | None) -> str:
        if self.color_mode != "thresholds" or isinstance(value, str) or value is None:
            return ""
        color = ""
        for threshold in self.thresholds:
            if threshold.value is None or value >= threshold.value:
                color = threshold.color
        return css_color(color)

    @property
    def drawn_thresholds(self) -> tuple[Threshold, ...]:
        mode = (self.custom.get("thresholdsStyle") or {}).get("mode", "off")
        return () if mode == "off" else tuple(one for one in self.thresholds if one.value is not None)


def css_color(name: str) -> str:
    """A colour of Grafana as CSS; empty for a name that the console does not know."""
    return f"var(--{_COLORS[name]})" if name in _COLORS else ""


def field_config(panel: Panel, name: str | None = None) -> FieldConfig:
    """With the overrides for the field called `name`; without a name the panel's defaults."""
    json = panel.json.get("fieldConfig") or {}
    merged: dict[str, Any] = {**(json.get("defaults") or {})}
    for override in json.get("overrides") or ():
        if name is not None and override.get("matcher") == {"id": "byName", "options": name}:
            for prop in override.get("properties") or ():
                _set(merged, str(prop["id"]), prop.get("value"))
    return _from_json(merged)


def _set(options: dict[str, Any], path: str, value: Any) -> None:
    first, _, rest = path.partition(".")
    options[first] = {**(options.get(first) or {}), rest: value} if rest else value


def _from_json(json: Json) -> FieldConfig:
    thresholds = json.get("thresholds") or {}
    decimals = json.get("decimals")
    return FieldConfig(
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


def _mappings(items: Sequence[Json]) -> Iterator[ValueMapping]:
    for item in items:
        if item.get("type") == "value":
            ordered = sorted((item.get("options") or {}).items(), key=lambda pair: pair[1].get("index", 0))
            for value, result in ordered:
                yield ValueMapping(value, str(result.get("text") or value), str(result.get("color") or ""))
