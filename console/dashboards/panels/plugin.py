"""The interface of panel plugins, and the reduction of series to single values that several of them need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from nicegui import ui

from console.dashboards.annotations import Annotation
from console.dashboards.data_frames import SeriesFrame
from console.dashboards.field_config import FieldConfig, field_config
from console.dashboards.panel_data import PanelData

OnZoom = Callable[[float, float], Any]  # called with the start and the end that a person selects, Unix s


class PanelPlugin(Protocol):
    """Draws the data of one panel. It is created inside the panel's place and redraws itself there."""

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        """Draw data that is not empty. Only panels with a time axis draw annotations."""
        ...


class ScriptElement(ui.element):
    """An element whose script draws the property `view`."""

    def set_view(self, view: object) -> None:
        # JSON that NiceGUI sends unchanged. Otherwise it would watch every number of a series for changes.
        self._props["view"] = orjson.Fragment(orjson.dumps(view))
        self.update()


@dataclass(frozen=True)
class FieldDisplay:
    name: str
    value: float | None
    config: FieldConfig
    series: SeriesFrame


def field_displays(data: PanelData) -> list[FieldDisplay]:
    """Each series as one value, by the panel's `reduceOptions`. Without series one empty value, for `noValue`."""
    panel = data.queries.panel
    calculations = (panel.options.get("reduceOptions") or {}).get("calcs") or ["lastNotNull"]
    series = data.series or (SeriesFrame("", (), ()),)
    return [
        FieldDisplay(one.name, one.reduce(str(calculations[0])), field_config(panel, one.name), one) for one in series
    ]
