"""The elements that are drawn in the browser by a script of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import nicegui
import orjson
from nicegui.dependencies import esm_modules
from nicegui.element import Element
from nicegui.elements import echart  # declares the charts' library, which panel_chart.js imports

__all__ = ["Bands", "Chart", "Frame", "Lines", "echart"]


def _as_it_is(content: object) -> orjson.Fragment:
    """JSON that goes to the browser as it is: NiceGUI would watch every number of a series for changes."""
    return orjson.Fragment(orjson.dumps(content))


@cache
def scripts() -> list[str]:
    """Addresses of the scripts that draw charts: a page fetches them while its questions are being answered."""
    name = "nicegui-echart"
    key, library = next((key, one) for key, one in esm_modules.items() if one.name == name)
    entry = (library.path / "index.js").read_text(encoding="utf-8")
    files = ["index.js", *re.findall(r'from ?"\./([\w.-]+\.js)"', entry)]
    assert Chart.component is not None
    base = f"/_nicegui/{nicegui.__version__}"
    return [f"{base}/components/{Chart.component.key}", *(f"{base}/esm/{key}/{file}" for file in files)]


class Frame(Element, component="panel_frame.js"):
    """A panel's frame and state; `state` is loading, data, empty, failed or unknown."""

    def __init__(self, title: str, *, described: bool, alone: str) -> None:
        super().__init__()
        self._props.update({"title": title, "described": described, "alone": alone, "state": "loading"})

    @property
    def state(self) -> str:
        """What it shows."""
        return str(self._props["state"])

    def busy(self) -> None:
        """Other data is on its way."""
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
        """Another state; `data` become attributes that say what was asked."""
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


class _Drawn(Element):
    """Drawn by a script from its property `view`."""

    def __init__(self, view: object) -> None:
        super().__init__()
        self._props["view"] = _as_it_is(view)

    def show(self, view: object) -> None:
        """Something else in the same place."""
        self._props["view"] = _as_it_is(view)
        self.update()


class Chart(_Drawn, component="panel_chart.js"):
    """Series over time, as panels/timeseries.py makes them."""

    def __init__(self, view: object, zoom: Callable[[float, float], Any]) -> None:
        super().__init__(view)
        self.on("zoom", lambda event: zoom(event.args["from"] / 1000, event.args["to"] / 1000))


class Bands(_Drawn, component="panel_bands.js"):
    """States over time, as panels/statetimeline.py makes them."""


class Lines(_Drawn, component="panel_lines.js"):
    """Log lines, each as panels/logs.py makes it."""
