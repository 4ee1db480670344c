"""How a value looks: its unit, decimals, words, colour and links, by a panel's field options and overrides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from console.dashboards.model import Json, Panel
from console.units import formatted
from stores.metric_answers import Labels

# Grafana's names of colours, as this console's (variables of static/console.css).
_NAMED: Final = {
    "green": "good", "yellow": "warn", "orange": "warn", "red": "bad", "blue": "accent", "purple": "violet",
}  # fmt: skip
_SERIES: Final = 12  # colours that the style sheet has for series
# ${__field.labels.model}, ${__field.labels["model"]}, ${__series.name}, ${__field.displayName}
_NAMING: Final = re.compile(r"\$\{__(?:field|series)\.(?:(?:display)?[nN]ame|labels(?:\.(\w+)|\[\"?(\w+)\"?\]))\}")


@dataclass(frozen=True)
class Threshold:
    """A colour from a value on; the lowest has none."""

    value: float | None
    color: str


@dataclass(frozen=True)
class ValueWords:
    """Words for values: one value, a range, or a regular expression."""

    kind: str
    match: Any
    text: str | None
    color: str | None

    def fits(self, value: float | str | None) -> bool:
        """Whether it is about this value."""
        if self.kind == "value":
            return bool(self.match == _key(value))
        if self.kind == "range" and isinstance(value, float | int):
            low, high = self.match
            return bool((low is None or value >= low) and (high is None or value <= high))
        if self.kind == "regex" and isinstance(value, str):
            return expression(str(self.match)).search(value) is not None
        if self.kind == "special":
            if value is None:
                return self.match in ("null", "null+nan")
            return self.match == "empty" if value == "" else value != value and self.match in ("nan", "null+nan")
        return False


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
    name: str = ""  # instead of the series' own
    color_mode: str = "thresholds"
    fixed_color: str = ""
    thresholds: tuple[Threshold, ...] = ()
    percentages: bool = False  # thresholds are of the way from minimum to maximum
    mappings: tuple[ValueWords, ...] = ()
    links: tuple[Json, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)

    def called(self, name: str, labels: Labels) -> str:
        """A series' or column's name, as the panel wants it."""
        return _NAMING.sub(lambda match: labels.get(match[1] or match[2] or "", name), self.name) or name

    def shown(self, value: float | str | None) -> Shown:
        """A value with its words or its unit, and its colour."""
        for one in self.mappings:
            if one.fits(value):
                text = one.text if one.text is not None else self.text(value)
                return Shown(text, css_color(one.color) if one.color else self.color(value))
        return Shown(self.text(value), self.color(value))

    def text(self, value: float | str | None) -> str:
        """A value with its unit."""
        if value is None:
            return self.no_value or "–"
        return value if isinstance(value, str) else formatted(value, self.unit, self.decimals)

    def color(self, value: float | str | None) -> str:
        """By threshold, or the fixed one; empty for a series' own colour."""
        if self.color_mode == "fixed":
            return css_color(self.fixed_color)
        if self.color_mode != "thresholds" or isinstance(value, str) or value is None:
            return ""
        found = ""
        for step in self.absolute_thresholds:
            if step.value is None or value >= step.value:
                found = step.color
        return css_color(found) if found else ""

    @property
    def absolute_thresholds(self) -> tuple[Threshold, ...]:
        """With values as the field has them."""
        if not self.percentages:
            return self.thresholds
        low, high = self.minimum or 0.0, self.highest
        return tuple(
            one if one.value is None else Threshold(low + (high - low) * one.value / 100, one.color)
            for one in self.thresholds
        )

    @property
    def highest(self) -> float:
        """Where the scale of a panel without series over time ends."""
        return self.maximum if self.maximum is not None else 1.0 if self.unit == "percentunit" else 100.0

    @property
    def lines(self) -> tuple[Threshold, ...]:
        """Thresholds that a chart draws."""
        style = (self.custom.get("thresholdsStyle") or {}).get("mode", "off")
        return () if style == "off" else tuple(one for one in self.absolute_thresholds if one.value is not None)


