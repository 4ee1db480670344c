"""State timeline panel: one row per series, with a segment for each period in which the state did not change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from console.dashboards.annotations import Annotation
from console.dashboards.data_frames import SeriesFrame
from console.dashboards.field_config import FieldConfig, css_color, field_config
from console.dashboards.panel_data import PanelData
from console.dashboards.panels.plugin import OnZoom, ScriptElement


class StateTimeline(ScriptElement, component="state_timeline.js"):
    def __init__(self, _: OnZoom) -> None:
        super().__init__()

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        self.set_view(view(data))


def view(data: PanelData) -> dict[str, Any]:
    """What state_timeline.js draws. Times are Unix milliseconds."""
    panel, intervals = data.queries.panel, data.queries.intervals
    span = intervals.span
    return {
        "start": round(span.start * 1000),
        "end": round(span.end * 1000),
        "rows": [
            {
                "name": one.name,
                "segments": list(_segments(one, field_config(panel, one.name), intervals.step, span.start, span.end)),
            }
            for one in data.series
        ],
        "legend": [{"text": one.text, "color": css_color(one.color)} for one in field_config(panel).mappings],
    }


def _segments(
    series: SeriesFrame, config: FieldConfig, step: float, start: float, end: float
) -> Iterator[dict[str, Any]]:
    """A state lasts until the next point. Where points are missing there is no segment."""
    segment: dict[str, Any] | None = None
    display_of = cache(config.display)  # many points have few different values
    for time, value in zip(series.times, series.values, strict=True):
        if math.isnan(value):
            continue
        from_ms, to_ms = round(max(time, start) * 1000), round(min(time + step, end) * 1000)
        if to_ms <= from_ms:
            continue
        display = display_of(value)
        if segment and segment["text"] == display.text and from_ms <= segment["end"]:
            segment["end"] = to_ms
            continue
        if segment:
            yield segment
        color = display.color or "var(--accent)"
        segment = {"start": from_ms, "end": to_ms, "value": value, "text": display.text, "color": color}
    if segment:
        yield segment
