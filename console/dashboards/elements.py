"""The elements that are drawn in the browser by a script of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import nicegui
import orjson
from nicegui.dependencies import esm_modules
from nicegui.element import Element
from nicegui.elements import echart  # declares the charts' library, which panel_chart.js imports
from nicegui.events import GenericEventArguments

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


class Chart(Element, component="panel_chart.js"):
    """Series over time; `view` is what panels/timeseries.py makes."""

    def __init__(self, view: Mapping[str, Any], zoom: Callable[[float, float], Any]) -> None:
        super().__init__()
        self._props["view"] = _as_it_is(view)

        def zoomed(event: GenericEventArguments) -> Any:
            return zoom(event.args["from"] / 1000, event.args["to"] / 1000)

        self.on("zoom", zoomed)

    def show(self, view: Mapping[str, Any]) -> None:
        """Other series in the same place."""
        self._props["view"] = _as_it_is(view)
        self.update()


class Bands(Element, component="panel_bands.js"):
    """States over time; `view` is what panels/statetimeline.py makes."""

    def __init__(self, view: Mapping[str, Any]) -> None:
        super().__init__()
        self._props["view"] = _as_it_is(view)

    def show(self, view: Mapping[str, Any]) -> None:
        """Other states in the same place."""
        self._props["view"] = _as_it_is(view)
        self.update()


class Lines(Element, component="panel_lines.js"):
    """Log lines; each is what panels/logs.py makes."""

    def __init__(self, lines: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self._props["lines"] = _as_it_is(lines)

    def show(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Other lines in the same place."""
        self._props["lines"] = _as_it_is(lines)
        self.update()