def css_color(name: str) -> str:
    """A colour of Grafana as CSS; shades (`dark-red`, `semi-dark-red`) are not told apart."""
    if name.startswith(("#", "rgb", "hsl")):
        return name if re.fullmatch(r"#[0-9a-fA-F]{3,8}|(rgb|hsl)a?\([\d.,%\s]+\)", name) else ""
    base = name.rpartition("-")[2]
    return f"var(--{_NAMED[base]})" if base in _NAMED else "var(--text)" if base == "text" else ""


def series_color(index: int) -> str:
    """Of the series at that place among the others, where neither value nor panel give it one."""
    return f"var(--series-{index % _SERIES})"


def expression(text: str) -> re.Pattern[str]:
    """A regular expression as Grafana writes it, with or without slashes around: `/^gpt/i`."""
    match = re.fullmatch(r"/(.*)/([a-z]*)", text, re.S)
    return re.compile(match[1], re.IGNORECASE if "i" in match[2] else 0) if match else re.compile(text)


def defaults(panel: Panel) -> FieldOptions:
    """What holds for all fields of a panel."""
    return _options((panel.json.get("fieldConfig") or {}).get("defaults") or {})


def of_field(panel: Panel, name: str, kind: str = "number", ref: str = "") -> FieldOptions:
    """What holds for the field called `name`, which the query `ref` gave."""
    config = panel.json.get("fieldConfig") or {}
    merged: dict[str, Any] = {**(config.get("defaults") or {})}
    for one in config.get("overrides") or ():
        if _matches(one.get("matcher") or {}, name, kind, ref):
            for item in one.get("properties") or ():
                _set(merged, str(item["id"]), item.get("value"))
    return _options(merged)


def _matches(matcher: Json, name: str, kind: str, ref: str) -> bool:
    wanted = matcher.get("options")
    match matcher.get("id"):
        case "byName":
            return bool(wanted == name)
        case "byNames":
            named = name in (wanted or {}).get("names", ())
            return named is not ((wanted or {}).get("mode") == "exclude")
        case "byRegexp":
            return expression(str(wanted)).search(name) is not None
        case "byType":
            return bool(wanted == kind)
        case "byFrameRefID":
            return bool(wanted == ref)
    return False


def _set(options: dict[str, Any], path: str, value: Any) -> None:
    first, _, rest = path.partition(".")
    if rest:
        options[first] = {**(options.get(first) or {}), rest: value}
    else:
        options[first] = value


def _options(json: Json) -> FieldOptions:
    thresholds = json.get("thresholds") or {}
    color = json.get("color") or {}
    decimals = json.get("decimals")
    return FieldOptions(
        unit=str(json.get("unit") or ""),
        decimals=None if decimals is None else int(decimals),
        minimum=json.get("min"),
        maximum=json.get("max"),
        no_value=str(json.get("noValue") or ""),
        name=str(json.get("displayName") or ""),
        color_mode=str(color.get("mode") or "thresholds"),
        fixed_color=str(color.get("fixedColor") or ""),
        thresholds=tuple(Threshold(step.get("value"), str(step["color"])) for step in thresholds.get("steps") or ()),
        percentages=thresholds.get("mode") == "percentage",
        mappings=tuple(_mappings(json.get("mappings") or ())),
        links=tuple(json.get("links") or ()),
        custom=json.get("custom") or {},
    )


def _mappings(items: Sequence[Json]) -> list[ValueWords]:
    found = []
    for item in items:
        kind, options = str(item.get("type")), item.get("options") or {}
        if kind == "value":
            ordered = sorted(options.items(), key=lambda pair: pair[1].get("index", 0))
            found += [ValueWords(kind, key, one.get("text"), one.get("color")) for key, one in ordered]
            continue
        result = options.get("result") or {}
        match = {
            "range": (options.get("from"), options.get("to")),
            "regex": options.get("pattern"),
            "special": options.get("match"),
        }.get(kind)
        found.append(ValueWords(kind, match, result.get("text"), result.get("color")))
    return found


def _key(value: float | str | None) -> str:
    return f"{value:.15g}" if isinstance(value, float | int) else str(value)
