"""The elements that are drawn in the browser by a script of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui.element import Element
from nicegui.elements import echart  # declares the charts' library, which panel_chart.js imports
from nicegui.events import GenericEventArguments

__all__ = ["Bands", "Chart", "Lines", "echart"]


class Chart(Element, component="panel_chart.js"):
    """Series over time; `view` is what panels/timeseries.py makes."""

    def __init__(self, view: Mapping[str, Any], zoom: Callable[[float, float], Any]) -> None:
        super().__init__()
        self._props["view"] = view

        def zoomed(event: GenericEventArguments) -> Any:
            return zoom(event.args["from"] / 1000, event.args["to"] / 1000)

        self.on("zoom", zoomed)

    def show(self, view: Mapping[str, Any]) -> None:
        """Other series in the same place."""
        self._props["view"] = view
        self.update()


class Bands(Element, component="panel_bands.js"):
    """States over time; `view` is what panels/statetimeline.py makes."""

    def __init__(self, view: Mapping[str, Any]) -> None:
        super().__init__()
        self._props["view"] = view

    def show(self, view: Mapping[str, Any]) -> None:
        """Other states in the same place."""
        self._props["view"] = view
        self.update()


class Lines(Element, component="panel_lines.js"):
    """Log lines; each is what panels/logs.py makes."""

    def __init__(self, lines: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self._props["lines"] = lines

    def show(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Other lines in the same place."""
        self._props["lines"] = lines
        self.update()
