"""Elements that a script of their own draws in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import nicegui
import orjson
from nicegui.dependencies import esm_modules
from nicegui.element import Element
from nicegui.elements import echart  # registers the ECharts library, which panel_chart.js imports

__all__ = ["LogsElement", "PanelChrome", "StateTimelineElement", "TimeSeriesElement", "echart"]


def _raw_json(content: object) -> orjson.Fragment:
    """JSON that NiceGUI sends unchanged. Otherwise it would watch every number of a series for changes."""
    return orjson.Fragment(orjson.dumps(content))


@cache
def scripts() -> list[str]:
    """Addresses of the scripts that draw charts. The browser loads them while the queries run."""
    name = "nicegui-echart"
    key, library = next((key, one) for key, one in esm_modules.items() if one.name == name)
    entry = (library.path / "index.js").read_text(encoding="utf-8")
    files = ["index.js", *re.findall(r'from ?"\./([\w.-]+\.js)"', entry)]
    assert TimeSeriesElement.component is not None
    base = f"/_nicegui/{nicegui.__version__}"
    return [f"{base}/components/{TimeSeriesElement.component.key}", *(f"{base}/esm/{key}/{file}" for file in files)]


class PanelChrome(Element, component="panel_chrome.js"):
    """A panel's frame, title and menus. `state` is loading, data, empty, failed or unknown."""

    def __init__(self, title: str, *, described: bool, view_key: str) -> None:
        """`view_key` is the value of `viewPanel` for this panel; empty where the page shows this panel alone."""
        super().__init__()
        self._props.update({"title": title, "described": described, "viewKey": view_key, "state": "loading"})

    def show_busy(self) -> None:
        self._props["busy"] = True
        self.update()

    def show(
        self,
        state: str,
        *,
        title: str,
        time: str,
        message: str = "",
        hint: str = "",
        warnings: Sequence[str] = (),
        **data: str,
    ) -> None:
        """Show another state. `data` become `data-…` attributes that say which times were queried."""
        self._props.update(
            {
                "state": state,
                "title": title,
                "busy": False,
                "time": time,
                "message": message,
                "hint": hint,
                "warnings": list(warnings),
                **{f"data-{name}": value for name, value in data.items()},
            }
        )
        self.update()


class _ViewElement(Element):
    def __init__(self, view: object) -> None:
        super().__init__()
        self._props["view"] = _raw_json(view)

    def show(self, view: object) -> None:
        self._props["view"] = _raw_json(view)
        self.update()


class TimeSeriesElement(_ViewElement, component="panel_chart.js"):
    """Series over time. panels/time_series.py makes the view."""

    def __init__(self, view: object, on_zoom: Callable[[float, float], Any]) -> None:
        super().__init__(view)
        self.on("zoom", lambda event: on_zoom(event.args["from"] / 1000, event.args["to"] / 1000))


class StateTimelineElement(_ViewElement, component="panel_state_timeline.js"):
    """States over time. panels/state_timeline.py makes the view."""


class LogsElement(_ViewElement, component="panel_logs.js"):
    """Log lines. panels/logs.py makes the view."""
