"""Time series panel: lines or bars with legend, thresholds, annotations and exemplars."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import nicegui
from nicegui.dependencies import esm_modules
from nicegui.elements import echart  # noqa: F401 (registers the ECharts library, which time_series.js imports)

from console.dashboards.annotations import Annotation
from console.dashboards.data_frames import CALCULATION_NAMES, SeriesFrame
from console.dashboards.field_config import FieldConfig, css_color, field_config
from console.dashboards.panel_data import PanelData
from console.dashboards.panels.plugin import OnZoom, ScriptElement
from stores.metric_results import Exemplar

MAX_EXEMPLARS: Final = 60  # more would hide the lines


class TimeSeries(ScriptElement, component="time_series.js"):
    def __init__(self, on_zoom: OnZoom) -> None:
        super().__init__()
        self.on("zoom", lambda event: on_zoom(event.args["from"] / 1000, event.args["to"] / 1000))

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        self.set_view(view(data, annotations))


@cache
def scripts() -> list[str]:
    """Addresses of the scripts that draw charts. The browser loads them while the queries run."""
    key, library = next((key, one) for key, one in esm_modules.items() if one.name == "nicegui-echart")
    entry = (library.path / "index.js").read_text(encoding="utf-8")
    files = ["index.js", *re.findall(r'from ?"\./([\w.-]+\.js)"', entry)]
    assert TimeSeries.component is not None
    base = f"/_nicegui/{nicegui.__version__}"
    return [f"{base}/components/{TimeSeries.component.key}", *(f"{base}/esm/{key}/{file}" for file in files)]


def view(data: PanelData, annotations: Sequence[Annotation]) -> dict[str, Any]:
    """What time_series.js draws. Times are Unix milliseconds."""
    panel, intervals = data.queries.panel, data.queries.intervals
    aligned, span, step = intervals.aligned, intervals.span, intervals.step
    config = field_config(panel)
    calculations = [str(one) for one in (panel.options.get("legend") or {}).get("calcs") or ()]
    return {
        "title": panel.title,
        "start": round(span.start * 1000),
        "end": round(span.end * 1000),
        "first": round(aligned.start * 1000),
        "step": step * 1000,
        "series": [
            _series(one, field_config(panel, one.name), calculations, aligned.start, aligned.end, step)
            for one in data.series
        ],
        "calculations": [CALCULATION_NAMES.get(one, one) for one in calculations],
        "bars": config.custom.get("drawStyle") == "bars",
        "stacked": _is_stacked(config),
        "fill": float(config.custom.get("fillOpacity") or 0) / 100,
        "unit": config.unit,
        "min": config.minimum,
        "max": _share_maximum(config, data.series) if config.maximum is None else config.maximum,
        "interval": _bytes_interval(config, data.series),
        "soft_min": config.custom.get("axisSoftMin"),
        "thresholds": [{"value": one.value, "color": css_color(one.color)} for one in config.drawn_thresholds],
        "exemplars": [
            {"time": round(one.time * 1000), "value": one.value, "trace": one.trace_id}
            for one in largest_exemplars(data.exemplars, span.start, span.end)
        ],
        "annotations": [
            {
                "time": round(one.start * 1000),
                "end": round(one.end * 1000),
                "title": one.title,
                "text": one.text,
                "color": one.color,
            }
            for one in annotations
        ],
    }


def largest_exemplars(exemplars: Sequence[Exemplar], start: float, end: float) -> list[Exemplar]:
    """The largest exemplar of every part of the range: people look for the slow and the expensive requests."""
    largest: dict[int, Exemplar] = {}
    for one in exemplars:
        part = int((one.time - start) / (end - start) * MAX_EXEMPLARS)
        known = largest.get(part)
        if start <= one.time <= end and math.isfinite(one.value) and (known is None or one.value > known.value):
            largest[part] = one
    return [largest[part] for part in sorted(largest)]


def _share_maximum(config: FieldConfig, series: Sequence[SeriesFrame]) -> float | None:
    """100 % as the end of an axis of shares that would otherwise end above 100 %. None: ECharts chooses the end."""
    if config.unit != "percentunit" or _is_stacked(config):
        return None
    highest = _highest(series)
    return 1.0 if highest == 0 or 0.75 < highest <= 1.0 else None


def _bytes_interval(config: FieldConfig, series: Sequence[SeriesFrame]) -> float | None:
    """The distance of two ticks on an axis of bytes: 64 MiB, not 57.2 MiB. None: ECharts chooses it."""
    highest = _highest(series)
    if config.unit != "bytes" or highest <= 0 or _is_stacked(config):
        return None
    return float(2 ** math.ceil(math.log2(highest / 5)))


def _highest(series: Sequence[SeriesFrame]) -> float:
    return max((value for one in series for value in one.values if math.isfinite(value)), default=0.0)


def _is_stacked(config: FieldConfig) -> bool:
    return bool((config.custom.get("stacking") or {}).get("mode", "none") != "none")


def _series(
    series: SeriesFrame, config: FieldConfig, calculations: Sequence[str], start: float, end: float, step: float
) -> dict[str, Any]:
    numbers = [series.reduce(one) for one in calculations]
    values, point_distance = _on_grid(series, start, end, step)
    return {
        "name": series.name,
        "values": values,
        "span_nulls": point_distance > 1,
        "unit": config.unit,
        "decimals": config.decimals,
        "texts": [config.text(number) for number in numbers],
        "numbers": numbers,
    }


def _on_grid(series: SeriesFrame, start: float, end: float, step: float) -> tuple[list[float | None], int]:
    """The value at every step (None where there is no value), and the smallest distance of two points in steps."""
    values: list[float | None] = [None] * (round((end - start) / step) + 1)
    indexes = [round((time - start) / step) for time in series.times]
    for index, value in zip(indexes, series.values, strict=True):
        if 0 <= index < len(values) and math.isfinite(value):
            values[index] = value
    return values, min((later - earlier for earlier, later in itertools.pairwise(indexes)), default=1)
